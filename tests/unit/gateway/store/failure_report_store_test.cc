#include "gateway/store/failure_report_store.h"

#include <algorithm>

#include "gateway/store/artifact_rows.h"
#include "tests/unit/gateway/store/store_fixture.h"

namespace axial::store {
namespace {

constexpr Duration kLease = std::chrono::seconds(60);
const Error kNotAStack(ErrorCode::kInvalidInput, "not a stack");

using Uids = std::vector<std::string>;

class FailureReportTest : public StoreTest {
 protected:
  /// Leases the next due Job and fails it at once.
  Job Fail(int at, const FailureDetail& detail = {FailureCause::kError},
           const Error& reason = kNotAStack) {
    const Job job = jobs->Lease({"model"}, At(at), kLease).value().value();
    EXPECT_TRUE(jobs->LoseAttempt(job, reason, false, At(at), detail).ok());
    return job;
  }
  LeasedReport LeaseReport(int at) { return reports->Lease(At(at), kLease).value().value(); }
  bool NothingOwed(int at) { return !reports->Lease(At(at), kLease).value().has_value(); }

  static ProducedArtifact Document(const std::string& uid) {
    return {"sr", "/r/" + uid, "1.2.840", "2.25.9", uid, {"pacs", "web"}};
  }
  /// Writes the next owed report as this document.
  LeasedReport Report(const std::string& uid, int at) {
    LeasedReport report = LeaseReport(at);
    EXPECT_TRUE(reports->Produce(report, {Document(uid)}, At(at)).ok());
    return report;
  }
  Job Run(const std::string& uid, int at) {
    const Job job = jobs->Lease({"model"}, At(at), kLease).value().value();
    EXPECT_TRUE(jobs->Produce(job, {Document(uid)}, "", At(at)).ok());
    return job;
  }
  Job Row(std::int64_t id) const {
    for (Job& job : jobs->ListOfStudy("1.1").value())
      if (job.id == id) return std::move(job);
    ADD_FAILURE() << id;
    return {};
  }
  ReportState StateOf(std::int64_t job) const { return Row(job).failure_report.value().state; }
  static Uids UidsOf(const std::vector<EarlierArtifact>& artifacts) {
    Uids uids;
    for (const EarlierArtifact& artifact : artifacts) uids.push_back(artifact.sop_instance_uid);
    return uids;
  }
  Uids OwedTo(const std::string& destination, int at) {
    Uids uids;
    for (const Delivery& delivery : deliveries->Take(destination, 10, At(at)).value())
      uids.push_back(delivery.sop_instance_uid);
    return uids;
  }
};

TEST_F(FailureReportTest, AJobThatFailsOwesAReportInTheSameTransaction) {
  const Job job = AddJob({"pacs"});
  EXPECT_FALSE(Row(job.id).failure_report.has_value());
  EXPECT_TRUE(NothingOwed(4));
  Fail(5, {FailureCause::kNotApplicable, "digest"});
  Reopen();
  EXPECT_EQ(StateOf(job.id), ReportState::kOwed);
  EXPECT_EQ(reports->NextDue().value(), TimePoint{});
  const LeasedReport report = LeaseReport(6);
  EXPECT_EQ(report.attempt, 1);
  EXPECT_EQ(report.cause, FailureCause::kNotApplicable);
  EXPECT_EQ(report.reason, "not a stack");
  EXPECT_EQ(report.model_digest, "digest");
  EXPECT_EQ(report.job.id, job.id);
  EXPECT_TRUE(NothingOwed(6)) << "one lease at a time";
  EXPECT_EQ(StateOf(job.id), ReportState::kLeased);
}

TEST_F(FailureReportTest, EveryWayIntoFailedOwesOne) {
  const Job crashing = AddJob({"pacs"});
  for (int attempt = 1; attempt <= kMaxAttempts; ++attempt) {
    EXPECT_FALSE(Row(crashing.id).failure_report.has_value()) << "not while attempts are left";
    ASSERT_TRUE(jobs->Lease({"model"}, At(100 * attempt), kLease)->has_value());
    EXPECT_EQ(jobs->ReclaimLeases(At(100 * attempt + 99)).value(), 1);
  }
  EXPECT_EQ(Row(crashing.id).failure_report.value().cause, FailureCause::kInterrupted);
  const Job orphan = AddLateJob({"pacs"});
  EXPECT_EQ(jobs->FailQueuedWithoutModel({}, At(900)).value(), 1);
  EXPECT_EQ(Row(orphan.id).failure_report.value().cause, FailureCause::kModelMissing);
  EXPECT_EQ(Row(orphan.id).failure_report.value().reason.find("axial models"), std::string::npos)
      << "the administrator's remedy is not for radiologists";
  EXPECT_NE(Row(orphan.id).error_message.find("axial models"), std::string::npos);
}

TEST_F(FailureReportTest, TheDocumentIsDeliveredAndTheJobStaysFailed) {
  const Job job = AddJob({"pacs", "web", "other"});
  Fail(5);
  Report("2.25.1", 6);
  EXPECT_EQ(StateOf(job.id), ReportState::kProduced);
  for (const std::string to : {"pacs", "web"}) {
    const auto owed = deliveries->Take(to, 10, At(7)).value();
    ASSERT_EQ(owed.size(), 1U);
    EXPECT_EQ(owed[0].job_id, job.id);
    ASSERT_TRUE(deliveries->Confirm(owed[0], kByStatus, At(8)).ok());
  }
  EXPECT_EQ(OwedTo("other", 8), Uids{});
  EXPECT_EQ(Row(job.id).state, JobState::kFailed);
  const std::vector<EventRow> events = studies->Events("1.1", 100).value();
  EXPECT_TRUE(std::any_of(events.begin(), events.end(), [](const EventRow& event) {
    return event.kind == "failure_report_produced";
  }));
}

TEST_F(FailureReportTest, NobodyWhoWantsItIsAnEndToo) {
  const Job job = AddJob({"pacs"});
  Fail(5);
  ASSERT_TRUE(reports->Produce(LeaseReport(6), {}, At(7)).ok());
  EXPECT_EQ(StateOf(job.id), ReportState::kNotWanted);
  EXPECT_TRUE(NothingOwed(8));
  EXPECT_EQ(OwedTo("pacs", 8), Uids{});
}

TEST_F(FailureReportTest, ARetryWithdrawsWhatIsNotMadeYet) {
  const Job job = AddJob({"pacs"});
  Fail(5);
  ASSERT_TRUE(jobs->Retry(job.id, At(6)).ok());
  EXPECT_EQ(StateOf(job.id), ReportState::kWithdrawn);
  EXPECT_TRUE(NothingOwed(7));

  Fail(8);
  const LeasedReport report = LeaseReport(9);
  ASSERT_TRUE(jobs->Retry(job.id, At(10)).ok());
  EXPECT_EQ(reports->Produce(report, {Document("2.25.1")}, At(11)).error().code(),
            ErrorCode::kConflict)
      << "its writer drops its work";
  EXPECT_EQ(reports->LoseAttempt(report, kNotAStack, false, At(11)).error().code(),
            ErrorCode::kConflict);
  EXPECT_EQ(reports->ReturnLease(report, At(11)).error().code(), ErrorCode::kConflict);
  EXPECT_EQ(OwedTo("pacs", 12), Uids{});
}

TEST_F(FailureReportTest, ALaterSuccessNamesItAndArrivesAfterIt) {
  const Job job = AddJob({"pacs", "web"});
  Fail(5);
  Report("2.25.1", 6);
  const Delivery first = deliveries->Take("pacs", 10, At(7))->front();
  ASSERT_TRUE(deliveries->Postpone(first, Error(ErrorCode::kUnavailable, "away"), At(50)).ok());
  const Delivery refused = deliveries->Take("web", 10, At(7))->front();
  ASSERT_TRUE(deliveries->Refuse(refused, Error(ErrorCode::kUnsupported, "no"), At(8)).ok());
  ASSERT_TRUE(jobs->Retry(job.id, At(9)).ok());
  EXPECT_EQ(UidsOf(jobs->Predecessors(Row(job.id)).value()), Uids{"2.25.1"});
  Run("2.25.2", 10);
  EXPECT_EQ(UidsOf(jobs->Predecessors(Row(job.id)).value()), Uids{"2.25.1"}) << "a look back";
  EXPECT_EQ(OwedTo("pacs", 11), Uids{}) << "it waits for what it replaces";
  EXPECT_EQ(deliveries->NextDue("pacs").value(), At(50));
  const Delivery again = deliveries->Take("pacs", 10, At(51))->front();
  EXPECT_EQ(again.sop_instance_uid, "2.25.1");
  ASSERT_TRUE(deliveries->Confirm(again, kByStatus, At(52)).ok());
  EXPECT_EQ(Row(job.id).state, JobState::kProduced) << "the report is not its result";
  for (const std::string to : {"pacs", "web"}) {
    const auto owed = deliveries->Take(to, 10, At(53)).value();
    ASSERT_EQ(owed.size(), 1U) << to;
    EXPECT_EQ(owed[0].sop_instance_uid, "2.25.2");
    ASSERT_TRUE(deliveries->Confirm(owed[0], kByStatus, At(54)).ok());
  }
  EXPECT_EQ(Row(job.id).state, JobState::kDelivered) << "though web refused the report";
}

TEST_F(FailureReportTest, TheSameFailureAgainIsNotToldTwiceAndAnotherOneReplacesIt) {
  const Job job = AddJob({"pacs"});
  Fail(5, {FailureCause::kTimeout});
  Report("2.25.1", 6);
  ASSERT_TRUE(jobs->Retry(job.id, At(7)).ok());
  Fail(8, {FailureCause::kTimeout}, Error(ErrorCode::kInternal, "told alike"));
  EXPECT_TRUE(NothingOwed(9));
  EXPECT_EQ(StateOf(job.id), ReportState::kProduced);
  ASSERT_TRUE(jobs->Retry(job.id, At(10)).ok());
  Fail(11, {FailureCause::kCrashed});
  EXPECT_EQ(UidsOf(reports->Predecessors(Row(job.id)).value()), Uids{"2.25.1"});
  Report("2.25.2", 12);
  ASSERT_TRUE(jobs->Retry(job.id, At(13)).ok());
  EXPECT_EQ(UidsOf(jobs->Predecessors(Row(job.id)).value()), (Uids{"2.25.1", "2.25.2"}));
}

/// A picture of every slice must not push the report out of what the next result names.
TEST_F(FailureReportTest, IsNamedAfterAResultOfMoreThanAThousandObjects) {
  AddJob({"pacs"});
  std::vector<ProducedArtifact> artifacts = {
      {"sr", "/r/sr", "1.2.840", "2.25.9", "2.25.1", {"pacs"}}};
  for (int i = 0; i < kMaxPredecessors; ++i)
    artifacts.push_back({"secondary_capture",
                         "/r/sc",
                         "1.2.841",
                         "2.25.8",
                         "2.25.7." + std::to_string(i),
                         {"pacs"}});
  const Job first = jobs->Lease({"model"}, At(5), kLease).value().value();
  ASSERT_TRUE(jobs->Produce(first, artifacts, "", At(5)).ok());
  const Job second = AddLateJob({"pacs"});
  Fail(6);
  Report("2.25.2", 7);
  ASSERT_TRUE(jobs->Retry(second.id, At(8)).ok());
  const Uids named = UidsOf(jobs->Predecessors(Row(second.id)).value());
  ASSERT_EQ(named.size(), static_cast<std::size_t>(kMaxPredecessors));
  EXPECT_EQ(Uids(named.begin(), named.begin() + 3), (Uids{"2.25.1", "2.25.2", "2.25.7.0"}));
}

TEST_F(FailureReportTest, ALaterRevisionReplacesItAndNoFailureReplacesAResult) {
  const Job first = AddJob({"pacs"});
  Fail(5);
  Report("2.25.1", 6);
  const Job second = AddLateJob({"pacs"});
  EXPECT_EQ(UidsOf(jobs->Predecessors(second).value()), Uids{"2.25.1"});
  Run("2.25.2", 7);
  EXPECT_EQ(Row(first.id).superseded_by, second.id);
  const Job third = AddLateJob({"pacs"});
  Fail(8);
  EXPECT_EQ(UidsOf(reports->Predecessors(Row(third.id)).value()), Uids{})
      << "the result of the earlier images stays true";
  Report("2.25.3", 9);
  EXPECT_EQ(Row(second.id).superseded_by, 0);
  const Job fourth = AddLateJob({"pacs"});
  EXPECT_EQ(UidsOf(jobs->Predecessors(fourth).value()), (Uids{"2.25.2", "2.25.3"}));
}

TEST_F(FailureReportTest, ARunningLaterRevisionWithdrawsTheReportOfTheEarlierOne) {
  const Job first = AddJob({"pacs"});
  Fail(5);
  AddLateJob({"pacs"});
  EXPECT_EQ(StateOf(first.id), ReportState::kOwed);
  const Job second = jobs->Lease({"model"}, At(6), kLease).value().value();
  EXPECT_EQ(StateOf(first.id), ReportState::kWithdrawn);
  ASSERT_TRUE(jobs->LoseAttempt(second, kNotAStack, false, At(7), {}).ok());
  EXPECT_EQ(LeaseReport(8).job.id, second.id);
  EXPECT_TRUE(NothingOwed(8));
}

TEST_F(FailureReportTest, TwoRulesThatAskForTheSameRunShareItsDocument) {
  AddJob({"pacs", "web"}, {"second rule"});
  Fail(5);
  Report("2.25.1", 6);
  Fail(7);
  Report("2.25.1", 8);
  EXPECT_EQ(OwedTo("pacs", 9), Uids{"2.25.1"});
  EXPECT_EQ(jobs->ListOfStudy("1.1")->size(), 2U);
}

TEST_F(FailureReportTest, NoDestinationGetsAResultAndAFailureOfTheSameRun) {
  AddJob({"pacs"}, {"second rule"});
  Run("2.25.2", 5);
  Fail(6);
  Report("2.25.3", 7);
  EXPECT_EQ(OwedTo("pacs", 8), Uids{"2.25.2"});
}

TEST_F(FailureReportTest, AReportGetsThreeAttemptsAndItsFailureIsKept) {
  const Job job = AddJob({"pacs"});
  Fail(5);
  for (int attempt = 1; attempt <= kMaxAttempts; ++attempt) {
    const LeasedReport report = LeaseReport(100 * attempt);
    EXPECT_EQ(report.attempt, attempt);
    ASSERT_TRUE(reports
                    ->LoseAttempt(report, Error(ErrorCode::kInternal, "signal 9"), true,
                                  At(100 * attempt + 1))
                    .ok());
    if (attempt < kMaxAttempts) {
      EXPECT_TRUE(NothingOwed(100 * attempt + 1)) << "a pause";
    }
  }
  EXPECT_EQ(StateOf(job.id), ReportState::kFailed);
  EXPECT_EQ(Row(job.id).failure_report.value().error_message, "signal 9");
  EXPECT_EQ(reports->CountByState().value(),
            (std::vector<std::pair<std::string, std::int64_t>>{{"failed", 1}}));
  ASSERT_TRUE(jobs->Retry(job.id, At(900)).ok());
  EXPECT_EQ(StateOf(job.id), ReportState::kWithdrawn);
}

TEST_F(FailureReportTest, ALastingErrorFailsItAtOnceAndAStopCostsNoAttempt) {
  const Job job = AddJob({"pacs"});
  Fail(5);
  ASSERT_TRUE(reports->ReturnLease(LeaseReport(6), At(7)).ok());
  const LeasedReport report = LeaseReport(8);
  EXPECT_EQ(report.attempt, 1);
  ASSERT_TRUE(reports->LoseAttempt(report, kNotAStack, false, At(9)).ok());
  EXPECT_EQ(StateOf(job.id), ReportState::kFailed);
}

TEST_F(FailureReportTest, LeasesOfADeadProcessAreTakenBackThreeTimes) {
  const Job job = AddJob({"pacs"});
  Fail(5);
  for (int attempt = 1; attempt <= kMaxAttempts; ++attempt) {
    ASSERT_EQ(LeaseReport(100 * attempt).attempt, attempt);
    EXPECT_EQ(reports->ReclaimLeases(At(100 * attempt + 1), false).value(), 0);
    Reopen();
    EXPECT_EQ(reports->ReclaimLeases(At(100 * attempt + 2), true).value(), 1);
  }
  EXPECT_EQ(StateOf(job.id), ReportState::kFailed);
}

}  // namespace
}  // namespace axial::store
