#include "gateway/store/retention_store.h"

#include <gmock/gmock.h>

#include <fstream>

#include "gateway/store/commitment_store.h"
#include "tests/unit/gateway/store/store_fixture.h"

namespace axial::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr const char* kStudy = "1.1";

class RetentionStoreTest : public StoreTest {
 protected:
  /// A Job of study 1.1 that made one result for the Destinations, at second 4.
  Job Produce(const std::vector<std::string>& destinations) {
    AddJob(destinations);
    const Job job = jobs->Lease({"model"}, At(3), std::chrono::seconds(60)).value().value();
    const ProducedArtifact seg{"seg",       "/results/1/1/seg.dcm", "1.2", "2.25.1", "2.25.2",
                               destinations};
    EXPECT_TRUE(jobs->Produce(job, {seg}, "", At(4)).ok());
    return job;
  }
  Delivery Take(const std::string& destination, int seconds) {
    return deliveries->Take(destination, 1, At(seconds)).value().at(0);
  }
  void Deliver(const std::string& destination, int seconds) {
    EXPECT_TRUE(deliveries->Confirm(Take(destination, seconds), kByStatus, At(seconds)).ok());
  }
  Job Fail() {
    AddJob({"pacs"});
    const Job job = jobs->Lease({"model"}, At(3), std::chrono::seconds(60)).value().value();
    EXPECT_TRUE(jobs->LoseAttempt(job, Error(ErrorCode::kInvalidInput, "no"), false, At(4)).ok());
    return job;
  }
  std::vector<std::string> DueBefore(int seconds) {
    return RetentionStore(*database).Due(At(seconds), 10).value();
  }
  /// Due when nothing happened since that second, and not one second before.
  void ExpectDueAfter(int seconds) {
    EXPECT_THAT(DueBefore(seconds), IsEmpty());
    EXPECT_THAT(DueBefore(seconds + 1), ElementsAre(kStudy));
  }
  /// Never due, however old.
  void ExpectHeld() {
    EXPECT_THAT(DueBefore(1'000'000), IsEmpty());
    EXPECT_EQ(retention().CountHeld(At(1'000'000)).value(), 1);
    const auto removed = retention().Remove(kStudy, At(1'000'000), At(1'000'000));
    ASSERT_FALSE(removed.ok());
    EXPECT_EQ(removed.error().code(), ErrorCode::kConflict);
    EXPECT_EQ(studies->Find(kStudy).value()->instances, 1);
  }
  RetentionStore retention() { return RetentionStore(*database); }
  CommitmentStore commitments() { return CommitmentStore(*database); }
};

TEST_F(RetentionStoreTest, HoldsStudyThatIsOpenOrNotRouted) {
  ASSERT_TRUE(studies->AddInstance(MakeInstance(kStudy, "1.1.1", "1.1.1.1", "a", 0)).ok());
  ExpectHeld();
  ASSERT_TRUE(studies->CloseRevision(studies->Revisions("open", 1)->front(), "quiet", At(1)).ok());
  ExpectHeld();
  ASSERT_TRUE(studies->RecordRouting(studies->Revisions("closed", 1)->front(), {}, {}, At(2)).ok());
  ExpectDueAfter(2);
}

TEST_F(RetentionStoreTest, HoldsStudyWhoseJobWaitsOrRuns) {
  AddJob({"pacs"});
  ExpectHeld();
  ASSERT_TRUE(jobs->Lease({"model"}, At(3), std::chrono::seconds(60)).value());
  ExpectHeld();
}

TEST_F(RetentionStoreTest, HoldsEveryDeliveryThatIsNotConfirmed) {
  Produce({"pacs", "web"});
  ExpectHeld();  // pending
  Deliver("web", 5);
  ExpectHeld();  // one is confirmed, the other pending
  Delivery delivery = Take("pacs", 6);
  ExpectHeld();  // sending
  ASSERT_TRUE(deliveries->Store(delivery, At(8), At(7)).ok());
  ExpectHeld();  // stored
  delivery = deliveries->TakeStored("pacs", 1, At(8), "").value().at(0);
  ExpectHeld();  // checking
  ASSERT_TRUE(deliveries->Confirm(delivery, kByQuery, At(20)).ok());
  ExpectDueAfter(20);
}

TEST_F(RetentionStoreTest, HoldsWhatADestinationRefused) {
  Produce({"pacs"});
  ASSERT_TRUE(
      deliveries->Refuse(Take("pacs", 5), Error(ErrorCode::kUnsupported, "no"), At(5)).ok());
  ExpectHeld();
}

