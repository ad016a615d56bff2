#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "tests/support/hostile_dicom.h"
#include "tests/support/receiver_harness.h"

namespace axial {
namespace {

using testing::kExplicitLittle;
using testing::kSecondaryCapture;
using testing::NestedSequences;
using testing::RawScu;
using testing::ReceiverHarness;
using testing::SmallDataSet;

const std::vector<RawScu::Context> kContexts = {{1, kSecondaryCapture, {kExplicitLittle}}};

void ExpectServesOthers(ReceiverHarness& harness, int number) {
  const auto start = std::chrono::steady_clock::now();
  RawScu scu = harness.Associated();
  const auto response = ReceiverHarness::StoreSmall(scu, number);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(ReceiveHostile, SilentClientsCostNobodyAnything) {
  ReceiverHarness harness;
  std::vector<RawScu> silent;
  for (int i = 0; i < 50; ++i) silent.emplace_back(harness.port());
  ExpectServesOthers(harness, 1);
}

TEST(ReceiveHostile, PartialAssociationRequestsCostNobodyAnything) {
  ReceiverHarness harness;
  const std::string request = RawScu::AssociationRequest("AXIAL", "TEST", kContexts);
  std::vector<RawScu> partial;
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{6}, std::size_t{80}, request.size() - 1})
    for (int i = 0; i < 5; ++i) {
      partial.emplace_back(harness.port());
      ASSERT_TRUE(partial.back().Send(std::string_view(request).substr(0, size)));
    }
  ExpectServesOthers(harness, 1);
  // The rest of a slow one is still welcome.
  ASSERT_TRUE(partial.back().Send(std::string_view(request).substr(request.size() - 1)));
  const auto pdu = partial.back().ReceivePdu();
  ASSERT_TRUE(pdu);
  EXPECT_EQ((*pdu)[0], 2) << "an A-ASSOCIATE-AC was expected";
}

TEST(ReceiveHostile, DropsSilentClientsAfterTheDeadline) {
  ReceiverHarness harness([](receive::ReceiverOptions& options) {
    options.deadlines.association_request = std::chrono::milliseconds(50);
  });
  RawScu silent(harness.port());
  EXPECT_FALSE(silent.ReceivePdu());
  EXPECT_EQ(harness.Metric("axial_receive_associations_total", {{"result", "dropped"}}), 1);
}

TEST(ReceiveHostile, DropsIdleAssociationsAfterTheDeadline) {
  ReceiverHarness harness([](receive::ReceiverOptions& options) {
    options.deadlines.idle = std::chrono::milliseconds(50);
  });
  RawScu idle = harness.Associated();
  const auto pdu = idle.ReceivePdu();
  ASSERT_TRUE(pdu);
  EXPECT_EQ((*pdu)[0], 7) << "an A-ABORT was expected";
}

TEST(ReceiveHostile, DropsPeersThatReleaseAndDoNotClose) {
  ReceiverHarness harness;
  RawScu scu = harness.Associated();
  ASSERT_TRUE(scu.Send(std::string("\x05\0\0\0\0\x04\0\0\0\0", 10)));
  const auto pdu = scu.ReceivePdu();
  ASSERT_TRUE(pdu);
  EXPECT_EQ((*pdu)[0], 6) << "an A-RELEASE-RP was expected";
  EXPECT_TRUE(testing::WaitFor([&] { return harness.receiver().AssociationCount() == 0; }));
}

TEST(ReceiveHostile, DropsPeersThatStopInsideMessage) {
  ReceiverHarness harness([](receive::ReceiverOptions& options) {
    options.deadlines.network = std::chrono::seconds(1);
  });
  RawScu scu = harness.Associated();
  ASSERT_TRUE(scu.Send(
      RawScu::DataPdu(1, true, true, RawScu::StoreCommand(kSecondaryCapture, "1.2.3.5.1.1"))));
  ASSERT_TRUE(scu.Send(RawScu::DataPdu(1, false, false, SmallDataSet(5).substr(0, 100))));
  EXPECT_EQ(harness.events().WaitForClosed(1).at(0).end, receive::AssociationEnd::kAborted);
  EXPECT_TRUE(harness.FilesIn("incoming").empty());
}

TEST(ReceiveHostile, SurvivesGarbageInsteadOfRequest) {
  ReceiverHarness harness;
  std::mt19937 random(11);
  const std::string request = RawScu::AssociationRequest("AXIAL", "TEST", kContexts);
  for (int round = 0; round < 200; ++round) {
    std::string bytes = request;
    for (std::size_t i = 0; i < 1 + random() % 5; ++i)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    RawScu scu(harness.port());
    if (!scu.Send(bytes)) continue;
    if (round % 2 == 0) scu.Send("garbage that is no PDU at all");
    scu.Close();
  }
  ExpectServesOthers(harness, 1);
}

TEST(ReceiveHostile, SurvivesGarbageInsideAssociation) {
  ReceiverHarness harness;
  std::mt19937 random(12);
  const std::string command = RawScu::StoreCommand(kSecondaryCapture, "1.2.3.5.1.1");
  for (int round = 0; round < 100; ++round) {
    std::string bytes =
        RawScu::DataPdu(1, true, true, command) + RawScu::DataPdu(1, false, true, SmallDataSet(5));
    for (std::size_t i = 0; i < 1 + random() % 4; ++i)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    RawScu scu = harness.Associated();
    scu.Send(bytes);
    scu.Close();
  }
  EXPECT_EQ(harness.events().WaitForClosed(100).size(), 100u);
  EXPECT_TRUE(harness.FilesIn("incoming").empty());
  ExpectServesOthers(harness, 1);
}

TEST(ReceiveHostile, QuarantinesNestedBombAndLives) {
  ReceiverHarness harness;
  RawScu scu = harness.Associated();
  const auto bomb =
      scu.Store(1, kSecondaryCapture, "1.2.3.5.1.1", SmallDataSet(5, NestedSequences(180'000)));
  ASSERT_TRUE(bomb);
  EXPECT_EQ(bomb->status, 0xc000);
  EXPECT_THAT(bomb->error_comment, ::testing::HasSubstr("nested deeper"));
  ASSERT_EQ(harness.FilesIn("quarantine").size(), 1u);
  EXPECT_GT(testing::ReadWholeFile(harness.FilesIn("quarantine").at(0)).size(), 3'600'000u);
  const auto good = ReceiverHarness::StoreSmall(scu, 6);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->status, 0);
}

TEST(ReceiveHostile, SurvivesNestedBombAsCommand) {
  ReceiverHarness harness;
  RawScu scu = harness.Associated();
  const std::string level("\x00\x00\x01\x10\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff", 16);
  std::string bomb;
  for (int i = 0; i < 200'000; ++i) bomb += level;
  for (std::size_t at = 0; at < bomb.size(); at += 16'000)
    if (!scu.Send(RawScu::DataPdu(1, true, false, std::string_view(bomb).substr(at, 16'000))))
      break;
  EXPECT_EQ(harness.events().WaitForClosed(1).at(0).end, receive::AssociationEnd::kAborted);
  ExpectServesOthers(harness, 1);
}

TEST(ReceiveHostile, AbortInsideDataSetLeavesNothing) {
  ReceiverHarness harness;
  RawScu scu = harness.Associated();
  const std::string data_set = SmallDataSet(5);
  ASSERT_TRUE(scu.Send(
      RawScu::DataPdu(1, true, true, RawScu::StoreCommand(kSecondaryCapture, "1.2.3.5.1.1"))));
  ASSERT_TRUE(scu.Send(RawScu::DataPdu(1, false, false, data_set.substr(0, 200))));
  const std::string rest = RawScu::DataPdu(1, false, true, data_set.substr(200));
  ASSERT_TRUE(scu.Send(std::string_view(rest).substr(0, rest.size() / 2)));  // mid-PDU
  scu.Close();
  const auto closed = harness.events().WaitForClosed(1);
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_EQ(closed[0].end, receive::AssociationEnd::kAborted);
  EXPECT_TRUE(closed[0].studies.empty());
  EXPECT_TRUE(harness.FilesIn("incoming").empty());
  EXPECT_TRUE(harness.FilesIn("1.2.3.5").empty());
  EXPECT_TRUE(harness.events().Instances().empty());
}

}  // namespace
}  // namespace axial
