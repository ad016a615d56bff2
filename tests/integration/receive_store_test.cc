#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <barrier>
#include <filesystem>
#include <set>
#include <thread>

#include "core/base/content_digest.h"
#include "tests/support/hostile_dicom.h"
#include "tests/support/receiver_harness.h"
#include "tests/support/repository_paths.h"
#include "tests/support/run_command.h"

namespace axial {
namespace {

using testing::DataSetOf;
using testing::kExplicitLittle;
using testing::kSecondaryCapture;
using testing::RawScu;
using testing::ReadWholeFile;
using testing::ReceiverHarness;
using testing::RunCommand;

const std::string kData = axial::testing::SourceDir() + "/../shared/data";

TEST(ReceiveStore, AnswersEcho) {
  const ReceiverHarness harness;
  const auto echo = RunCommand({"echoscu", "-aec", "AXIAL", "127.0.0.1", harness.PortText()});
  if (echo.exit_code == 127) GTEST_SKIP() << "DCMTK'S echoscu IS NOT INSTALLED";
  EXPECT_EQ(echo.exit_code, 0) << echo.output;
}

TEST(ReceiveStore, TakesWhatDcmtksSenderSends) {
  if (!std::filesystem::exists(kData)) GTEST_SKIP() << "SAMPLE DATA MISSING: " << kData;
  ReceiverHarness harness;
  const auto sent =
      RunCommand({"dcmsend", "-aec", "AXIAL", "-dn", "127.0.0.1", harness.PortText(),
                  kData + "/mr-small-ts/MR_small.dcm", kData + "/charset-a/chrH31.dcm"});
  if (sent.exit_code == 127) GTEST_SKIP() << "DCMTK'S dcmsend IS NOT INSTALLED";
  EXPECT_EQ(sent.exit_code, 0) << sent.output;
  EXPECT_EQ(harness.events().Instances().size(), 2u);
  const auto closed = harness.events().WaitForClosed(1);
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_EQ(closed[0].end, receive::AssociationEnd::kReleased);
  EXPECT_EQ(closed[0].association.calling_ae_title, "DCMSEND");
  EXPECT_EQ(closed[0].studies.size(), 2u);
}

TEST(ReceiveStore, KeepsEveryBitInEveryTransferSyntax) {
  if (!std::filesystem::exists(kData)) GTEST_SKIP() << "SAMPLE DATA MISSING: " << kData;
  const std::vector<std::string> folders = {"mr-small-ts", "mr-enhanced-ts", "mg-wg04-j2k",
                                            "us-rle-ybr",  "odd-files-a",    "charset-a"};
  ReceiverHarness harness;
  std::set<std::string> syntaxes;
  for (const std::string& folder : folders) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kData + "/" + folder)) {
      const auto header = entry.is_regular_file()
                              ? ReadInstanceHeader(entry.path())
                              : Result<InstanceHeader>(Error(ErrorCode::kNotFound, "a folder"));
      if (!header.ok() || header->transfer_syntax_uid.empty()) continue;
      const std::string data_set = DataSetOf(ReadWholeFile(entry.path()));
      RawScu scu(harness.port());
      const std::string sop_class = header->sop_class_uid.str();
      const auto reply =
          scu.Associate("AXIAL", "TEST", {{1, sop_class, {header->transfer_syntax_uid}}});
      ASSERT_TRUE(reply && reply->accepted && reply->context_results.at(0) == 0) << entry.path();
      const auto response = scu.Store(1, sop_class, header->sop_instance_uid.str(), data_set);
      ASSERT_TRUE(response && response->status == 0)
          << entry.path() << ": " << (response ? response->error_comment : "no response");
      ASSERT_TRUE(scu.Release());
      const receive::ReceivedInstance stored = harness.events().Instances().back();
      const std::string file = ReadWholeFile(stored.spool_path);
      EXPECT_TRUE(DataSetOf(file) == data_set) << entry.path();
      EXPECT_EQ(stored.header.transfer_syntax_uid, header->transfer_syntax_uid);
      EXPECT_EQ(stored.bytes, static_cast<std::int64_t>(file.size()));
      ContentDigest digest;
      digest.Add(file);
      EXPECT_EQ(stored.digest, digest.Hex());
      syntaxes.insert(header->transfer_syntax_uid);
    }
  }
  EXPECT_GE(syntaxes.size(), 6u);
}

