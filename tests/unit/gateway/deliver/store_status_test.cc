#include "gateway/deliver/store_status.h"

#include <gmock/gmock.h>

namespace axial::deliver {
namespace {

using ::testing::HasSubstr;

TEST(StoreStatus, ConfirmsSuccessDuplicatesAndWarnings) {
  EXPECT_EQ(*JudgeStoreStatus(0x0000, ""), "");
  EXPECT_THAT(*JudgeStoreStatus(0x0111, ""), HasSubstr("already"));
  for (const int status : {0xb000, 0xb006, 0xb007})
    EXPECT_THAT(*JudgeStoreStatus(static_cast<std::uint16_t>(status), "coerced"),
                HasSubstr("coerced"));
}

TEST(StoreStatus, TriesAgainOnlyWhenOutOfResources) {
  for (int status = 0; status <= 0xffff; ++status) {
    const SendResult result = JudgeStoreStatus(static_cast<std::uint16_t>(status), "");
    const bool later = !result.ok() && IsRetried(result.error().code());
    EXPECT_EQ(later, (status & 0xff00) == 0xa700) << std::hex << status;
  }
}

TEST(StoreStatus, NamesTheStatusAndTheErrorComment) {
  const SendResult refused = JudgeStoreStatus(0xc001, "Patient is locked");
  EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(refused.error().message(), "it refused the object, status C001H: Patient is locked");
  EXPECT_EQ(JudgeStoreStatus(0x0122, "").error().code(), ErrorCode::kUnsupported);
  EXPECT_THAT(JudgeStoreStatus(0xa900, "").error().message(), HasSubstr("A900H"));
}

}  // namespace
}  // namespace axial::deliver
