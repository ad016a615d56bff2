#include "gateway/store/study_store.h"

#include <atomic>
#include <barrier>
#include <fstream>
#include <thread>

#include "core/dicom/uid.h"
#include "tests/unit/gateway/store/store_fixture.h"

namespace axial::store {
namespace {

using StudyStoreTest = StoreTest;

TEST_F(StudyStoreTest, TheSameInstanceAgainChangesNothing) {
  EXPECT_EQ(studies->AddInstance(MakeInstance("1.1", "1.1.1", "1.1.1.1", "a", 0))->outcome,
            AddOutcome::kAdded);
  EXPECT_EQ(studies->AddInstance(MakeInstance("1.1", "1.1.1", "1.1.1.1", "a", 5))->outcome,
            AddOutcome::kDuplicate);
  const auto revisions = studies->RevisionsOfStudy("1.1").value();
  ASSERT_EQ(revisions.size(), 1U);
  EXPECT_EQ(revisions[0].last_instance_at, At(0));
}

TEST_F(StudyStoreTest, RowsWithTheDigestsOfEarlierVersionsAreKnownAgain) {
  const std::string path = folder.File("file.dcm");
  std::ofstream(path) << "bytes";
  NewInstance instance = MakeInstance("1.1", "1.1.1", "1.1.1.1", Sha256Hex("bytes"), 0);
  instance.path = path;
  ASSERT_EQ(studies->AddInstance(instance)->outcome, AddOutcome::kAdded);
  instance.digest = "d";
  EXPECT_EQ(studies->AddInstance(instance)->outcome, AddOutcome::kDuplicate);
  std::ofstream(path) << "other";
  EXPECT_EQ(studies->AddInstance(instance)->outcome, AddOutcome::kConflicting);
}

// Only bytes that were made to have that digest can have it for another Study.
TEST_F(StudyStoreTest, AnEqualDigestInAnotherStudyIsNeverSuccess) {
  ASSERT_TRUE(studies->AddInstance(MakeInstance("1.1", "1.1.1", "1.1.1.1", "a", 0)).ok());
  const auto added = studies->AddInstance(MakeInstance("1.2", "1.2.1", "1.1.1.1", "a", 0));
  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.error().code(), ErrorCode::kInvalidInput);
}

TEST_F(StudyStoreTest, OtherBytesUnderTheSameUidAreKeptAndFlaggedButNotUsed) {
  ASSERT_TRUE(studies->AddInstance(MakeInstance("1.1", "1.1.1", "1.1.1.1", "a", 0)).ok());
  EXPECT_EQ(studies->AddInstance(MakeInstance("1.1", "1.1.1", "1.1.1.1", "b", 1))->outcome,
            AddOutcome::kConflicting);
  const StudyRow study = studies->Find("1.1").value().value();
  EXPECT_EQ(study.instances, 1);
  EXPECT_EQ(study.conflicting, 1);
}

TEST_F(StudyStoreTest, OneOfManyAtTheSameTimeIsTheFirstAndNoneIsLost) {
  constexpr int kThreads = 8;
  for (int round = 0; round < 10; ++round) {
    const std::string study = "1." + std::to_string(round + 1);
    std::atomic<int> added{0};
    std::atomic<int> duplicate{0};
    std::atomic<int> conflicting{0};
    std::barrier start(kThreads);
    std::vector<std::thread> senders;
    for (int i = 0; i < kThreads; ++i)
      senders.emplace_back([&, i] {
        start.arrive_and_wait();
        const auto outcome = studies->AddInstance(
            MakeInstance(study, study + ".1", study + ".1.1", i % 2 == 0 ? "a" : "b", i));
        ASSERT_TRUE(outcome.ok()) << outcome.error().ToString();
        added += outcome->outcome == AddOutcome::kAdded;
        duplicate += outcome->outcome == AddOutcome::kDuplicate;
        conflicting += outcome->outcome == AddOutcome::kConflicting;
      });
    for (std::thread& sender : senders) sender.join();
    EXPECT_EQ(added, 1);
    EXPECT_EQ(conflicting, 1);
    EXPECT_EQ(duplicate, kThreads - 2);
    const StudyRow row = studies->Find(study).value().value();
    EXPECT_EQ(row.instances, 1);
    EXPECT_EQ(row.conflicting, 1);
    EXPECT_EQ(studies->RevisionsOfStudy(study).value().size(), 1U);
  }
}

TEST_F(StudyStoreTest, ALateInstanceOpensTheNextRevisionOfItsSeriesOnly) {
  ASSERT_TRUE(studies->AddInstance(MakeInstance("1.1", "1.1.1", "1.1.1.1", "a", 0)).ok());
  ASSERT_TRUE(studies->AddInstance(MakeInstance("1.1", "1.1.2", "1.1.2.1", "b", 0)).ok());
  const auto open = studies->Revisions("open", 10).value();
  ASSERT_EQ(open.size(), 1U);
  ASSERT_TRUE(studies->CloseRevision(open[0], "quiet", At(5)).ok());
  ASSERT_TRUE(studies->AddInstance(MakeInstance("1.1", "1.1.2", "1.1.2.2", "c", 9)).ok());
  const auto series = studies->SeriesOfStudy("1.1").value();
  ASSERT_EQ(series.size(), 2U);
  EXPECT_EQ(series[0].changed_in_revision, 1);
  EXPECT_EQ(series[1].changed_in_revision, 2);
  ASSERT_EQ(series[1].classes.size(), 1U);
  EXPECT_EQ(series[1].classes[0].instances, 2);
  EXPECT_EQ(FirstValue(series[1].classes[0].attributes, "Modality"), "CT");
}

TEST_F(StudyStoreTest, ClosingLosesAgainstAnInstanceThatCameMeanwhile) {
  ASSERT_TRUE(studies->AddInstance(MakeInstance("1.1", "1.1.1", "1.1.1.1", "a", 0)).ok());
  const auto seen = studies->Revisions("open", 10).value();
  ASSERT_TRUE(studies->AddInstance(MakeInstance("1.1", "1.1.1", "1.1.1.2", "b", 3)).ok());
  EXPECT_EQ(studies->CloseRevision(seen[0], "quiet", At(4)).error().code(), ErrorCode::kConflict);
}

TEST_F(StudyStoreTest, RoutingIsRecordedOnceAndSurvivesARestart) {
  AddJob({"pacs"});
  Reopen();
  EXPECT_TRUE(studies->Revisions("closed", 10)->empty());
  EXPECT_EQ(jobs->ListOfStudy("1.1")->size(), 1U);
  const auto routed = studies->RevisionsOfStudy("1.1").value();
  EXPECT_EQ(studies->RecordRouting(routed[0], {}, {}, At(9)).error().code(), ErrorCode::kConflict);
}

}  // namespace
}  // namespace axial::store