TEST(ReceiveStore, PutsTheFileAtItsPlaceBeforeSuccess) {
  ReceiverHarness harness;
  RawScu scu = harness.Associated();
  const auto response = ReceiverHarness::StoreSmall(scu, 5);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 0);
  const auto instances = harness.events().Instances();
  ASSERT_EQ(instances.size(), 1u);
  EXPECT_EQ(instances[0].spool_path, harness.spool_path() + "/1.2.3.5/1.2.3.5.1.1." +
                                         instances[0].digest.substr(0, 16) + ".dcm");
  EXPECT_TRUE(std::filesystem::exists(instances[0].spool_path));
  EXPECT_TRUE(harness.FilesIn("incoming").empty());
  EXPECT_EQ(instances[0].association.peer_address, "127.0.0.1");
  EXPECT_EQ(harness.Metric("axial_receive_instances_total", {{"status", "0000"}}), 1);
}

TEST(ReceiveStore, AnswersRepeatWithSuccessAndKeepsOneFile) {
  ReceiverHarness harness;
  RawScu scu = harness.Associated();
  for (int i = 0; i < 2; ++i) {
    const auto response = ReceiverHarness::StoreSmall(scu, 5);
    ASSERT_TRUE(response && response->status == 0);
  }
  EXPECT_EQ(harness.FilesIn("1.2.3.5").size(), 1u);
  const auto instances = harness.events().Instances();
  ASSERT_EQ(instances.size(), 2u);
  EXPECT_FALSE(instances[0].repeated);
  EXPECT_TRUE(instances[1].repeated);
  EXPECT_EQ(instances[0].digest, instances[1].digest);
}

TEST(ReceiveStore, KeepsBothWhenTheBytesDiffer) {
  ReceiverHarness harness;
  RawScu scu = harness.Associated();
  ASSERT_TRUE(ReceiverHarness::StoreSmall(scu, 5));
  const std::string other =
      testing::SmallDataSet(5, testing::ExplicitElement(0x0028, 0x1050, "DS", "40"));
  const auto response = scu.Store(1, kSecondaryCapture, "1.2.3.5.1.1", other);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 0);
  EXPECT_EQ(harness.FilesIn("1.2.3.5").size(), 2u);
}

/// Stores the data sets at the same moment, each on an Association of its own; the statuses.
std::vector<int> StoreAtOnce(ReceiverHarness& harness, const std::vector<std::string>& data_sets,
                             const std::string& uid) {
  std::vector<RawScu> scus;
  for (std::size_t i = 0; i < data_sets.size(); ++i) scus.push_back(harness.Associated());
  std::vector<int> statuses(data_sets.size(), -1);
  std::barrier start(static_cast<std::ptrdiff_t>(data_sets.size()));
  std::vector<std::thread> senders;
  for (std::size_t i = 0; i < data_sets.size(); ++i)
    senders.emplace_back([&, i] {
      start.arrive_and_wait();
      const auto response = scus[i].Store(1, kSecondaryCapture, uid, data_sets[i]);
      if (response) statuses[i] = response->status;
    });
  for (std::thread& sender : senders) sender.join();
  return statuses;
}

