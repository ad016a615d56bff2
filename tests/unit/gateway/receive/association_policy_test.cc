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

/// The configuration with that line put where it belongs.
config::LoadedConfig With(const RefusedAssociation& refused) {
  const std::string name =
      refused.configuration.starts_with("ae_title") ? "" : "  ae_title: AXIAL\n";
  const bool peer = refused.section == "node.peers";
  return config::ParseConfig("node:\n" + name +
                                 (peer ? "  peers:\n    - {ae_title: OTHER}\n    " : "  ") +
                                 refused.configuration + "\n",
                             "axial.yaml");
}

TEST(AssociationPolicy, TheLineThatItGivesAdmitsWhateverTheNameIs) {
  const AssociationPolicy policy{config::Node{}};
  for (const char* title :
       {"CT9",  "CT 9", "CT: 9", "{CT}", "[CT]", "CT,9",  "\"CT\"", "'CT'", "#CT", "- CT",
        "null", "NULL", "Null",  "true", "~",    "123",   "1e3",    "yes",  "*CT", "&CT",
        "!CT",  "%CT",  "@CT",   "?",    ":",    "CT #9", "|",      ">"}) {
    for (const char* address : {"10.0.0.1", "2001:db8::", "fe80::1%eth0"}) {
      const RefusedAssociation refused =
          policy.Explain(Admission::kCallingUnknown, {"AXIAL", title}, address);
      const config::LoadedConfig loaded = With(refused);
      ASSERT_TRUE(loaded.config) << refused.configuration;
      const std::string numeric = std::string(address).substr(0, std::string(address).find('%'));
      EXPECT_EQ(AssociationPolicy(loaded.config->node).Decide({"AXIAL", title}, numeric),
                Admission::kAccepted)
          << refused.configuration;
    }
    const RefusedAssociation called =
        policy.Explain(Admission::kCalledUnknown, {title, "CT"}, "127.0.0.1");
    const config::LoadedConfig loaded = With(called);
    ASSERT_TRUE(loaded.config) << called.configuration;
    EXPECT_EQ(AssociationPolicy(loaded.config->node).Decide({title, "CT"}, "127.0.0.1"),
              Admission::kAccepted)
        << called.configuration;
  }
}

TEST(AssociationPolicy, GivesNoLineForANameThatNoConfigurationCanHave) {
  const AssociationPolicy policy{config::Node{}};
  for (const char* title : {"C\\T", "\x1b[2J", "CT\n", "K\xc3\x96LN"}) {
    const auto calling = policy.Explain(Admission::kCallingUnknown, {"AXIAL", title}, "10.0.0.1");
    EXPECT_EQ(calling.configuration, "");
    EXPECT_THAT(calling.remedy, HasSubstr("no configuration can name it"));
    for (const char c : calling.detail) EXPECT_TRUE(c >= ' ' && c < 0x7f) << calling.detail;
    EXPECT_EQ(policy.Explain(Admission::kCalledUnknown, {title, "CT"}, "10.0.0.1").configuration,
              "");
  }
}

TEST(AssociationPolicy, SaysWhyAPeerIsNotKnown) {
  config::Node node;
  const auto why = [&](const char* calling) {
    return AssociationPolicy(node)
        .Explain(Admission::kCallingUnknown, {"AXIAL", calling}, "10.9.9.9")
        .detail;
  };
  EXPECT_EQ(why("CT01"), "node.peers is empty: only this machine itself may send");
  node.peers = {PeerNamed("CT01"), PeerNamed("CT02", config::AddressRange{"10.1.2.0", 24})};
  EXPECT_EQ(why("CT02"), "CT02 is in node.peers, but with another address: 10.1.2.0/24");
  EXPECT_EQ(why("CT03"), "CT03 is not in node.peers");
}

TEST(AssociationPolicy, AsksForMoreAssociationsAndForgetsWhatANewConfigurationMayAdmit) {
  config::Node node;
  node.max_associations = 2;
  const AssociationPolicy policy(node);
  const RefusedAssociation limit = policy.ExplainLimit({"AXIAL", "CT01"}, "10.0.0.1");
  ASSERT_TRUE(With(limit).config) << limit.configuration;
  EXPECT_EQ(With(limit).config->node.max_associations, 4);
  EXPECT_TRUE(policy.MayAdmit(limit));
  const auto calling = policy.Explain(Admission::kCallingUnknown, {"AXIAL", "CT01"}, "10.0.0.1");
  EXPECT_FALSE(policy.MayAdmit(calling));
  EXPECT_TRUE(AssociationPolicy(With(calling).config->node).MayAdmit(calling));
}

}  // namespace
}  // namespace axial::receive
