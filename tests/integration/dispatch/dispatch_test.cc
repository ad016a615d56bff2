#include <signal.h>
#include <unistd.h>

#include <filesystem>

#include "gateway/store/delivery_store.h"
#include "tests/integration/dispatch/dispatch_fixture.h"

namespace axial::dispatch {
namespace {

using ::axial::store::Job;
using ::axial::store::JobState;

TEST_F(DispatchTest, AJobBecomesArtifactsAndDeliveries) {
  AddModel("lungs", "ok");
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  ASSERT_TRUE(WaitForState(id, JobState::kProduced));
  const Job job = JobRow(id);
  EXPECT_EQ(job.attempt, 1);
  EXPECT_EQ(job.summary, "two lungs");
  const auto owed = deliveries->Take("pacs", 10, At(1000)).value();
  ASSERT_EQ(owed.size(), 2U);
  EXPECT_EQ(owed[0].kind, "seg");
  EXPECT_EQ(owed[0].path, options.results_directory + "/" + std::to_string(id) + "/1/seg.dcm");
  EXPECT_TRUE(std::filesystem::is_regular_file(owed[1].path));
  EXPECT_TRUE(WaitFor([&] { return produced_calls == 1; }));
  EXPECT_EQ(Attempts("produced"), 1);

  EXPECT_GT(WaitForWorker("lungs", "idle"), 0);
  const DispatchStatus status = dispatcher->Status();
  EXPECT_EQ(status.workers.front().model_digest, "digest-of-lungs");
  EXPECT_EQ(status.workers.front().load_seconds, 0.25);
  EXPECT_TRUE(status.models.front().loaded);
}

TEST_F(DispatchTest, OneWarmWorkerRunsManyJobs) {
  AddModel("lungs", "ok");
  StartDispatcher();
  EXPECT_GT(WaitForWorker("lungs", "idle"), 0);  // warm before the first Job
  std::vector<std::int64_t> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(AddJobFor("lungs"));
  for (const std::int64_t id : ids) ASSERT_TRUE(WaitForState(id, JobState::kProduced));
  EXPECT_EQ(StartsOf("lungs"), 1);
}

TEST_F(DispatchTest, AnIdleWorkerMakesRoomForAnotherModel) {
  AddModel("lungs", "ok");
  AddModel("liver", "ok");
  StartDispatcher();
  EXPECT_GT(WaitForWorker("lungs", "idle"), 0);
  const std::int64_t id = AddJobFor("liver");
  ASSERT_TRUE(WaitForState(id, JobState::kProduced));
  EXPECT_EQ(dispatcher->Status().workers.size(), 1U);
}

TEST_F(DispatchTest, ACrashCostsOneAttempt) {
  AddModel("lungs", "crash_once");
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  ASSERT_TRUE(WaitForState(id, JobState::kQueued) &&
              WaitFor([&] { return !JobRow(id).error_message.empty(); }));
  EXPECT_NE(JobRow(id).error_message.find("signal 9 (SIGKILL)"), std::string::npos);
  clock.Advance(std::chrono::minutes(1));
  ASSERT_TRUE(WaitForState(id, JobState::kProduced));
  EXPECT_EQ(JobRow(id).attempt, 2);
  EXPECT_EQ(Attempts("crashed"), 1);
}

TEST_F(DispatchTest, AWorkerKilledFromOutsideCostsOneAttempt) {
  AddModel("lungs", "hang_once");
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  ASSERT_EQ(::kill(WaitForWorker("lungs", "busy"), SIGKILL), 0);
  ASSERT_TRUE(WaitForState(id, JobState::kQueued));
  clock.Advance(std::chrono::minutes(1));
  ASSERT_TRUE(WaitForState(id, JobState::kProduced));
}

TEST_F(DispatchTest, AHangingWorkerIsEndedAtTheDeadlineAndHoldsUpNobodyElse) {
  workers.processes = 2;
  AddModel("lungs", "hang_once");
  AddModel("liver", "ok");
  const std::int64_t hanging = AddJobFor("lungs");
  StartDispatcher();
  const pid_t pid = WaitForWorker("lungs", "busy");
  ASSERT_TRUE(WaitForState(AddJobFor("liver"), JobState::kProduced));
  clock.Advance(workers.deadline);
  ASSERT_TRUE(WaitForState(hanging, JobState::kQueued));
  EXPECT_EQ(JobRow(hanging).error_code, "timeout");
  EXPECT_TRUE(WaitFor([&] { return ::kill(pid, 0) != 0; }));
  EXPECT_EQ(Attempts("deadline"), 1);
  clock.Advance(std::chrono::minutes(1));
  ASSERT_TRUE(WaitForState(hanging, JobState::kProduced));
}

TEST_F(DispatchTest, TheLeaseOfALongJobIsRenewed) {
  workers.deadline = std::chrono::hours(10);
  options.stop_grace = std::chrono::seconds(0);
  AddModel("lungs", "hang");
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  (void)WaitForWorker("lungs", "busy");
  for (int i = 0; i < 5; ++i) {
    clock.Advance(options.lease / 2);
    const TimePoint until = clock.Now() + options.lease;
    ASSERT_TRUE(WaitFor([&] { return JobRow(id).lease_until == until; })) << i;
  }
  EXPECT_EQ(JobRow(id).attempt, 1);
  EXPECT_EQ(JobRow(id).stage, "infer");
  EXPECT_EQ(JobRow(id).progress, 0.25);
}

TEST_F(DispatchTest, WhatTheWorkerRefusesFailsAtOnceAndTheWorkerStays) {
  AddModel("lungs", "refuse");
  const std::int64_t first = AddJobFor("lungs");
  const std::int64_t second = AddJobFor("lungs");
  StartDispatcher();
  ASSERT_TRUE(WaitForState(first, JobState::kFailed));
  ASSERT_TRUE(WaitForState(second, JobState::kFailed));
  EXPECT_EQ(JobRow(first).error_code, "unsupported");
  EXPECT_EQ(JobRow(first).error_message, "not one regular stack");
  EXPECT_EQ(StartsOf("lungs"), 1);
}

TEST_F(DispatchTest, AWorkerThatHangsAtStartIsEnded) {
  options.startup_deadline = std::chrono::minutes(2);
  AddModel("lungs", "hang_at_start");
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  (void)WaitForWorker("lungs", "starting");
  ASSERT_TRUE(WaitForState(id, JobState::kLeased));
  clock.Advance(options.startup_deadline);
  ASSERT_TRUE(WaitForState(id, JobState::kQueued));
  EXPECT_EQ(JobRow(id).error_code, "timeout");
}

TEST_F(DispatchTest, AModelThatCannotLoadIsNotStartedAgainAndAgain) {
  AddModel("lungs", "die_at_start");
  StartDispatcher();
  const auto failed = [&] {
    const DispatchStatus status = dispatcher->Status();
    return !status.models.empty() && !status.models.front().last_error.empty();
  };
  ASSERT_TRUE(WaitFor(failed));
  for (int i = 0; i < 3; ++i) AddJobFor("lungs");
  int rounds = 0;
  ASSERT_TRUE(WaitFor([&] { return ++rounds > 50; }));  // the clock stands still
  EXPECT_EQ(StartsOf("lungs"), 1);
  clock.Advance(options.restart_pause);
  ASSERT_TRUE(WaitFor([&] { return Attempts("start_failed") == 1; }));
  rounds = 0;
  ASSERT_TRUE(WaitFor([&] { return ++rounds > 50; }));
  EXPECT_EQ(StartsOf("lungs"), 2);
}

TEST_F(DispatchTest, AMissingBinaryFailsTheJobAfterItsAttempts) {
  options.worker_binary = folder.File("no-such-worker");
  AddModel("lungs", "ok");
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  ASSERT_TRUE(WaitForFailureAfterAllAttempts(id));
  EXPECT_NE(JobRow(id).error_message.find("no-such-worker"), std::string::npos);
}

TEST_F(DispatchTest, AJobOfAnUnknownModelFailsWithTheRemedy) {
  AddModel("lungs", "ok");
  const std::int64_t id = AddJobFor("spleen");
  StartDispatcher();
  ASSERT_TRUE(WaitForState(id, JobState::kFailed));
  EXPECT_EQ(JobRow(id).error_code, "not_found");
}

TEST_F(DispatchTest, StopLetsARunningJobEnd) {
  AddModel("lungs", "finish_on_shutdown");
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  (void)WaitForWorker("lungs", "busy");
  dispatcher->Stop();
  EXPECT_EQ(JobRow(id).state, JobState::kProduced);
  EXPECT_TRUE(dispatcher->Status().workers.empty());
}

TEST_F(DispatchTest, StopReturnsAJobThatDoesNotEndAndKeepsItsAttempt) {
  options.stop_grace = std::chrono::seconds(0);
  AddModel("lungs", "hang");
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  const pid_t pid = WaitForWorker("lungs", "busy");
  dispatcher->Stop();
  EXPECT_EQ(JobRow(id).state, JobState::kQueued);
  EXPECT_EQ(JobRow(id).attempt, 0);
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST_F(DispatchTest, ALeaseOfAnEarlierProcessIsTakenBackAtStart) {
  AddModel("lungs", "ok");
  const std::int64_t id = AddJobFor("lungs");
  ASSERT_TRUE(jobs->Lease({"lungs"}, clock.Now(), std::chrono::hours(1))->has_value());
  StartDispatcher();
  ASSERT_TRUE(WaitForState(id, JobState::kProduced));
  EXPECT_EQ(JobRow(id).attempt, 1) << "that the gateway ended costs the job no attempt";
}

TEST_F(DispatchTest, AChangedModelGetsANewWorkerAndAnUnchangedOneDoesNot) {
  workers.processes = 2;
  AddModel("lungs", "ok");
  AddModel("liver", "ok");
  StartDispatcher();
  const pid_t lungs = WaitForWorker("lungs", "idle");
  const pid_t liver = WaitForWorker("liver", "idle");
  cards[0].version = "2";
  dispatcher->SetModels(cards);
  EXPECT_TRUE(WaitFor([&] { return ::kill(lungs, 0) != 0; }));
  EXPECT_NE(WaitForWorker("lungs", "idle"), lungs);
  EXPECT_EQ(WaitForWorker("liver", "idle"), liver);
  const std::int64_t id = AddJobFor("lungs");
  ASSERT_TRUE(WaitForState(id, JobState::kProduced));
}

TEST_F(DispatchTest, AWorkerInheritsNoDescriptorOfTheGateway) {
  const int leaked = ::dup(STDERR_FILENO);  // not closed on exec, as DCMTK's sockets are
  AddModel("lungs", "report_descriptors");
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  ASSERT_TRUE(WaitForState(id, JobState::kProduced));
  EXPECT_EQ(JobRow(id).summary, "0 1 2 3 ");
  ::close(leaked);
}

}  // namespace
}  // namespace axial::dispatch
