#include <filesystem>

#include "tests/integration/dispatch/dispatch_fixture.h"

namespace axial::dispatch {
namespace {

using ::axial::store::JobState;

struct Breach {
  const char* behaviour;
  const char* reason;   ///< part of the message kept with the Job
  const char* outcome;  ///< of the metric
};

void PrintTo(const Breach& breach, std::ostream* out) { *out << breach.behaviour; }

std::string NameOf(const ::testing::TestParamInfo<Breach>& info) { return info.param.behaviour; }

/// Workers that cannot be trusted: each costs its Job the attempt and is ended; the last reason
/// stays with the failed Job.
class BrokenWorkerTest : public DispatchTest, public ::testing::WithParamInterface<Breach> {};

TEST_P(BrokenWorkerTest, TheJobFailsAfterItsAttemptsWithTheReason) {
  AddModel("lungs", GetParam().behaviour);
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  ASSERT_TRUE(WaitForFailureAfterAllAttempts(id));
  EXPECT_NE(JobRow(id).error_message.find(GetParam().reason), std::string::npos)
      << JobRow(id).error_message;
  EXPECT_GE(Attempts(GetParam().outcome), store::kMaxAttempts);
}

INSTANTIATE_TEST_SUITE_P(
    Dispatch, BrokenWorkerTest,
    ::testing::Values(Breach{"crash", "killed by signal 9 (SIGKILL)", "crashed"},
                      Breach{"garbage", "broke the protocol", "crashed"},
                      Breach{"oversized", "broke the protocol", "crashed"},
                      Breach{"wrong_job", "broke the protocol", "crashed"},
                      Breach{"close_connection", "closed its connection", "crashed"},
                      Breach{"wrong_version", "the worker speaks protocol version", "start_failed"},
                      Breach{"die_at_start", "status 3 (it last said: weights.pt: not a Torch",
                             "start_failed"}),
    NameOf);

TEST_F(BrokenWorkerTest, AResultThatItsOwnCheckRefusedIsQuarantinedAndNeverSent) {
  destinations["pacs"].results.report_failures = false;
  AddModel("lungs", "refuse_own_result");
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  ASSERT_TRUE(WaitForState(id, JobState::kFailed));
  const std::string message = JobRow(id).error_message;
  const std::string marker = "segmentation: lacks voxels; quarantined in ";
  ASSERT_TRUE(message.starts_with(marker)) << message;
  EXPECT_TRUE(std::filesystem::exists(message.substr(marker.size()) + "/seg.dcm.refused"));

  ASSERT_TRUE(jobs->Retry(id, clock.Now()).ok());  // counts its attempts from 1 again
  ASSERT_TRUE(WaitForState(id, JobState::kFailed));
  const std::vector<QuarantinedAttempt> kept = dispatcher->quarantine().List();
  ASSERT_EQ(kept.size(), 2U) << "the second replaces the first";
  for (const QuarantinedAttempt& attempt : kept) {
    EXPECT_EQ(attempt.job, id);
    EXPECT_EQ(attempt.model, "lungs");
    EXPECT_EQ(attempt.reason, "segmentation: lacks voxels");
    EXPECT_TRUE(std::filesystem::exists(attempt.folder + "/seg.dcm.refused"));
  }
  EXPECT_EQ(metrics.GetCounter("axial_dispatch_quarantined_total", "").Value(), 2);
  EXPECT_TRUE(deliveries->Take("pacs", 10, At(1000))->empty());
}

/// Workers whose results cannot be believed: the Job fails at once, nothing is owed.
class BadArtifactsTest : public DispatchTest, public ::testing::WithParamInterface<Breach> {};

TEST_P(BadArtifactsTest, TheJobFailsAtOnceAndTheWorkerIsReplaced) {
  destinations["pacs"].results.report_failures = false;
  AddModel("lungs", GetParam().behaviour);
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  ASSERT_TRUE(WaitForState(id, JobState::kFailed));
  EXPECT_EQ(JobRow(id).error_code, "corrupt");
  EXPECT_NE(JobRow(id).error_message.find(GetParam().reason), std::string::npos)
      << JobRow(id).error_message;
  EXPECT_TRUE(deliveries->Take("pacs", 10, At(1000))->empty());
  EXPECT_EQ(produced_calls, 0);
  EXPECT_TRUE(WaitFor([&] { return StartsOf("lungs") == 2; }));
}

INSTANTIATE_TEST_SUITE_P(
    Dispatch, BadArtifactsTest,
    ::testing::Values(Breach{"escape", "not a plain one", "bad_artifacts"},
                      Breach{"no_file", "not there", "bad_artifacts"},
                      Breach{"wrong_profile", "for profile 1, but the job has", "bad_artifacts"},
                      Breach{"no_artifacts", "exactly one root SR per AI run", "bad_artifacts"}),
    NameOf);

/// A believable file, but not exactly one root report: kept for a person, never sent.
class ReportCountTest : public DispatchTest, public ::testing::WithParamInterface<Breach> {};

TEST_P(ReportCountTest, TheJobFailsAndWhatItMadeIsQuarantined) {
  destinations["pacs"].results.report_failures = false;
  AddModel("lungs", GetParam().behaviour);
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  ASSERT_TRUE(WaitForState(id, JobState::kFailed));
  EXPECT_EQ(JobRow(id).error_code, "corrupt");
  const std::vector<QuarantinedAttempt> kept = dispatcher->quarantine().List();
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_NE(kept[0].reason.find(GetParam().reason), std::string::npos) << kept[0].reason;
  ASSERT_FALSE(kept[0].files.empty());
  EXPECT_EQ(kept[0].files[0].name, "seg.dcm.refused");
  EXPECT_TRUE(deliveries->Take("pacs", 10, At(1000))->empty());
}

INSTANTIATE_TEST_SUITE_P(
    Dispatch, ReportCountTest,
    ::testing::Values(
        Breach{"no_report",
               "made 0 root SRs for pacs, which wants comprehensive_3d: there must be exactly one "
               "root SR per AI run",
               ""},
        Breach{"two_reports", "the root SR for pacs is of SOP Class 1.2.840.10008.5.1.4.1.1.88.33",
               ""},
        Breach{"other_report", "profile wants 1.2.840.10008.5.1.4.1.1.88.34", ""}),
    NameOf);

}  // namespace
}  // namespace axial::dispatch
