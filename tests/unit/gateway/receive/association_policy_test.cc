#include "gateway/receive/association_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace axial::receive {
namespace {

using ::testing::HasSubstr;

config::Peer PeerNamed(const char* name, std::optional<config::AddressRange> address = {}) {
  return {AeTitle::Parse(name).value(), std::move(address), std::nullopt, std::nullopt};
}

TEST(AssociationPolicy, AdmitsOnlyLoopbackWithoutPeers) {
  const AssociationPolicy policy{config::Node{}};
  for (const char* address : {"127.0.0.1", "127.1.2.3", "::1"})
    EXPECT_EQ(policy.Decide({"AXIAL", "ANY"}, address), Admission::kAccepted) << address;
  for (const char* address : {"10.0.0.1", "128.0.0.1", "fe80::1", ""})
    EXPECT_EQ(policy.Decide({"AXIAL", "ANY"}, address), Admission::kCallingUnknown) << address;
}

TEST(AssociationPolicy, AdmitsListedPeersOnly) {
  config::Node node;
  node.peers = {PeerNamed("CT01"), PeerNamed("CT02", config::AddressRange{"10.1.2.0", 24})};
  const AssociationPolicy policy(node);
  EXPECT_EQ(policy.Decide({"AXIAL", "CT01"}, "192.0.2.1"), Admission::kAccepted);
  EXPECT_EQ(policy.Decide({"AXIAL", "CT02"}, "10.1.2.77"), Admission::kAccepted);
  EXPECT_EQ(policy.Decide({"AXIAL", "CT02"}, "10.1.3.77"), Admission::kCallingUnknown);
  EXPECT_EQ(policy.Decide({"AXIAL", "CT03"}, "10.1.2.77"), Admission::kCallingUnknown);
  EXPECT_EQ(policy.Decide({"AXIAL", "ct01"}, "10.1.2.77"), Admission::kCallingUnknown);
  EXPECT_EQ(policy.Decide({"AXIAL", "CT01"}, "127.0.0.1"), Admission::kAccepted);
}

TEST(AssociationPolicy, LooksAtTheCalledAeTitleFirst) {
  const AssociationPolicy policy{config::Node{}};
  EXPECT_EQ(policy.Decide({"OTHER", "ANY"}, "10.0.0.1"), Admission::kCalledUnknown);
}

TEST(AssociationPolicy, SaysWhatWouldAdmit) {
  const AssociationPolicy policy{config::Node{}};
  EXPECT_THAT(policy.Remedy(Admission::kCallingUnknown, {"AXIAL", "CT9"}, "10.0.0.1"),
              HasSubstr("- {ae_title: CT9, address: 10.0.0.1}"));
  EXPECT_THAT(policy.Remedy(Admission::kCalledUnknown, {"OTHER", "CT9"}, "10.0.0.1"),
              HasSubstr("ae_title: OTHER"));
}

}  // namespace
}  // namespace axial::receive