TEST_F(RetentionStoreTest, HoldsFailedJobUntilItsFailureIsTold) {
  const Job job = Fail();
  ExpectHeld();  // owed
  auto report = reports->Lease(At(5), std::chrono::seconds(60)).value().value();
  ExpectHeld();  // leased
  const ProducedArtifact told{"failure", "/results/1/report/sr.dcm", "1.2", "2.25.1", "2.25.2",
                              {"pacs"}};
  ASSERT_TRUE(reports->Produce(report, {told}, At(6)).ok());
  ExpectHeld();  // its report is not delivered
  Deliver("pacs", 9);
  ExpectDueAfter(9);
  ASSERT_TRUE(jobs->Retry(job.id, At(10)).ok());
  ExpectHeld();  // a person wants it again
}

TEST_F(RetentionStoreTest, FailedJobThatNobodyWantsToHearOfHoldsNothing) {
  Fail();
  const auto report = reports->Lease(At(5), std::chrono::seconds(60)).value().value();
  ASSERT_TRUE(reports->Produce(report, {}, At(6)).ok());
  ExpectDueAfter(4);
}

TEST_F(RetentionStoreTest, CommitmentHoldsFromItsRequestUntilKeepAfterItsAnswer) {
  AddJob({});
  const Job job = jobs->Lease({"model"}, At(3), std::chrono::seconds(60)).value().value();
  ASSERT_TRUE(jobs->Produce(job, {}, "", At(4)).ok());
  ExpectDueAfter(4);
  const InstanceReference instance{"1.2.840.10008.5.1.4.1.1.2", "1.1.1.1"};
  ASSERT_TRUE(commitments().Request({"CT01", "127.0.0.1", {"1.9", {instance}}}, At(5), At(5)).ok());
  ExpectHeld();  // owed
  const Commitment taken = commitments().TakeDue(At(6)).value().value();
  ExpectHeld();  // in hand
  ASSERT_TRUE(commitments().Confirm(taken, {"1.9", {instance}, {}}, kNewAssociation, At(8)).ok());
  ExpectDueAfter(8);
}

TEST_F(RetentionStoreTest, RemovedStudyStaysAsRowsThatSaySo) {
  Produce({"pacs"});
  Deliver("pacs", 5);
  const auto removed = retention().Remove(kStudy, At(6), At(100));
  ASSERT_TRUE(removed.ok()) << removed.error().ToString();
  EXPECT_EQ(removed->instances, 1);
  EXPECT_EQ(removed->bytes, 100);
  EXPECT_EQ(removed->results, 1);
  const auto study = studies->Find(kStudy).value().value();
  EXPECT_EQ(study.removed_at, At(100));
  EXPECT_EQ(study.instances, 0);
  EXPECT_EQ(study.jobs, 1);
  EXPECT_EQ(studies->RevisionsOfStudy(kStudy)->at(0).removed_at, At(100));
  EXPECT_EQ(studies->Events(kStudy, 100)->back().kind, "removed");
  EXPECT_EQ(deliveries->ListOfStudy(kStudy)->at(0).state, "confirmed");
  EXPECT_THAT(DueBefore(1'000'000), IsEmpty());
  EXPECT_EQ(retention().CountHeld(At(1'000'000)).value(), 0);
}

TEST_F(RetentionStoreTest, WhatIsToGoFromTheDiskIsKnownAfterARestart) {
  const Job job = Produce({"pacs"});
  Deliver("pacs", 5);
  ASSERT_TRUE(retention().Remove(kStudy, At(6), At(100)).ok());
  Reopen();
  EXPECT_THAT(retention().Removing(10).value(), ElementsAre(kStudy));
  EXPECT_THAT(retention().FilesOf(kStudy).value(), IsEmpty());
  EXPECT_THAT(retention().RemovedJobs(kStudy).value(), ElementsAre(job.id));
  ASSERT_TRUE(retention().SetCleared(kStudy).ok());
  EXPECT_THAT(retention().Removing(10).value(), IsEmpty());
}

