#include "gateway/deliver/store_status.h"

#include <gmock/gmock.h>

namespace axial::deliver {
namespace {

using ::testing::HasSubstr;

constexpr const char* kSegmentation = "1.2.840.10008.5.1.4.1.1.66.4";

TEST(StoreStatus, ConfirmsSuccessDuplicatesAndWarnings) {
  EXPECT_EQ(*JudgeStoreStatus(0x0000, "", kSegmentation), "");
  EXPECT_THAT(*JudgeStoreStatus(0x0111, "", kSegmentation), HasSubstr("already"));
  for (const int status : {0xb000, 0xb006, 0xb007})
    EXPECT_THAT(*JudgeStoreStatus(static_cast<std::uint16_t>(status), "coerced", kSegmentation),
                HasSubstr("coerced"));
}

TEST(StoreStatus, TriesAgainOnlyWhenOutOfResources) {
  for (int status = 0; status <= 0xffff; ++status) {
    const SendResult result =
        JudgeStoreStatus(static_cast<std::uint16_t>(status), "", kSegmentation);
    const bool later = !result.ok() && IsRetried(result.error().code());
    EXPECT_EQ(later, (status & 0xff00) == 0xa700) << std::hex << status;
  }
}

TEST(StoreStatus, NamesTheStatusAndTheErrorComment) {
  const SendResult refused = JudgeStoreStatus(0xc001, "Patient is locked", kSegmentation);
  EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(refused.error().message(), "it refused the object, status C001H: Patient is locked");
  EXPECT_THAT(JudgeStoreStatus(0xa900, "", kSegmentation).error().message(), HasSubstr("A900H"));
}

TEST(StoreStatus, NamesTheSopClassThatIsNotTakenAndWhatToDo) {
  const SendResult refused = JudgeStoreStatus(0x0122, "", kSegmentation);
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnsupported);
  EXPECT_EQ(refused.error().message(),
            "it takes no SegmentationStorage (1.2.840.10008.5.1.4.1.1.66.4) (status 0122H); enable "
            "that there and retry this destination, or ask for something else in its results");
  EXPECT_THAT(SopClassNotTaken("1.2.840.10008.5.1.4.1.1.66.7", "in RLE Lossless").message(),
              HasSubstr("no LabelMapSegmentationStorage (1.2.840.10008.5.1.4.1.1.66.7) in RLE"));
  EXPECT_THAT(SopClassNotTaken("1.2.3", "at all").message(),
              HasSubstr("no object of the SOP Class (1.2.3) at all"));
}

}  // namespace
}  // namespace axial::deliver
