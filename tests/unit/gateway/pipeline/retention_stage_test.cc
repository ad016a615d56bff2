#include "gateway/pipeline/retention_stage.h"

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "gateway/store/delivery_store.h"
#include "gateway/store/job_store.h"
#include "gateway/store/study_store.h"
#include "tests/support/temp_dir.h"

namespace axial::pipeline {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kKeep = std::chrono::hours(24 * 7);

TimePoint At(int seconds) { return TimePoint(std::chrono::seconds(1'000'000 + seconds)); }

class RetentionStageTest : public ::testing::Test {
 protected:
  RetentionStageTest() {
    EXPECT_TRUE(spool->Prepare().ok());
    Reopen();
  }

  /// As after a kill: whatever was in hand is gone.
  void Reopen() {
    stage.reset();
    retention.reset();
    studies.reset();
    jobs.reset();
    deliveries.reset();
    database.reset();
    database = store::Database::Open(folder.File("axial.db")).value();
    studies = std::make_unique<store::StudyStore>(*database);
    jobs = std::make_unique<store::JobStore>(*database);
    deliveries = std::make_unique<store::DeliveryStore>(*database);
    retention = std::make_unique<store::RetentionStore>(*database);
    metrics = std::make_unique<Metrics>();
    stage = std::make_unique<RetentionStage>(
        *retention, *spool,
        RetentionStage::Options{folder.File("results"), kKeep, reserve_bytes, metrics.get(),
                                [this](const std::string& uid) { told.push_back(uid); }});
  }

  /// As reception does it; the place is held as long as the row is not written.
  Result<store::AddedInstance> Receive(const std::string& study, const std::string& sop,
                                       int seconds, std::string* path = nullptr) {
    AXIAL_ASSIGN_OR_RETURN(auto file, spool->Create());
    AXIAL_RETURN_IF_ERROR(file->Write("0123456789"));
    AXIAL_ASSIGN_OR_RETURN(const receive::SpoolPlace place,
                           spool->Commit(std::move(file), study, sop + ".sha.dcm", false));
    AttributeSet attributes;
    attributes["Modality"] = {"CS", {"CT"}};
    const store::NewInstance instance{
        InstanceHeader{Uid::Parse(study).value(), Uid::Parse(study + ".1").value(),
                       Uid::Parse(sop).value(), Uid::Parse("1.2.840.10008.5.1.4.1.1.2").value(),
                       "1.2.840.10008.1.2.1", 1, attributes},
        "sha",
        place.path,
        10,
        "CT01",
        "AXIAL",
        "127.0.0.1",
        At(seconds),
        /*durable_file=*/false};
    auto added = studies->AddInstance(instance);
    // This is what the sender is told; here the file must be there, whoever removes what.
    if (added.ok() && !fs::exists(place.path))
      return MakeError(ErrorCode::kInternal, "acknowledged, and not there: {}", place.path);
    if (path != nullptr) *path = place.path;
    return added;
  }

  void CloseAndRoute(const std::vector<store::NewJob>& wanted, int seconds) {
    for (const auto& open : studies->Revisions("open", 10).value())
      (void)studies->CloseRevision(open, "quiet", At(seconds));  // Conflict: it grew meanwhile
    for (const auto& closed : studies->Revisions("closed", 10).value())
      EXPECT_TRUE(studies->RecordRouting(closed, {}, wanted, At(seconds)).ok());
  }

  /// Study 1.2 with one Instance and one result of 5 bytes, owed to pacs.
  void MakeResult() {
    ASSERT_TRUE(Receive("1.2", "1.2.1.1", 0, &instance_path).ok());
    CloseAndRoute({{"key", "1.2.1", "rule", "model", "1", 1, {"pacs"}}}, 1);
    const store::Job job = jobs->Lease({"model"}, At(2), std::chrono::seconds(60)).value().value();
    const fs::path made = fs::path(folder.File("results")) / std::to_string(job.id) / "1";
    fs::create_directories(made);
    result_path = made / "seg.dcm";
    std::ofstream(result_path) << "bytes";
    ASSERT_TRUE(
        jobs->Produce(job, {{"seg", result_path, "1.2.3", "2.25.1", "2.25.2", {"pacs"}}}, "", At(3))
            .ok());
  }
  void Deliver(int seconds) {
    const auto taken = deliveries->Take("pacs", 1, At(seconds)).value();
    ASSERT_TRUE(deliveries->Confirm(taken.at(0), store::kByStatus, At(seconds)).ok());
  }
  void Run(TimePoint now) {
    const auto next = stage->RunOnce(now);
    ASSERT_TRUE(next.ok()) << next.error().ToString();
  }

