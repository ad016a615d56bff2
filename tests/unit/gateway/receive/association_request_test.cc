#include "gateway/receive/association_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/raw_scu.h"

namespace axial::receive {
namespace {

std::string Request() {
  return testing::RawScu::AssociationRequest("AXIAL", " CT 1",
                                             {{1, "1.2.840.10008.1.1", {"1.2.840.10008.1.2"}}});
}

TEST(AssociationRequest, ReadsBothAeTitles) {
  const std::string pdu = Request();
  ASSERT_EQ(AssociationRequestBytes(pdu.substr(0, kPduHeadBytes)).value(), pdu.size());
  const auto request = ParseAssociationRequest(pdu);
  ASSERT_TRUE(request.ok()) << request.error().ToString();
  EXPECT_EQ(request->called_ae_title, "AXIAL");
  EXPECT_EQ(request->calling_ae_title, "CT 1");
}

TEST(AssociationRequest, RefusesOtherPdusAndSizes) {
  EXPECT_FALSE(AssociationRequestBytes("").ok());
  EXPECT_FALSE(AssociationRequestBytes("GET / ").ok());
  EXPECT_FALSE(AssociationRequestBytes(std::string("\x04\0\0\0\0\x60", 6)).ok());
  EXPECT_FALSE(AssociationRequestBytes(std::string("\x01\0\0\0\0\x04", 6)).ok());
  EXPECT_FALSE(AssociationRequestBytes(std::string("\x01\0\xff\xff\xff\xff", 6)).ok());
}

TEST(AssociationRequest, RefusesItemsThatDoNotFit) {
  std::string pdu = Request();
  constexpr std::size_t kFirstItemLengthAt = 77;
  pdu[kFirstItemLengthAt] = '\x7f';
  EXPECT_FALSE(ParseAssociationRequest(pdu).ok());
}

TEST(AssociationRequest, SurvivesMutations) {
  std::mt19937 random(3);
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string pdu = Request();
    for (std::size_t i = 0; i < 1 + random() % 4; ++i)
      pdu[random() % pdu.size()] = static_cast<char>(random());
    if (round % 3 == 0) pdu.resize(random() % pdu.size());
    if (!ParseAssociationRequest(pdu).ok()) ++refused;
  }
  EXPECT_GT(refused, 5000);
}

TEST(AssociationRequest, EncodesReject) {
  EXPECT_EQ(EncodeReject(kLocalLimitExceeded), std::string("\x03\0\0\0\0\x04\0\x02\x03\x02", 10));
}

}  // namespace
}  // namespace axial::receive
