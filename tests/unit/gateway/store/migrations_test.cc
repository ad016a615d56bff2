#include "gateway/store/migrations.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "gateway/store/analysis_request_store.h"
#include "gateway/store/commitment_store.h"
#include "gateway/store/completion_store.h"
#include "gateway/store/performed_step_store.h"
#include "tests/unit/gateway/store/older_database.h"
#include "tests/unit/gateway/store/store_fixture.h"

namespace axial::store {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

/// A database of each schema, opened by this Axial: what was owed then is done now.
class MigrationsTest : public StoreTest, public ::testing::WithParamInterface<int> {
 protected:
  MigrationsTest() {
    database.reset();
    std::filesystem::rename(folder.File("axial.db"), folder.File("new.db"));
    WriteOlderDatabase(folder.File("axial.db"), GetParam(), folder.path());
    Reopen();
  }

  std::map<std::string, std::string> DeliveryStates() const {
    std::map<std::string, std::string> states;
    for (const Delivery& delivery : *deliveries->ListOfStudy("1.1"))
      states[delivery.sop_instance_uid] = delivery.state;
    return states;
  }

  JobState StateOfJob(std::int64_t id) const {
    for (const Job& job : *jobs->ListOfStudy("1.1"))
      if (job.id == id) return job.state;
    return JobState::kCancelled;
  }

