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

TEST(AssociationRequest, RefusesMissingAndMisplacedItems) {
  const std::string pdu = Request();
  const auto with_item_type = [&](std::string_view item_head, char type) {
    std::string changed = pdu;
    changed[changed.find(item_head)] = type;
    return changed;
  };
  const std::string context_head("\x20\0\0\x2e", 4);
  ASSERT_NE(pdu.find(context_head), std::string::npos);
  EXPECT_FALSE(ParseAssociationRequest(with_item_type(context_head, '\x21')).ok());
  const std::string abstract_head("\x30\0\0\x11", 4);
  EXPECT_FALSE(ParseAssociationRequest(with_item_type(abstract_head, '\x40')).ok());
  const std::string user_head("\x50\0\0\x13", 4);
  ASSERT_NE(pdu.find(user_head), std::string::npos);
  EXPECT_FALSE(ParseAssociationRequest(with_item_type(user_head, '\x60')).ok());
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
