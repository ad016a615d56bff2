#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/hostile_dicom.h"
#include "tests/support/receiver_harness.h"

namespace axial {
namespace {

using testing::ExplicitElement;
using ::testing::HasSubstr;
using testing::kExplicitLittle;
using testing::kSecondaryCapture;
using testing::RawScu;
using testing::ReceiverHarness;
using testing::SmallDataSet;

const std::vector<RawScu::Context> kContexts = {{1, kSecondaryCapture, {kExplicitLittle}}};

void ExpectRejected(ReceiverHarness& harness, const std::string& called, const std::string& calling,
                    int result, int source, int reason) {
  RawScu scu(harness.port());
  const auto reply = scu.Associate(called, calling, kContexts);
  ASSERT_TRUE(reply);
  EXPECT_FALSE(reply->accepted);
  EXPECT_EQ(reply->reject_result, result);
  EXPECT_EQ(reply->reject_source, source);
  EXPECT_EQ(reply->reject_reason, reason);
}

TEST(ReceiveRefusal, RejectsAnotherCalledAeTitle) {
  ReceiverHarness harness;
  ExpectRejected(harness, "SOMEBODY", "TEST", 1, 1, 7);
  EXPECT_EQ(
      harness.Metric("axial_receive_associations_total", {{"result", "rejected_called_ae_title"}}),
      1);
}

TEST(ReceiveRefusal, RejectsUnknownPeers) {
  ReceiverHarness harness([](receive::ReceiverOptions& options) {
    options.node.peers.push_back(
        {AeTitle::Parse("CT01").value(), std::nullopt, std::nullopt, std::nullopt});
    options.node.peers.push_back({AeTitle::Parse("CT02").value(),
                                  config::AddressRange{"10.1.2.0", 24}, std::nullopt,
                                  std::nullopt});
  });
  ExpectRejected(harness, "AXIAL", "TEST", 1, 1, 3);
  ExpectRejected(harness, "AXIAL", "CT02", 1, 1, 3);  // known, but not from this address
  RawScu scu(harness.port());
  const auto reply = scu.Associate("AXIAL", "CT01", kContexts);
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->accepted);
  EXPECT_EQ(
      harness.Metric("axial_receive_associations_total", {{"result", "rejected_calling_ae_title"}}),
      2);
}

TEST(ReceiveRefusal, AppliesNewPolicyToTheNextAssociation) {
  ReceiverHarness harness;
  config::Node node;
  node.peers.push_back({AeTitle::Parse("CT01").value(), std::nullopt, std::nullopt, std::nullopt});
  harness.receiver().SetPolicy(node);
  ExpectRejected(harness, "AXIAL", "TEST", 1, 1, 3);
}

TEST(ReceiveRefusal, RejectsForNowWhenTheAssociationLimitIsReached) {
  ReceiverHarness harness(
      [](receive::ReceiverOptions& options) { options.node.max_associations = 2; });
  RawScu first = harness.Associated();
  RawScu second = harness.Associated();
  ExpectRejected(harness, "AXIAL", "TEST", 2, 3, 2);
  EXPECT_TRUE(first.Release());
  ASSERT_TRUE(testing::WaitFor([&] { return harness.receiver().AssociationCount() == 1; }));
  RawScu third = harness.Associated();
}

TEST(ReceiveRefusal, ShowsWhatItRefusedUntilTheConfigurationAdmitsIt) {
  ReceiverHarness harness(
      [](receive::ReceiverOptions& options) { options.node.max_associations = 1; });
  ExpectRejected(harness, "\x1b[2J", "TEST", 1, 1, 7);
  ExpectRejected(harness, "\x1b[2J", "TEST", 1, 1, 7);
  harness.disk().free_bytes = 1000;
  ExpectRejected(harness, "AXIAL", "TEST", 2, 3, 1);
  harness.disk().free_bytes = -1;
  {
    const RawScu open = harness.Associated();
    ExpectRejected(harness, "AXIAL", "SECOND", 2, 3, 2);
  }
  ASSERT_TRUE(testing::WaitFor([&] { return harness.receiver().AssociationCount() == 0; }));
  RawScu scu(harness.port());
  ASSERT_TRUE(scu.Associate("AXIAL", "TEST",
                            {{1, "1.3.12.2.1107.5.9.1", {kExplicitLittle}},
                             {3, "1.2.840.10008.5.1.4.1.2.2.1", {kExplicitLittle}}}));
  const auto list = harness.refused().List();
  ASSERT_EQ(list.size(), 4u) << "a query is no Instance that could be admitted";
  EXPECT_EQ(list[0].reason, "sop_class");
  EXPECT_EQ(list[0].configuration, "sop_classes: {accept: [1.3.12.2.1107.5.9.1]}");
  EXPECT_EQ(list[1].reason, "max_associations");
  EXPECT_EQ(list[1].calling_ae_title, "SECOND");
  EXPECT_EQ(list[1].configuration, "max_associations: 2");
  EXPECT_EQ(list[2].reason, "storage_reserve");
  EXPECT_EQ(list[3].reason, "called_ae_title");
  EXPECT_EQ(list[3].called_ae_title, "\x1b[2J");
  EXPECT_EQ(list[3].count, 2);
  EXPECT_EQ(list[3].peer_address, "127.0.0.1");
  config::Node node;
  node.max_associations = 2;
  harness.receiver().SetPolicy(node);
  EXPECT_EQ(harness.refused().List().size(), 2u) << "what it may admit now";
}

TEST(ReceiveRefusal, RefusesUidsThatDifferFromTheCommand) {
  ReceiverHarness harness;
  RawScu scu = harness.Associated();
  const auto instance = scu.Store(1, kSecondaryCapture, "1.2.3.999", SmallDataSet(5));
  ASSERT_TRUE(instance);
  EXPECT_EQ(instance->status, 0xc000);
  EXPECT_THAT(instance->error_comment, HasSubstr("SOPInstanceUID"));
  std::string other_class = SmallDataSet(5);
  other_class.replace(other_class.find("5.1.4.1.1.7"), 11, "5.1.4.1.1.2");
  const auto sop_class = scu.Store(1, kSecondaryCapture, "1.2.3.5.1.1", other_class);
  ASSERT_TRUE(sop_class);
  EXPECT_EQ(sop_class->status, 0xa900);
  EXPECT_EQ(harness.FilesIn("quarantine").size(), 2u);
  EXPECT_TRUE(harness.FilesIn("1.2.3.5").empty());
  EXPECT_TRUE(harness.events().Instances().empty());
}

TEST(ReceiveRefusal, RefusesSopClassOfAnotherPresentationContext) {
  ReceiverHarness harness;
  RawScu scu = harness.Associated();
  const auto response = scu.Store(1, "1.2.840.10008.5.1.4.1.1.2", "1.2.3.5.1.1", SmallDataSet(5));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 0x0122);
}