  bool Since(int schema) const { return GetParam() >= schema; }
};

TEST_P(MigrationsTest, WhatIsOwedToADestinationIsDelivered) {
  EXPECT_EQ(deliveries->ReclaimSending().ok(), true);
  EXPECT_EQ(DeliveryStates().at("2.25.3"), "pending");
  ASSERT_TRUE(deliveries->RetryNow("pacs", At(0)).ok());  // a person: 2.25.4 was refused
  std::vector<std::string> sent;
  while (true) {
    const std::vector<Delivery> taken = deliveries->Take("pacs", 10, At(1)).value();
    if (taken.empty()) break;
    for (const Delivery& delivery : taken) {
      sent.push_back(delivery.sop_instance_uid);
      ASSERT_TRUE(deliveries->Store(delivery, At(1), At(1)).ok());
    }
  }
  EXPECT_THAT(sent, ElementsAre("2.25.2", "2.25.3", "2.25.4"));
  if (Since(5)) {
    EXPECT_EQ(deliveries->ApplyCommitment({"2.25.90", {"2.25.5", "2.25.6"}, {}}, At(2)).value(),
              (std::map<std::string, int>{{"pacs", 2}}));
  }
  EXPECT_EQ(StateOfJob(2), JobState::kProduced);
  for (const Delivery& delivery : *deliveries->TakeStored("pacs", 10, At(2), ""))
    ASSERT_TRUE(deliveries->Confirm(delivery, kByQuery, At(3)).ok());
  for (const auto& [uid, state] : DeliveryStates()) EXPECT_EQ(state, "confirmed") << uid;
  EXPECT_EQ(StateOfJob(2), JobState::kDelivered);
  EXPECT_EQ(deliveries->OwedTo("pacs")->pending, 0);
}

TEST_P(MigrationsTest, WhatWasToBeRunIsRun) {
  ASSERT_TRUE(jobs->ReclaimAllLeases(At(0)).ok());
  std::set<std::int64_t> run;
  while (const auto job = jobs->Lease({"model"}, At(1), std::chrono::minutes(1)).value()) {
    run.insert(job->id);
    EXPECT_EQ(job->attempt, 1) << "the end of the gateway cost an attempt";
    EXPECT_THAT(*jobs->InputFiles(*job), ElementsAre("/spool/1")) << "files of a later revision";
    const std::string uid = "2.25.3" + std::to_string(job->id);
    ASSERT_TRUE(
        jobs->Produce(*job, {{"seg", "/r/" + uid, "1.2", "2.25.7", uid, {"pacs"}}}, "", At(2))
            .ok());
    EXPECT_EQ(DeliveryStates().at(uid), "pending");
  }
  EXPECT_EQ(run, (std::set<std::int64_t>{3, 4}));
  ASSERT_TRUE(jobs->Retry(5, At(3)).ok());
  EXPECT_EQ(jobs->Lease({"model"}, At(3), std::chrono::minutes(1)).value()->id, 5);
  EXPECT_FALSE(jobs->Retry(1, At(3)).ok()) << "it was delivered";
}

TEST_P(MigrationsTest, AFailureReportThatIsOwedIsWritten) {
  const auto report = reports->Lease(At(1), std::chrono::minutes(1)).value();
  EXPECT_EQ(report.has_value(), Since(3));
  if (report) {
    EXPECT_EQ(report->job.id, 5);
  }
}

TEST_P(MigrationsTest, TheOpenRevisionTakesInstancesAndIsClosedAndRouted) {
  const auto again =
      studies->AddInstance(MakeInstance("1.1", "1.1.1", "1.1.1.2", std::string(63, '0') + "2", 10));
  EXPECT_EQ(again->outcome, AddOutcome::kDuplicate);
  EXPECT_EQ(studies->AddInstance(MakeInstance("1.1", "1.1.1", "1.1.1.3", "c", 10))->outcome,
            AddOutcome::kAdded);
  const std::vector<Revision> open = studies->Revisions("open", 10).value();
  ASSERT_THAT(open, SizeIs(1));
  EXPECT_EQ(open[0].number, 2);
  ASSERT_TRUE(studies->CloseRevision(open[0], "quiet", At(11)).ok());
  const NewJob job{"key 6", "1.1.1", "rule", "model", "1", 1, {"pacs"}};
  EXPECT_EQ(
      studies->RecordRouting(studies->Revisions("closed", 10)->front(), {}, {job}, At(12)).value(),
      1);
  EXPECT_EQ(CompletionStore(*database).Habits(10)->size(), Since(8) ? 1U : 0U);
}

TEST_P(MigrationsTest, AModalityIsToldWhatItAskedFor) {
  CommitmentStore commitments(*database);
  EXPECT_EQ(commitments.ReclaimSending(At(0)).value(), Since(6) ? 1 : 0);
  const auto due = commitments.TakeDue(At(1)).value();
  ASSERT_EQ(due.has_value(), Since(6));
  if (!due) return;
  std::ofstream(folder.File("1")) << std::string(100, 'x');
  SQLite::Database(folder.File("axial.db"), SQLite::OPEN_READWRITE)
      .exec("UPDATE instance SET path = '" + folder.File("1") + "' WHERE id = 1");
  const CommitmentReport report = commitments.Report(due->id).value();
  EXPECT_EQ(report.transaction_uid, "2.25.91");
  EXPECT_THAT(report.committed, SizeIs(1));
  EXPECT_THAT(report.failed, SizeIs(1));
  EXPECT_TRUE(commitments.Confirm(*due, report, kNewAssociation, At(2)).ok());
}

TEST_P(MigrationsTest, StepsAndRequestsAreThere) {
  PerformedStepStore steps(*database);
  EXPECT_EQ(steps.ListOfStudy("1.1")->size(), Since(4) ? 1U : 0U);
  EXPECT_EQ(AnalysisRequestStore(*database).ListOfStudy("1.1", 10)->size(), Since(9) ? 1U : 0U);
}

TEST_P(MigrationsTest, TheSchemaIsThatOfANewDatabase) {
  const auto schema_of = [&](const std::string& file) {
    SQLite::Database db(folder.File(file));
    std::vector<std::string> lines;
    SQLite::Statement rows(db,
                           "SELECT m.type || ' ' || m.name || ' ' || coalesce((SELECT "
                           "group_concat(name || ' ' || type || ' ' || \"notnull\") FROM "
                           "pragma_table_info(m.name)), '') FROM sqlite_schema m ORDER BY 1");
    while (rows.executeStep()) lines.push_back(rows.getColumn(0).getString());
    return lines;
  };
  EXPECT_EQ(schema_of("axial.db"), schema_of("new.db"));
  SQLite::Database db(folder.File("axial.db"));
  EXPECT_EQ(db.execAndGet("PRAGMA user_version").getInt(), NewestSchema());
  EXPECT_EQ(db.execAndGet("PRAGMA integrity_check").getString(), "ok");
  SQLite::Statement broken(db, "PRAGMA foreign_key_check");
  EXPECT_FALSE(broken.executeStep()) << broken.getColumn(0).getString();
}

INSTANTIATE_TEST_SUITE_P(EachSchema, MigrationsTest, ::testing::Range(1, NewestSchema() + 1));

}  // namespace
}  // namespace axial::store
