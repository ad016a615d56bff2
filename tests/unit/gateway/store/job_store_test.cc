#include "gateway/store/job_store.h"

#include "tests/unit/gateway/store/store_fixture.h"

namespace axial::store {
namespace {

using JobStoreTest = StoreTest;
constexpr Duration kLease = std::chrono::seconds(60);

std::vector<ProducedArtifact> SegAndSr(const std::vector<std::string>& destinations = {"pacs",
                                                                                       "web"}) {
  return {{"seg", "/r/seg.dcm", "1.2.840.10008.5.1.4.1.1.66.4", "2.25.1", "2.25.11", destinations},
          {"sr", "/r/sr.dcm", "1.2.840.10008.5.1.4.1.1.88.34", "2.25.2", "2.25.12", destinations}};
}

TEST_F(JobStoreTest, OnlyAWorkerOfTheModelGetsTheJobAndOnlyOnce) {
  AddJob({"pacs"});
  EXPECT_FALSE(jobs->Lease({"other"}, At(5), kLease)->has_value());
  EXPECT_FALSE(jobs->Lease({}, At(5), kLease)->has_value());
  const auto leased = jobs->Lease({"other", "model"}, At(5), kLease).value();
  ASSERT_TRUE(leased.has_value());
  EXPECT_EQ(leased->attempt, 1);
  EXPECT_EQ(jobs->InputFiles(*leased).value(), std::vector<std::string>{"/spool/1.1.1.1a"});
  EXPECT_FALSE(jobs->Lease({"model"}, At(5), kLease)->has_value());
}

TEST_F(JobStoreTest, AThirdLostAttemptFailsTheJobWithTheReason) {
  AddJob({"pacs"});
  const Error crash(ErrorCode::kInternal, "killed by signal 9");
  for (int attempt = 1; attempt <= kMaxAttempts; ++attempt) {
    const auto leased = jobs->Lease({"model"}, At(100 * attempt), kLease).value();
    ASSERT_TRUE(leased.has_value()) << attempt;
    ASSERT_TRUE(jobs->LoseAttempt(*leased, crash, true, At(100 * attempt + 1)).ok());
  }
  const Job job = jobs->ListOfStudy("1.1")->front();
  EXPECT_EQ(job.state, JobState::kFailed);
  EXPECT_EQ(job.error_message, "killed by signal 9");
  EXPECT_TRUE(jobs->Retry(job.id, At(900)).ok());
  EXPECT_TRUE(jobs->Lease({"model"}, At(900), kLease)->has_value());
}

TEST_F(JobStoreTest, ALastingErrorFailsAtOnce) {
  AddJob({"pacs"});
  const auto leased = jobs->Lease({"model"}, At(5), kLease).value();
  ASSERT_TRUE(
      jobs->LoseAttempt(*leased, Error(ErrorCode::kInvalidInput, "not a stack"), false, At(6))
          .ok());
  EXPECT_EQ(jobs->ListOfStudy("1.1")->front().state, JobState::kFailed);
}

TEST_F(JobStoreTest, AWorkerWhoseLeaseWasReclaimedCannotProduce) {
  AddJob({"pacs"});
  const auto first = jobs->Lease({"model"}, At(5), kLease).value();
  EXPECT_EQ(jobs->ReclaimLeases(At(30)).value(), 0);
  EXPECT_EQ(jobs->ReclaimLeases(At(120)).value(), 1);
  EXPECT_EQ(jobs->Produce(*first, SegAndSr(), "", At(121)).error().code(), ErrorCode::kConflict);
  const auto second = jobs->Lease({"model"}, At(122), kLease).value();
  ASSERT_TRUE(second.has_value());
  EXPECT_TRUE(jobs->Produce(*second, SegAndSr(), "", At(123)).ok());
}

TEST_F(JobStoreTest, TheGatewaysOwnEndsCostNoAttemptUpToALimit) {
  const Job job = AddJob({"pacs"});
  TimePoint now = At(5);
  for (int interruption = 1; interruption <= kMaxInterruptions; ++interruption) {
    const auto leased = jobs->Lease({"model"}, now, kLease).value();
    ASSERT_TRUE(leased.has_value()) << interruption;
    EXPECT_EQ(leased->attempt, 1) << interruption;
    ASSERT_TRUE(jobs->RecordProgress(*leased, 0.5, "infer", now + kLease).ok());
    EXPECT_EQ(jobs->ReclaimAllLeases(now).value(), 1);
    EXPECT_EQ(jobs->ListOfStudy("1.1")->front().stage, "") << "nothing is done for it now";
    if (interruption == 1)
      EXPECT_EQ(jobs->NextDue().value(), now) << "at once";
    else
      EXPECT_FALSE(jobs->Lease({"model"}, now, kLease)->has_value()) << "others have their turn";
    now += std::chrono::hours(1);
  }
  const Job failed = jobs->ListOfStudy("1.1")->front();
  EXPECT_EQ(failed.state, JobState::kFailed);
  EXPECT_EQ(failed.error_message, "the gateway ended 10 times while this job ran");
  ASSERT_TRUE(jobs->Retry(job.id, now).ok());
  ASSERT_TRUE(jobs->Lease({"model"}, now, kLease)->has_value());
  EXPECT_EQ(jobs->ReclaimAllLeases(now).value(), 1);
  EXPECT_EQ(jobs->ListOfStudy("1.1")->front().state, JobState::kQueued) << "counted anew";
}

TEST_F(JobStoreTest, AReturnedLeaseUsesUpNoAttempt) {
  AddJob({"pacs"});
  const auto first = jobs->Lease({"model"}, At(5), kLease).value();
  ASSERT_TRUE(jobs->ReturnLease(*first, At(6)).ok());
  EXPECT_EQ(jobs->ReturnLease(*first, At(7)).error().code(), ErrorCode::kConflict);
  const auto second = jobs->Lease({"model"}, At(8), kLease).value();
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->attempt, 1);
}

TEST_F(JobStoreTest, AQueuedJobOfAVanishedModelFailsWithTheRemedy) {
  AddJob({"pacs"});
  EXPECT_EQ(jobs->FailQueuedWithoutModel({"model"}, At(5)).value(), 0);
  EXPECT_EQ(jobs->FailQueuedWithoutModel({}, At(5)).value(), 1);
  EXPECT_NE(jobs->ListOfStudy("1.1")->front().error_message.find("model model is not usable"),
            std::string::npos);
  EXPECT_EQ(studies->Events("1.1", 10)->back().kind, "job_failed");
}

TEST_F(JobStoreTest, TheJobIsDeliveredWhenEveryDestinationConfirmedEveryArtifact) {
  AddJob({"pacs", "web"});
  const auto leased = jobs->Lease({"model"}, At(5), kLease).value();
  ASSERT_TRUE(jobs->Produce(*leased, SegAndSr(), "two lungs", At(6)).ok());
  const auto to_pacs = deliveries->Take("pacs", 10, At(7)).value();
  ASSERT_EQ(to_pacs.size(), 2U);
  EXPECT_EQ(to_pacs[0].kind, "seg");
  EXPECT_TRUE(deliveries->Take("pacs", 10, At(7))->empty());
  for (const Delivery& delivery : to_pacs)
    ASSERT_TRUE(deliveries->Confirm(delivery, kByStatus, At(8)).ok());
  EXPECT_EQ(jobs->ListOfStudy("1.1")->front().state, JobState::kProduced);

  const auto to_web = deliveries->Take("web", 10, At(7)).value();
  ASSERT_EQ(to_web.size(), 2U);
  ASSERT_TRUE(deliveries->Postpone(to_web[0], Error(ErrorCode::kUnavailable, "down"), At(50)).ok());
  ASSERT_TRUE(deliveries->Refuse(to_web[1], Error(ErrorCode::kUnsupported, "0122H"), At(8)).ok());
  EXPECT_EQ(deliveries->NextDue("web").value(), At(50));
  EXPECT_EQ(deliveries->OwedByDestination()->front().refused, 1);
  const auto refusals = deliveries->Refusals().value();
  ASSERT_EQ(refusals.size(), 1U);
  EXPECT_EQ(refusals[0].destination, "web");
  EXPECT_EQ(refusals[0].kind, "sr");
  EXPECT_EQ(refusals[0].error_message, "0122H");
  EXPECT_EQ(refusals[0].count, 1);
  EXPECT_EQ(deliveries->RetryNow("web", At(60)).value(), 2);
  for (const Delivery& delivery : deliveries->Take("web", 10, At(60)).value())
    ASSERT_TRUE(deliveries->Confirm(delivery, kByStatus, At(61)).ok());
  EXPECT_EQ(jobs->ListOfStudy("1.1")->front().state, JobState::kDelivered);
  EXPECT_TRUE(deliveries->OwedByDestination()->empty());
  EXPECT_TRUE(deliveries->Refusals()->empty());
}

TEST_F(JobStoreTest, ADestinationThatWantsNothingOfTheRunIsOwedNothing) {
  AddJob({"pacs", "web"});
  const auto leased = jobs->Lease({"model"}, At(5), kLease).value();
  EXPECT_EQ(jobs->Destinations(*leased).value(), (std::vector<std::string>{"pacs", "web"}));
  // "stranger" is no Destination of the Job.
  ASSERT_TRUE(jobs->Produce(*leased, SegAndSr({"pacs", "stranger"}), "", At(6)).ok());
  EXPECT_TRUE(deliveries->Take("web", 10, At(7))->empty());
  EXPECT_TRUE(deliveries->Take("stranger", 10, At(7))->empty());
  for (const Delivery& delivery : deliveries->Take("pacs", 10, At(7)).value())
    ASSERT_TRUE(deliveries->Confirm(delivery, kByStatus, At(8)).ok());
  EXPECT_EQ(jobs->ListOfStudy("1.1")->front().state, JobState::kDelivered);
}

TEST_F(JobStoreTest, ARunThatNobodyWantsAnythingOfIsDeliveredAtOnce) {
  AddJob({"pacs"});
  const auto leased = jobs->Lease({"model"}, At(5), kLease).value();
  ASSERT_TRUE(jobs->Produce(*leased, {}, "", At(6)).ok());
  EXPECT_EQ(jobs->ListOfStudy("1.1")->front().state, JobState::kDelivered);
}

TEST_F(JobStoreTest, EachRunOfAStudyHasItsOwnNumberThatStays) {
  const Job first = AddJob({"pacs"});
  const Job late = AddLateJob({"pacs"});
  EXPECT_EQ(jobs->RunOfStudy(first).value(), 0);
  EXPECT_EQ(jobs->RunOfStudy(late).value(), 1);
  AddLateJob({"web"}, "another rule", "another model");
  Reopen();
  EXPECT_EQ(jobs->RunOfStudy(jobs->ListOfStudy("1.1")->back()).value(), 2);
  EXPECT_EQ(jobs->RunOfStudy(first).value(), 0);
}

TEST_F(JobStoreTest, TwoRulesThatAskForTheSameRunShareItsNumber) {
  AddJob({"pacs"}, {"second rule"});
  const std::vector<Job> both = jobs->ListOfStudy("1.1").value();
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(jobs->RunOfStudy(both[0]).value(), 0);
  EXPECT_EQ(jobs->RunOfStudy(both[1]).value(), 0);
}

TEST_F(JobStoreTest, ARetryAfterALateInstanceGetsTheFilesOfItsOwnRevision) {
  AddJob({"pacs"});
  AddLateJob({"pacs"});
  const std::vector<Job> both = jobs->ListOfStudy("1.1").value();
  EXPECT_EQ(jobs->InputFiles(both[0])->size(), 1U);
  EXPECT_EQ(jobs->InputFiles(both[1])->size(), 2U);
}

TEST_F(JobStoreTest, AResultSentBackToUsIsNoNewInput) {
  AddJob({"pacs"});
  const auto leased = jobs->Lease({"model"}, At(5), kLease).value();
  ASSERT_TRUE(jobs->Produce(*leased, SegAndSr(), "", At(6)).ok());
  EXPECT_EQ(studies->AddInstance(MakeInstance("1.1", "2.25.1", "2.25.11", "z", 9))->outcome,
            AddOutcome::kOwnResult);
  EXPECT_EQ(studies->RevisionsOfStudy("1.1")->size(), 1U);
}

TEST_F(JobStoreTest, WhatWasBeingSentAtACrashIsSentAgain) {
  AddJob({"pacs"});
  const auto leased = jobs->Lease({"model"}, At(5), kLease).value();
  ASSERT_TRUE(jobs->Produce(*leased, SegAndSr(), "", At(6)).ok());
  ASSERT_EQ(deliveries->Take("pacs", 10, At(7))->size(), 2U);
  Reopen();
  EXPECT_EQ(deliveries->ReclaimSending().value(), 2);
  EXPECT_EQ(deliveries->Take("pacs", 10, At(8))->size(), 2U);
}

}  // namespace
}  // namespace axial::store