TEST_F(RetentionStoreTest, InstanceThatComesAgainIsNewAndItsFileStays) {
  Produce({"pacs"});
  Deliver("pacs", 5);
  ASSERT_TRUE(retention().Remove(kStudy, At(6), At(100)).ok());
  const auto again = studies->AddInstance(MakeInstance(kStudy, "1.1.1", "1.1.1.1", "a", 101));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->outcome, AddOutcome::kAdded);
  EXPECT_EQ(again->revision, 2);
  EXPECT_THAT(retention().FilesOf(kStudy).value(), ElementsAre("1.1.1.1a"));
  const auto study = studies->Find(kStudy).value().value();
  EXPECT_EQ(study.removed_at, TimePoint{});
  EXPECT_EQ(study.instances, 1);
  const auto series = studies->SeriesOfStudy(kStudy).value().at(0);
  EXPECT_EQ(series.classes.at(0).instances, 1);  // not those of before, too
  EXPECT_EQ(studies->RevisionsOfStudy(kStudy)->at(0).removed_at, At(100));
  EXPECT_EQ(studies->RevisionsOfStudy(kStudy)->at(1).removed_at, TimePoint{});
}

TEST_F(RetentionStoreTest, KnowsWhichModelsRanOnTheSameInstancesBefore) {
  ASSERT_TRUE(studies->AddInstance(MakeInstance(kStudy, "1.1.1", "1.1.1.9", "b", 0)).ok());
  Produce({"pacs"});
  Deliver("pacs", 5);
  ASSERT_TRUE(retention().Remove(kStudy, At(6), At(100)).ok());
  const auto before = [&] {
    return studies->SeriesOfRevision(kStudy, 2).value().at(0).run_before_removal;
  };
  // In another order; while one is missing they are not the same.
  ASSERT_TRUE(studies->AddInstance(MakeInstance(kStudy, "1.1.1", "1.1.1.1", "a", 101)).ok());
  EXPECT_THAT(before(), IsEmpty());
  ASSERT_TRUE(studies->AddInstance(MakeInstance(kStudy, "1.1.1", "1.1.1.9", "b", 102)).ok());
  EXPECT_THAT(before(), ElementsAre(std::pair<std::string, std::string>("model", "1")));
  ASSERT_TRUE(studies->AddInstance(MakeInstance(kStudy, "1.1.1", "1.1.1.10", "c", 103)).ok());
  EXPECT_THAT(before(), IsEmpty());
}

TEST_F(RetentionStoreTest, JobOfRemovedInstancesIsNotRetried) {
  const Job job = Fail();
  const auto report = reports->Lease(At(5), std::chrono::seconds(60)).value().value();
  ASSERT_TRUE(reports->Produce(report, {}, At(6)).ok());
  ASSERT_TRUE(retention().Remove(kStudy, At(7), At(100)).ok());
  const Status retried = jobs->Retry(job.id, At(101));
  ASSERT_FALSE(retried.ok());
  EXPECT_EQ(retried.error().code(), ErrorCode::kConflict);
  EXPECT_THAT(retried.error().message(), ::testing::HasSubstr("removed"));
}

TEST_F(RetentionStoreTest, CommitmentOfRemovedInstancesIsAnsweredTruthfully) {
  const std::string file = folder.File("result.dcm");
  std::ofstream(file) << "bytes";
  AddJob({"pacs"});
  const Job job = jobs->Lease({"model"}, At(3), std::chrono::seconds(60)).value().value();
  ASSERT_TRUE(
      jobs->Produce(job, {{"seg", file, "1.2", "2.25.1", "2.25.2", {"pacs"}}}, "", At(4)).ok());
  Deliver("pacs", 5);
  const auto failures = [&](const std::string& transaction) {
    const auto id = commitments().Request(
        {"CT01",
         "127.0.0.1",
         {transaction, {{"1.2.840.10008.5.1.4.1.1.2", "1.1.1.1"}, {"1.2", "2.25.2"}}}},
        At(200), At(200));
    std::vector<std::string> failed;
    const CommitmentReport report = commitments().Report(id.value()).value();
    for (const CommitmentReport::Failure& failure : report.failed)
      failed.push_back(failure.instance.sop_instance_uid + " " + std::to_string(failure.reason));
    return failed;
  };
  ASSERT_TRUE(retention().Remove(kStudy, At(6), At(100)).ok());
  // Its result still lies there, as when the gateway was killed between row and file.
  EXPECT_THAT(failures("1.9.2"), UnorderedElementsAre("1.1.1.1 274", "2.25.2 274"));  // 0112H
}

TEST_F(RetentionStoreTest, OwnResultOfARemovedStudyIsStillNoInput) {
  Produce({"pacs"});
  Deliver("pacs", 5);
  ASSERT_TRUE(retention().Remove(kStudy, At(6), At(100)).ok());
  const auto again = studies->AddInstance(MakeInstance(kStudy, "2.25.1", "2.25.2", "s", 101));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->outcome, AddOutcome::kOwnResult);
}

}  // namespace
}  // namespace axial::store