TEST(ReceiveStore, TakesTheSameInstanceFromTwoAssociationsAtTheSameTime) {
  ReceiverHarness harness;
  for (int round = 0; round < 20; ++round) {
    const std::string study = "1.2.3." + std::to_string(round);
    const std::string data_set = testing::SmallDataSet(round);
    EXPECT_THAT(StoreAtOnce(harness, {data_set, data_set}, study + ".1.1"),
                ::testing::ElementsAre(0, 0));
    const std::vector<std::string> files = harness.FilesIn(study);
    ASSERT_EQ(files.size(), 1u);
    EXPECT_TRUE(DataSetOf(ReadWholeFile(files[0])) == data_set);
  }
  EXPECT_TRUE(harness.FilesIn("incoming").empty());
}

TEST(ReceiveStore, KeepsBothWhenTwoAssociationsSendOtherBytesAtTheSameTime) {
  ReceiverHarness harness;
  for (int round = 0; round < 20; ++round) {
    const std::string study = "1.2.3." + std::to_string(round);
    const std::string one = testing::SmallDataSet(round);
    const std::string other =
        testing::SmallDataSet(round, testing::ExplicitElement(0x0028, 0x1050, "DS", "40"));
    EXPECT_THAT(StoreAtOnce(harness, {one, other, one}, study + ".1.1"),
                ::testing::ElementsAre(0, 0, 0));
    std::set<std::string> kept;
    for (const std::string& file : harness.FilesIn(study))
      kept.insert(DataSetOf(ReadWholeFile(file)));
    EXPECT_EQ(kept, (std::set<std::string>{one, other}));
  }
}

TEST(ReceiveStore, SyncsAtTheEndWithDurabilityAssociation) {
  ReceiverHarness harness([](receive::ReceiverOptions& options) {
    options.storage.durability = config::Durability::kAssociation;
  });
  harness.disk().sync_fails = true;  // a file's own sync must not be asked for
  RawScu scu = harness.Associated();
  const auto response = ReceiverHarness::StoreSmall(scu, 5);
  ASSERT_TRUE(response && response->status == 0);
  EXPECT_TRUE(scu.Release());
  EXPECT_EQ(harness.events().WaitForClosed(1).at(0).end, receive::AssociationEnd::kReleased);
  // What cannot be synced has not arrived, as its sender sees when its release is not answered.
  harness.disk().sync_all_fails = true;
  RawScu second = harness.Associated();
  ASSERT_TRUE(ReceiverHarness::StoreSmall(second, 6));
  EXPECT_FALSE(second.Release());
  EXPECT_EQ(harness.events().WaitForClosed(2).at(1).end, receive::AssociationEnd::kAborted);
}

TEST(ReceiveStore, Serves64AssociationsAtOnce) {
  constexpr int kAssociations = 64;
  ReceiverHarness harness;
  std::vector<RawScu> scus;
  for (int i = 0; i < kAssociations; ++i) scus.push_back(harness.Associated());
  EXPECT_EQ(harness.receiver().AssociationCount(), kAssociations);
  for (int i = 0; i < kAssociations; ++i) {
    const auto response = ReceiverHarness::StoreSmall(scus[static_cast<std::size_t>(i)], i);
    ASSERT_TRUE(response && response->status == 0) << i;
  }
  for (RawScu& scu : scus) EXPECT_TRUE(scu.Release());
  EXPECT_EQ(harness.events().WaitForClosed(kAssociations).size(), std::size_t{kAssociations});
  EXPECT_EQ(harness.events().Instances().size(), std::size_t{kAssociations});
}

TEST(ReceiveStore, StopLetsMessagesFinishAndAbortsIdleAssociations) {
  ReceiverHarness harness;
  RawScu idle = harness.Associated();
  harness.receiver().Stop(std::chrono::seconds(10));
  const auto pdu = idle.ReceivePdu();
  ASSERT_TRUE(pdu);
  EXPECT_EQ((*pdu)[0], 7) << "an A-ABORT was expected";
  EXPECT_EQ(harness.events().WaitForClosed(1).at(0).end, receive::AssociationEnd::kAborted);
}

}  // namespace
}  // namespace axial
