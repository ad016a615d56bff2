#include <signal.h>

#include <fstream>
#include <sstream>

#include "tests/integration/dispatch/dispatch_fixture.h"

namespace axial::dispatch {
namespace {

using ::axial::store::JobState;
using ::axial::store::ReportState;

/// Failed Jobs and the worker without a model that reports them.
class FailureReportsTest : public DispatchTest {
 protected:
  config::ModelCard& AddNamedModel(const std::string& name, const std::string& behaviour) {
    AddModel(name, behaviour);
    cards.back().algorithm = {"Axial " + name, "Axial", "1.2", ""};
    return cards.back();
  }
  void ReporterDoes(const std::string& behaviour) const {
    std::ofstream(folder.File("reporter")) << behaviour;
  }
  /// What the gateway asked the reporter to write, one line each.
  [[nodiscard]] std::string Reported() const {
    std::ifstream in(folder.File("reported"));
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  [[nodiscard]] ReportState StateOf(std::int64_t job) const {
    const auto report = JobRow(job).failure_report;
    return report ? report->state : ReportState::kWithdrawn;
  }
  [[nodiscard]] bool WaitForReport(std::int64_t job, ReportState state) const {
    return WaitFor([&] { return StateOf(job) == state; });
  }
  /// Lets pauses pass until the report is there.
  [[nodiscard]] bool WaitForReportOverPauses(std::int64_t job, ReportState state) {
    for (int attempt = 1; attempt < store::kMaxAttempts; ++attempt) {
      const bool lost = WaitFor([&] {
        const auto report = JobRow(job).failure_report;
        return report && report->attempt == attempt && report->state == ReportState::kOwed;
      });
      if (!lost) return false;
      clock.Advance(std::chrono::minutes(1));
    }
    return WaitForReport(job, state);
  }
  std::vector<store::Delivery> OwedTo(const std::string& destination) const {
    return deliveries->Take(destination, 10, At(10'000)).value();
  }
};

TEST_F(FailureReportsTest, WhatTheWorkerRefusesIsReportedToThoseWhoWantIt) {
  AddNamedModel("lungs", "refuse");
  destinations["quiet"].results.report_failures = false;
  destinations["pacs"].results = {};
  const std::int64_t id = AddJobFor("lungs", {"pacs", "quiet"});
  StartDispatcher();
  ASSERT_TRUE(WaitForReport(id, ReportState::kProduced));
  EXPECT_EQ(JobRow(id).state, JobState::kFailed);
  const auto owed = OwedTo("pacs");
  ASSERT_EQ(owed.size(), 1U);
  EXPECT_EQ(owed[0].kind, "sr");
  EXPECT_TRUE(std::filesystem::is_regular_file(owed[0].path));
  EXPECT_TRUE(OwedTo("quiet").empty());
  EXPECT_EQ(Reported(),
            "not applicable, not one regular stack; Axial lungs 1.2 of Axial, digest "
            "'digest-of-lungs'; run 0, files 1, profiles 1\n");
  EXPECT_TRUE(WaitFor([&] { return produced_calls == 1; })) << "the deliverer is told";
  EXPECT_EQ(StartsOf("lungs"), 1);
}

TEST_F(FailureReportsTest, AModelThatCannotBeLoadedIsReportedWithoutLoadingIt) {
  AddNamedModel("lungs", "die_at_start");
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  ASSERT_TRUE(WaitForFailureAfterAllAttempts(id));
  ASSERT_TRUE(WaitForReport(id, ReportState::kProduced));
  EXPECT_EQ(Reported(),
            "failed, the model could not be loaded; Axial lungs 1.2 of Axial, digest ''; run "
            "0, files 1, profiles 1\n");
}

TEST_F(FailureReportsTest, AModelThatIsGoneIsReportedUnderTheNameThatTheRuleKnows) {
  AddNamedModel("lungs", "ok");
  const std::int64_t id = AddJobFor("spleen");
  StartDispatcher();
  ASSERT_TRUE(WaitForReport(id, ReportState::kProduced));
  EXPECT_EQ(Reported(),
            "failed, the model is not installed, or its description has errors; spleen 1 of "
            "unknown, digest ''; run 0, files 1, profiles 1\n");
}

TEST_F(FailureReportsTest, NobodyWhoWantsItMeansNoProcess) {
  AddNamedModel("lungs", "refuse");
  destinations["pacs"].results.report_failures = false;
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  ASSERT_TRUE(WaitForReport(id, ReportState::kNotWanted));
  EXPECT_EQ(Reported(), "");
  EXPECT_TRUE(OwedTo("pacs").empty());
}

TEST_F(FailureReportsTest, ACrashOfTheReporterCostsItOneAttemptAndNoWorkerItsPlace) {
  ReporterDoes("crash_once");
  AddNamedModel("lungs", "refuse");
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  ASSERT_TRUE(WaitFor([&] {
    const auto report = JobRow(id).failure_report;
    return report && report->state == ReportState::kOwed && report->attempt == 1;
  }));
  EXPECT_NE(JobRow(id).failure_report->error_message.find("SIGKILL"), std::string::npos);
  clock.Advance(std::chrono::minutes(1));
  ASSERT_TRUE(WaitForReport(id, ReportState::kProduced));
  EXPECT_EQ(JobRow(id).failure_report->attempt, 2);
  EXPECT_EQ(StartsOf("lungs"), 1);
}

struct Misbehaviour {
  const char* behaviour;
  const char* reason;
};
void PrintTo(const Misbehaviour& each, std::ostream* out) { *out << each.behaviour; }

class BrokenReporterTest : public FailureReportsTest,
                           public ::testing::WithParamInterface<Misbehaviour> {};

TEST_P(BrokenReporterTest, IsGivenUpAfterThreeAttemptsWithTheReason) {
  ReporterDoes(GetParam().behaviour);
  AddNamedModel("lungs", "refuse");
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  ASSERT_TRUE(WaitForReportOverPauses(id, ReportState::kFailed));
  EXPECT_NE(JobRow(id).failure_report->error_message.find(GetParam().reason), std::string::npos)
      << JobRow(id).failure_report->error_message;
  EXPECT_TRUE(OwedTo("pacs").empty());
  EXPECT_EQ(JobRow(id).state, JobState::kFailed);
}

INSTANTIATE_TEST_SUITE_P(Dispatch, BrokenReporterTest,
                         ::testing::Values(Misbehaviour{"crash", "SIGKILL"},
                                           Misbehaviour{"garbage", "broke the protocol"},
                                           Misbehaviour{"wrong_job", "broke the protocol"}),
                         [](const auto& each) { return std::string(each.param.behaviour); });

TEST_F(FailureReportsTest, AHangingReporterIsEndedAndItsAnswersAreNotBelievedBlindly) {
  ReporterDoes("hang_once");
  AddNamedModel("lungs", "refuse");
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  ASSERT_TRUE(WaitForReport(id, ReportState::kLeased));
  ASSERT_TRUE(WaitFor([&] {
    clock.Advance(std::chrono::minutes(1));
    return StateOf(id) != ReportState::kLeased;
  }));
  ASSERT_TRUE(WaitFor([&] {
    clock.Advance(std::chrono::seconds(1));
    return StateOf(id) == ReportState::kProduced;
  }));
}

TEST_F(FailureReportsTest, AFileThatIsNotThereIsNoReport) {
  ReporterDoes("no_file");
  AddNamedModel("lungs", "refuse");
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  ASSERT_TRUE(WaitForReport(id, ReportState::kFailed));
  EXPECT_NE(JobRow(id).failure_report->error_message.find("not there"), std::string::npos);
}

TEST_F(FailureReportsTest, AReportThatItsOwnCheckRefusedIsQuarantinedToo) {
  ReporterDoes("refuse_own_result");
  AddNamedModel("lungs", "refuse");
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  ASSERT_TRUE(WaitForReport(id, ReportState::kFailed));
  EXPECT_NE(JobRow(id).failure_report->error_message.find("; quarantined in "), std::string::npos);
  EXPECT_EQ(dispatcher->quarantine().List().size(), 1U);
  EXPECT_TRUE(OwedTo("pacs").empty());
}

TEST_F(FailureReportsTest, AMissingBinaryIsShown) {
  options.worker_binary = folder.File("no-such-worker");
  AddNamedModel("lungs", "ok");
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  ASSERT_TRUE(WaitForFailureAfterAllAttempts(id));
  ASSERT_TRUE(WaitForReportOverPauses(id, ReportState::kFailed));
  EXPECT_NE(JobRow(id).failure_report->error_message.find("no-such-worker"), std::string::npos);
}

TEST_F(FailureReportsTest, ARetryThatSucceedsIsToldWhatItReplaces) {
  AddNamedModel("lungs", "refuse");
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  ASSERT_TRUE(WaitForReport(id, ReportState::kProduced));
  const auto owed = OwedTo("pacs");
  ASSERT_EQ(owed.size(), 1U);
  AddNamedModel("lungs", "report_run");  // mended
  cards.erase(cards.begin());
  cards.front().version = "2";
  dispatcher->SetModels(cards);
  ASSERT_TRUE(WaitFor([&] { return StartsOf("lungs") == 2; }));
  ASSERT_TRUE(jobs->Retry(id, clock.Now()).ok());
  ASSERT_TRUE(WaitForState(id, JobState::kProduced));
  EXPECT_EQ(JobRow(id).summary, "run 0, files 1, profiles 1, replaces " + owed[0].sop_instance_uid);
}

TEST_F(FailureReportsTest, StopReturnsAReportAndTheNextStartWritesIt) {
  options.stop_grace = std::chrono::seconds(0);
  ReporterDoes("hang");
  AddNamedModel("lungs", "refuse");
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  ASSERT_TRUE(WaitForReport(id, ReportState::kLeased));
  dispatcher->Stop();
  EXPECT_EQ(StateOf(id), ReportState::kOwed);
  EXPECT_EQ(JobRow(id).failure_report->attempt, 0);
  ReporterDoes("ok");
  dispatcher.reset();
  StartDispatcher();
  ASSERT_TRUE(WaitForReport(id, ReportState::kProduced));
}

TEST_F(FailureReportsTest, ALeaseOfAnEarlierProcessIsTakenBackAtStart) {
  AddNamedModel("lungs", "ok");
  const std::int64_t id = AddJobFor("lungs");
  const store::Job job = jobs->Lease({"lungs"}, clock.Now(), std::chrono::hours(1))->value();
  ASSERT_TRUE(
      jobs->LoseAttempt(job, Error(ErrorCode::kInvalidInput, "no"), false, clock.Now(), {}).ok());
  ASSERT_TRUE(reports->Lease(clock.Now(), std::chrono::hours(1))->has_value());
  StartDispatcher();
  ASSERT_TRUE(WaitForReport(id, ReportState::kProduced));
  EXPECT_EQ(JobRow(id).failure_report->attempt, 2);
}

}  // namespace
}  // namespace axial::dispatch
