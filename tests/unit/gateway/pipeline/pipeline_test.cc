// The gateway as a whole, with a disk that breaks when told to.

#include "gateway/pipeline/pipeline.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "gateway/store/job_store.h"
#include "gateway/store/study_store.h"
#include "tests/support/faulty_spool_disk.h"
#include "tests/support/hostile_dicom.h"
#include "tests/support/raw_scu.h"
#include "tests/support/receiver_harness.h"
#include "tests/support/temp_dir.h"

namespace axial::pipeline {
namespace {

using testing::ExplicitElement;
using testing::kExplicitLittle;
using testing::kSecondaryCapture;
using testing::RawScu;

constexpr const char* kInstance = "1.2.3.1.1";

/// The only Instance of its Series, and says so: complete as soon as it is there.
std::string OnlyInstance(const std::string& study = "1.2.3",
                         const std::string& series = "1.2.3.1") {
  return ExplicitElement(0x0008, 0x0016, "UI", kSecondaryCapture) +
         ExplicitElement(0x0008, 0x0018, "UI", kInstance) +
         ExplicitElement(0x0008, 0x0060, "CS", "OT") +
         ExplicitElement(0x0020, 0x000d, "UI", study) +
         ExplicitElement(0x0020, 0x000e, "UI", series) + ExplicitElement(0x0020, 0x1209, "IS", "1");
}

config::Config Configured(const std::string& folder) {
  config::Config config;
  config.node.port = 0;
  config.node.bind = "127.0.0.1";
  config.admin.port = 0;
  config.storage.directory = folder;
  config.storage.reserve_bytes = 0;
  config.models_directory = folder;
  config::RuleSpec rule;
  rule.name = "Any";
  rule.when = {{"Modality", config::ConditionKind::kAnyOf, {"OT"}, 1}};
  rule.run = "model";
  config.rules = {rule};
  return config;
}

TEST(GatewayPipeline, MakesNoJobOfASeriesWhoseFilesAreNotSyncedWhileItsAssociationIsOpen) {
  const testing::TempDir folder;
  const auto disk = std::make_shared<testing::FaultySpoolDisk>(
      receive::MakeFolderSpoolDisk(folder.File("spool")));
  disk->sync_all_fails = true;
  PipelineOptions options;
  options.worker_binary = "/bin/false";
  options.spool = disk;
  config::Config config = Configured(folder.path());
  config.storage.durability = config::Durability::kAssociation;
  const auto pipeline = Pipeline::Start(config, options);
  ASSERT_TRUE(pipeline.ok()) << pipeline.error().ToString();
  RawScu scu((*pipeline)->dicom_port());
  ASSERT_TRUE(scu.Associate("AXIAL", "CT01", {{1, kSecondaryCapture, {kExplicitLittle}}}));
  const auto answer = scu.Store(1, kSecondaryCapture, kInstance, OnlyInstance());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 0) << "durable when the Association ends";

  const auto database = store::Database::Open(folder.File("axial.db"));
  ASSERT_TRUE(database.ok());
  const store::StudyStore studies(**database);
  const store::JobStore jobs(**database);
  ASSERT_TRUE(testing::WaitFor([&] { return disk->failed_syncs > 0; })) << "nothing was synced";
  EXPECT_TRUE(studies.SeriesRevisions("1.2.3")->empty());
  EXPECT_TRUE(jobs.ListOfStudy("1.2.3")->empty());

  disk->sync_all_fails = false;
  EXPECT_TRUE(testing::WaitFor([&] { return jobs.ListOfStudy("1.2.3")->size() == 1; }));
  EXPECT_EQ(studies.SeriesRevisions("1.2.3")->front().close_reason, "declared_count");
  EXPECT_TRUE(scu.Release()) << "the Association was open all the time";
}

TEST(GatewayPipeline, AnswersSuccessToTheSameInstanceInAnotherStudyAndKeepsBoth) {
  const testing::TempDir folder;
  PipelineOptions options;
  options.worker_binary = "/bin/false";
  const auto pipeline = Pipeline::Start(Configured(folder.path()), options);
  ASSERT_TRUE(pipeline.ok()) << pipeline.error().ToString();
  RawScu scu((*pipeline)->dicom_port());
  ASSERT_TRUE(scu.Associate("AXIAL", "CT01", {{1, kSecondaryCapture, {kExplicitLittle}}}));
  for (const auto& [study, series] : {std::pair{"1.2.3", "1.2.3.1"}, std::pair{"1.2.4", "1.2.4.1"},
                                      std::pair{"1.2.5", "1.2.3.1"}}) {
    const std::string bytes = OnlyInstance(study, series);
    const auto answer = scu.Store(1, kSecondaryCapture, kInstance, bytes);
    ASSERT_TRUE(answer) << study;
    EXPECT_EQ(answer->status, 0) << study << ": it would be sent again for ever";
    int kept = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(folder.File("spool") + "/" + study))
      kept += testing::ReadWholeFile(entry.path()).ends_with(bytes);
    EXPECT_EQ(kept, 1) << study;
  }
  EXPECT_TRUE(scu.Release());
  const auto database = store::Database::Open(folder.File("axial.db"));
  ASSERT_TRUE(database.ok());
  const store::StudyStore studies(**database);
  EXPECT_EQ(studies.Find("1.2.3").value()->conflicting, 2) << "one of each of the others";
  EXPECT_EQ(studies.Find("1.2.4").value()->instances, 1);
  EXPECT_EQ(studies.Find("1.2.5").value()->instances, 0);
  EXPECT_EQ(studies.Find("1.2.5").value()->conflicting, 1);
}

}  // namespace
}  // namespace axial::pipeline