TEST(ReceiveRefusal, RefusesMissingUidsAndGoesOn) {
  ReceiverHarness harness;
  RawScu scu = harness.Associated();
  const std::string no_study = ExplicitElement(0x0008, 0x0016, "UI", kSecondaryCapture) +
                               ExplicitElement(0x0008, 0x0018, "UI", "1.2.3.5.1.1") +
                               ExplicitElement(0x0020, 0x000e, "UI", "1.2.3.5.1");
  const auto without_study = scu.Store(1, kSecondaryCapture, "1.2.3.5.1.1", no_study);
  ASSERT_TRUE(without_study);
  EXPECT_EQ(without_study->status, 0xc000);
  EXPECT_THAT(without_study->error_comment, HasSubstr("StudyInstanceUID"));
  const auto without_command_uid = scu.Store(1, kSecondaryCapture, "", SmallDataSet(5));
  ASSERT_TRUE(without_command_uid);
  EXPECT_EQ(without_command_uid->status, 0xc000);
  const auto good = ReceiverHarness::StoreSmall(scu, 5);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->status, 0);
}

TEST(ReceiveRefusal, AnswersOutOfResourcesBelowTheReserve) {
  ReceiverHarness harness;
  RawScu scu = harness.Associated();
  harness.disk().free_bytes = 1000;
  const auto refused = ReceiverHarness::StoreSmall(scu, 5);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 0xa700);
  harness.disk().free_bytes = -1;
  const auto stored = ReceiverHarness::StoreSmall(scu, 5);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->status, 0);
}