  testing::TempDir folder;
  std::unique_ptr<receive::SpoolDisk> spool = receive::MakeFolderSpoolDisk(folder.File("spool"));
  std::int64_t reserve_bytes = 0;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<store::StudyStore> studies;
  std::unique_ptr<store::JobStore> jobs;
  std::unique_ptr<store::DeliveryStore> deliveries;
  std::unique_ptr<store::RetentionStore> retention;
  std::unique_ptr<Metrics> metrics;
  std::unique_ptr<RetentionStage> stage;
  std::vector<std::string> told;
  std::string instance_path;
  fs::path result_path;
};

TEST_F(RetentionStageTest, RemovesInstancesAndResultsWhenDeliveredAndOlderThanKeep) {
  MakeResult();
  Deliver(10);
  Run(At(10) + kKeep);
  EXPECT_TRUE(fs::exists(instance_path));
  EXPECT_TRUE(fs::exists(result_path));
  Run(At(11) + kKeep + std::chrono::minutes(1));
  EXPECT_FALSE(fs::exists(fs::path(instance_path).parent_path()));
  EXPECT_FALSE(fs::exists(result_path.parent_path().parent_path()));
  EXPECT_THAT(told, ElementsAre("1.2"));
  EXPECT_THAT(retention->Removing(10).value(), IsEmpty());
  const std::string text = metrics->Serialize();
  EXPECT_THAT(text, HasSubstr("axial_pipeline_removed_studies_total 1\n"));
  EXPECT_THAT(text, HasSubstr("axial_pipeline_removed_files_total 2\n"));
  EXPECT_THAT(text, HasSubstr("axial_pipeline_removed_bytes_total 15\n"));
  EXPECT_THAT(text, HasSubstr("axial_pipeline_held_studies 0\n"));
}

TEST_F(RetentionStageTest, KeepsWhatIsOwedHoweverOldAndHoweverFullTheDisk) {
  reserve_bytes = std::int64_t{1} << 60;  // more than any disk has: always below it
  Reopen();
  MakeResult();
  for (int year = 1; year < 4; ++year) Run(At(0) + std::chrono::hours(24 * 365 * year));
  EXPECT_TRUE(fs::exists(instance_path));
  EXPECT_TRUE(fs::exists(result_path));
  EXPECT_THAT(metrics->Serialize(), HasSubstr("axial_pipeline_held_studies 1\n"));
  EXPECT_EQ(stage->held(), 1);
}

TEST_F(RetentionStageTest, BelowTheReserveItLooksInEveryRoundAndStillKeepsWhatIsYoung) {
  MakeResult();
  Run(At(9) + kKeep);  // looks again in a minute
  Deliver(10);
  Run(At(11) + kKeep);
  EXPECT_TRUE(fs::exists(instance_path));
  reserve_bytes = std::int64_t{1} << 60;
  Reopen();
  Run(At(0) + kKeep);
  EXPECT_TRUE(fs::exists(instance_path));
  Run(At(11) + kKeep);  // one minute has not passed
  EXPECT_FALSE(fs::exists(instance_path));
}

TEST_F(RetentionStageTest, ShorterKeepCountsAtOnce) {
  MakeResult();
  Deliver(10);
  Run(At(20));
  EXPECT_TRUE(fs::exists(instance_path));
  stage->SetKeep(std::chrono::seconds(5));
  Run(At(20));
  EXPECT_FALSE(fs::exists(instance_path));
}

TEST_F(RetentionStageTest, GoesOnWithTheFilesAfterAKillBetweenRowsAndFiles) {
  MakeResult();
  Deliver(10);
  ASSERT_TRUE(retention->Remove("1.2", At(11), At(12)).ok());
  Reopen();
  ASSERT_TRUE(fs::exists(instance_path));
  Run(At(13));  // long before `keep` is over: what the rows say is gone, goes
  EXPECT_FALSE(fs::exists(instance_path));
  EXPECT_FALSE(fs::exists(result_path));
  EXPECT_THAT(retention->Removing(10).value(), IsEmpty());
}

TEST_F(RetentionStageTest, WhatCameAgainAfterAKillStaysWhenTheRestGoes) {
  ASSERT_TRUE(Receive("1.2", "1.2.1.7", 0).ok());
  MakeResult();
  Deliver(10);
  ASSERT_TRUE(retention->Remove("1.2", At(11), At(12)).ok());
  Reopen();
  std::string path;
  const auto again = Receive("1.2", "1.2.1.1", 13, &path);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->outcome, store::AddOutcome::kAdded);
  Run(At(14));
  EXPECT_TRUE(fs::exists(path));
  EXPECT_FALSE(fs::exists(fs::path(path).parent_path() / "1.2.1.7.sha.dcm"));
  EXPECT_FALSE(fs::exists(result_path));
}

TEST_F(RetentionStageTest, SaysWhatKeepsFilesFromBeingRemovedAndTriesAgain) {
  MakeResult();
  Deliver(10);
  // A folder where the file was cannot be removed like one.
  fs::remove(instance_path);
  fs::create_directories(fs::path(instance_path) / "in the way");
  Run(At(11) + kKeep);
  EXPECT_THAT(stage->Trouble(), HasSubstr("study 1.2"));
  EXPECT_THAT(retention->Removing(10).value(), ElementsAre("1.2"));
  fs::remove_all(instance_path);
  Run(At(72) + kKeep);
  EXPECT_EQ(stage->Trouble(), "");
  EXPECT_THAT(retention->Removing(10).value(), IsEmpty());
  EXPECT_FALSE(fs::exists(result_path));
}

/// Senders repeat the same Instances while everything that is routed is removed at once: whatever
/// was acknowledged is there at that moment, and every row has its file in the end.
TEST_F(RetentionStageTest, NeverTakesAnInstanceThatArrivesAtThatMoment) {
  constexpr std::int64_t kRemovals = 10;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  stage->SetKeep(-kKeep);  // everything is old enough
  std::atomic<std::int64_t> removals = 0;
  std::atomic<bool> done = false;
  std::vector<std::string> faults[2];
  const auto over = [&] {
    return removals >= kRemovals || std::chrono::steady_clock::now() > deadline;
  };
  std::atomic<std::int64_t> routed = 0;
  const auto send = [&](std::vector<std::string>& mine) {
    for (int i = 0; !over(); ++i) {
      const std::int64_t before = routed;
      const auto added = Receive("1.2", "1.2.1." + std::to_string(1 + i % 3), 0);
      if (!added.ok()) mine.push_back(added.error().ToString());
      // The next one comes when the study may go.
      while (routed == before && !over()) std::this_thread::yield();
    }
  };
  std::thread one([&] { send(faults[0]); });
  std::thread other([&] { send(faults[1]); });
  std::thread closer([&] {
    while (!done) {
      CloseAndRoute({}, 0);
      ++routed;
    }
  });
  std::thread remover([&] {
    for (int round = 0; !done; ++round) {
      EXPECT_TRUE(stage->RunOnce(At(0) + std::chrono::minutes(round)).ok());
      removals = static_cast<std::int64_t>(told.size());
    }
  });
  one.join();
  other.join();
  done = true;
  closer.join();
  remover.join();
  EXPECT_THAT(faults[0], IsEmpty());
  EXPECT_THAT(faults[1], IsEmpty());
  const fs::path study = fs::path(folder.File("spool")) / "1.2";
  for (const std::string& name : retention->FilesOf("1.2").value())
    EXPECT_TRUE(fs::exists(study / name)) << name;
  EXPECT_GE(removals, kRemovals) << "too little was removed, so too little was tested";
}

}  // namespace
}  // namespace axial::pipeline