TEST(ReceiveRefusal, RejectsAssociationsForNowBelowTheReserveAndRecoversByItself) {
  ReceiverHarness harness;
  EXPECT_EQ(harness.GaugeOf("axial_receive_storage_low"), 0);
  EXPECT_EQ(harness.GaugeOf("axial_receive_storage_reserve_bytes"), 1 << 20);
  harness.disk().free_bytes = 1000;
  // The alarm needs nobody who sends.
  ASSERT_TRUE(testing::WaitFor([&] { return harness.GaugeOf("axial_receive_storage_low") == 1; }));
  EXPECT_EQ(harness.GaugeOf("axial_receive_storage_free_bytes"), 1000);
  ExpectRejected(harness, "AXIAL", "TEST", 2, 3, 1);
  EXPECT_EQ(harness.Metric("axial_receive_associations_total", {{"result", "rejected_storage"}}),
            1);
  // Who may never associate is told so, not to come again.
  ExpectRejected(harness, "SOMEBODY", "TEST", 1, 1, 7);
  harness.disk().free_bytes = 1 << 20;  // just the reserve is enough
  ASSERT_TRUE(testing::WaitFor([&] { return harness.GaugeOf("axial_receive_storage_low") == 0; }));
  RawScu scu = harness.Associated();
  const auto stored = ReceiverHarness::StoreSmall(scu, 5);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->status, 0);
}

TEST(ReceiveRefusal, StopsALargeInstanceWhenTheReserveIsReached) {
  ReceiverHarness harness;
  RawScu scu = harness.Associated();
  ASSERT_TRUE(scu.Send(
      RawScu::DataPdu(1, true, true, RawScu::StoreCommand(kSecondaryCapture, "1.2.3.5.1.1"))));
  const std::string large =
      SmallDataSet(5, ExplicitElement(0x0042, 0x0011, "OB", std::string(6 << 20, 'x')));
  constexpr std::size_t kPiece = 64 << 10;
  for (std::size_t at = 0; at < large.size(); at += kPiece) {
    if (at == 16 * kPiece) harness.disk().free_bytes = 1000;
    ASSERT_TRUE(scu.Send(RawScu::DataPdu(1, false, at + kPiece >= large.size(),
                                         std::string_view(large).substr(at, kPiece))));
  }
  const auto response = scu.ReceiveResponse();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 0xa700);
  EXPECT_TRUE(harness.FilesIn("incoming").empty());
}

TEST(ReceiveRefusal, AnswersOutOfResourcesWhenTheDiskFillsUp) {
  ReceiverHarness harness;
  harness.disk().bytes_until_full = 50'000;
  RawScu scu = harness.Associated();
  const std::string large =
      SmallDataSet(5, ExplicitElement(0x0042, 0x0011, "OB", std::string(300'000, 'x')));
  const auto refused = scu.Store(1, kSecondaryCapture, "1.2.3.5.1.1", large);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 0xa700);
  EXPECT_TRUE(harness.FilesIn("incoming").empty());
  EXPECT_TRUE(harness.FilesIn("quarantine").empty());
  EXPECT_TRUE(harness.events().Instances().empty());
  harness.disk().bytes_until_full = -1;
  const auto stored = scu.Store(1, kSecondaryCapture, "1.2.3.5.1.1", large);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->status, 0);
}

TEST(ReceiveRefusal, AnswersOutOfResourcesWhenTheFileCannotBeMadeDurable) {
  ReceiverHarness harness;
  harness.disk().sync_fails = true;
  RawScu scu = harness.Associated();
  const auto response = ReceiverHarness::StoreSmall(scu, 5);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 0xa700);
  EXPECT_TRUE(harness.FilesIn("incoming").empty());
}

TEST(ReceiveRefusal, PassesOnWhatTheStoreSays) {
  ReceiverHarness harness;
  RawScu scu = harness.Associated();
  harness.events().SetAnswer(Error(ErrorCode::kUnavailable, "database is locked"));
  const auto later = ReceiverHarness::StoreSmall(scu, 5);
  ASSERT_TRUE(later);
  EXPECT_EQ(later->status, 0xa700);
  harness.events().SetAnswer(Error(ErrorCode::kInternal, "defect"));
  const auto never = ReceiverHarness::StoreSmall(scu, 5);
  ASSERT_TRUE(never);
  EXPECT_EQ(never->status, 0xc000);
  harness.events().SetAnswer({});
  const auto stored = ReceiverHarness::StoreSmall(scu, 5);  // the repeat finds the file
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->status, 0);
}

}  // namespace
}  // namespace axial
