#include "gateway/store/same_instance.h"

#include <gmock/gmock.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "gateway/store/completion_store.h"
#include "gateway/store/retention_store.h"
#include "tests/unit/gateway/store/store_fixture.h"

namespace axial::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SameInstanceTest : public StoreTest {
 protected:
  Result<AddedInstance> Add(const std::string& study, const std::string& series,
                            const std::string& sop, const std::string& sha256, int seconds,
                            UseContent use = UseContent::kFirst) {
    NewInstance instance = MakeInstance(study, series, sop, sha256, seconds);
    instance.use = use;
    return studies->AddInstance(instance);
  }
  AddOutcome OutcomeOf(const std::string& study, const std::string& series, const std::string& sop,
                       const std::string& sha256, int seconds) {
    const auto added = Add(study, series, sop, sha256, seconds, UseContent::kLast);
    EXPECT_TRUE(added.ok()) << added.error().ToString();
    return added->outcome;
  }

  /// The open revision is closed and gets one Job.
  Job RunOpenRevision(const std::string& key) {
    EXPECT_TRUE(
        studies->CloseRevision(studies->Revisions("open", 10)->front(), "quiet", At(50)).ok());
    const NewJob job{key, "1.1.1", "rule", "model", "1", 1, {}};
    EXPECT_TRUE(
        studies->RecordRouting(studies->Revisions("closed", 10)->front(), {}, {job}, At(51)).ok());
    return jobs->ListOfStudy("1.1")->back();
  }
  std::vector<std::string> FilesOf(const Job& job) { return jobs->InputFiles(job).value(); }
  std::string LastEvent(const std::string& study) {
    return studies->Events(study, 10)->back().detail;
  }
};

TEST_F(SameInstanceTest, TheLastIsUsedFromItsRevisionOnAndEarlierJobsKeepWhatTheyHad) {
  ASSERT_EQ(OutcomeOf("1.1", "1.1.1", "1.1.1.1", "a", 0), AddOutcome::kAdded);
  ASSERT_EQ(OutcomeOf("1.1", "1.1.1", "1.1.1.2", "a", 0), AddOutcome::kAdded);
  const Job first = RunOpenRevision("first");
  const auto again = Add("1.1", "1.1.1", "1.1.1.1", "b", 60, UseContent::kLast);
  EXPECT_EQ(again->outcome, AddOutcome::kReplacing);
  EXPECT_EQ(again->revision, 2);
  EXPECT_EQ(studies->SeriesOfRevision("1.1", 1)->size(), 1U) << "as it was";
  const Job second = RunOpenRevision("second");
  EXPECT_THAT(FilesOf(first), ElementsAre("/spool/1.1.1.1a", "/spool/1.1.1.2a"));
  EXPECT_THAT(FilesOf(second), ElementsAre("/spool/1.1.1.2a", "/spool/1.1.1.1b"));
  const StudyRow study = studies->Find("1.1").value().value();
  EXPECT_EQ(study.instances, 2);
  EXPECT_EQ(study.conflicting, 1);
  EXPECT_EQ(studies->SeriesOfStudy("1.1")->front().classes.front().instances, 2);
  // Both contents that came are known now; neither runs anything again.
  EXPECT_EQ(OutcomeOf("1.1", "1.1.1", "1.1.1.1", "b", 70), AddOutcome::kDuplicate);
  EXPECT_EQ(OutcomeOf("1.1", "1.1.1", "1.1.1.1", "a", 80), AddOutcome::kDuplicate);
  EXPECT_TRUE(studies->Revisions("open", 10)->empty());
}

TEST_F(SameInstanceTest, TheLastReplacesWithinAnOpenRevision) {
  OutcomeOf("1.1", "1.1.1", "1.1.1.1", "a", 0);
  EXPECT_EQ(OutcomeOf("1.1", "1.1.1", "1.1.1.1", "b", 1), AddOutcome::kReplacing);
  EXPECT_EQ(OutcomeOf("1.1", "1.1.1", "1.1.1.1", "c", 2), AddOutcome::kReplacing);
  EXPECT_THAT(LastEvent("1.1"), HasSubstr("from revision 1 on the last is used"));
  EXPECT_THAT(FilesOf(RunOpenRevision("first")), ElementsAre("/spool/1.1.1.1c"));
  EXPECT_EQ(studies->Find("1.1").value()->conflicting, 2);
}

TEST_F(SameInstanceTest, TheLastMayBeOfAnotherSopClassAndTellsTheSeriesAttributes) {
  OutcomeOf("1.1", "1.1.1", "1.1.1.1", "a", 0);
  NewInstance corrected = MakeInstance("1.1", "1.1.1", "1.1.1.1", "b", 1);
  corrected.use = UseContent::kLast;
  corrected.header.sop_class_uid = Uid::Parse("1.2.840.10008.5.1.4.1.1.4").value();
  corrected.header.frames = 7;
  corrected.header.attributes["Modality"] = {"CS", {"MR"}};
  ASSERT_TRUE(studies->AddInstance(corrected).ok());
  const auto classes = studies->SeriesOfStudy("1.1")->front().classes;
  ASSERT_EQ(classes.size(), 1U);
  EXPECT_EQ(classes[0].sop_class_uid, "1.2.840.10008.5.1.4.1.1.4");
  EXPECT_EQ(classes[0].frames, 7);
  EXPECT_EQ(classes[0].attributes.at("Modality").values.at(0), "MR");
}

TEST_F(SameInstanceTest, TheFirstStaysInUseUnlessToldOtherwise) {
  ASSERT_TRUE(Add("1.1", "1.1.1", "1.1.1.1", "a", 0).ok());
  EXPECT_EQ(Add("1.1", "1.1.1", "1.1.1.1", "b", 1)->outcome, AddOutcome::kConflicting);
  EXPECT_THAT(LastEvent("1.1"), HasSubstr("the first is used"));
  EXPECT_THAT(FilesOf(RunOpenRevision("first")), ElementsAre("/spool/1.1.1.1a"));
}

TEST_F(SameInstanceTest, InAnotherStudyBothAreUsedInTheirOwnAndFlagged) {
  ASSERT_TRUE(Add("1.1", "1.1.1", "1.1.1.1", "a", 0).ok());
  const auto other = Add("1.2", "1.2.1", "1.1.1.1", "b", 1);
  ASSERT_TRUE(other.ok()) << "an error would be answered C000H, and sent again for ever";
  EXPECT_EQ(other->outcome, AddOutcome::kShared);
  EXPECT_EQ(other->revision, 1);
  for (const char* study : {"1.1", "1.2"}) {
    EXPECT_EQ(studies->Find(study).value()->instances, 1) << study;
    EXPECT_EQ(studies->Find(study).value()->conflicting, 1) << study;
    EXPECT_THAT(LastEvent(study), HasSubstr("each is used in its own")) << study;
  }
  EXPECT_EQ(Add("1.2", "1.2.1", "1.1.1.1", "b", 2)->outcome, AddOutcome::kDuplicate);
  EXPECT_EQ(Add("1.2", "1.2.1", "1.1.1.1", "c", 3)->outcome, AddOutcome::kConflicting);
}

TEST_F(SameInstanceTest, InAnotherSeriesOfItsStudyBothAreUsed) {
  ASSERT_TRUE(Add("1.1", "1.1.1", "1.1.1.1", "a", 0).ok());
  EXPECT_EQ(Add("1.1", "1.1.2", "1.1.1.1", "b", 1)->outcome, AddOutcome::kShared);
  EXPECT_EQ(studies->Find("1.1").value()->instances, 2);
  EXPECT_EQ(studies->Find("1.1").value()->conflicting, 1);
  EXPECT_THAT(LastEvent("1.1"), HasSubstr("is in two Series"));
}

TEST_F(SameInstanceTest, OfASeriesOfAnotherStudyIsKeptFlaggedAndNotUsed) {
  for (const UseContent use : {UseContent::kFirst, UseContent::kLast}) {
    const std::string sop = use == UseContent::kFirst ? "1.1.1.8" : "1.1.1.9";
    ASSERT_TRUE(Add("1.1", "1.1.1", "1.1.1.1", "a", 0).ok());
    const auto other = Add("1.2", "1.1.1", sop, "b", 1, use);
    ASSERT_TRUE(other.ok()) << other.error().ToString();
    EXPECT_EQ(other->outcome, AddOutcome::kMisplaced);
    EXPECT_EQ(other->revision, 0);
  }
  for (const char* study : {"1.1", "1.2"}) {
    EXPECT_EQ(studies->Find(study).value()->conflicting, 2) << study;
    EXPECT_THAT(LastEvent(study), HasSubstr("kept and not used")) << study;
  }
  EXPECT_EQ(studies->Find("1.2").value()->instances, 0);
  EXPECT_TRUE(studies->RevisionsOfStudy("1.2")->empty());
  EXPECT_THAT(FilesOf(RunOpenRevision("first")), ElementsAre("/spool/1.1.1.1a"));
}

TEST_F(SameInstanceTest, RetentionRemovesOfEachStudyWhatIsItsOwn) {
  ASSERT_TRUE(Add("1.1", "1.1.1", "1.1.1.1", "a", 0).ok());
  ASSERT_TRUE(Add("1.2", "1.1.1", "1.1.1.9", "b", 0).ok());  // misplaced
  ASSERT_TRUE(
      studies->CloseRevision(studies->Revisions("open", 10)->front(), "quiet", At(50)).ok());
  ASSERT_TRUE(
      studies->RecordRouting(studies->Revisions("closed", 10)->front(), {}, {}, At(51)).ok());
  RetentionStore retention(*database);
  EXPECT_EQ(retention.Remove("1.1", At(100), At(100))->instances, 1);
  EXPECT_THAT(retention.FilesOf("1.1").value(), ::testing::IsEmpty());
  EXPECT_THAT(retention.FilesOf("1.2").value(), ElementsAre("1.1.1.9b"));
  EXPECT_EQ(retention.Remove("1.2", At(100), At(100))->instances, 1);
  EXPECT_THAT(retention.FilesOf("1.2").value(), ::testing::IsEmpty());
}

TEST_F(SameInstanceTest, OfManyAtTheSameTimeExactlyOneIsUsedAndNoneIsLost) {
  constexpr int kThreads = 8;
  for (int round = 0; round < 10; ++round) {
    const std::string study = "1." + std::to_string(round + 1);
    std::atomic<int> added{0};
    std::atomic<int> replacing{0};
    std::barrier start(kThreads);
    std::vector<std::thread> senders;
    for (int i = 0; i < kThreads; ++i)
      senders.emplace_back([&, i] {
        start.arrive_and_wait();
        const AddOutcome outcome = OutcomeOf(study, study + ".1", study + ".1.1",
                                             std::string(1, static_cast<char>('a' + i)), i);
        added += outcome == AddOutcome::kAdded;
        replacing += outcome == AddOutcome::kReplacing;
      });
    for (std::thread& sender : senders) sender.join();
    EXPECT_EQ(added, 1);
    EXPECT_EQ(replacing, kThreads - 1);
    EXPECT_EQ(studies->Find(study).value()->instances, 1);
    EXPECT_EQ(studies->Find(study).value()->conflicting, kThreads - 1);
    EXPECT_EQ(studies->SeriesOfStudy(study)->front().classes.front().instances, 1);
  }
}

TEST_F(SameInstanceTest, AReplacementForACompleteSeriesGoesIntoTheNextRevision) {
  OutcomeOf("1.1", "1.1.1", "1.1.1.1", "a", 0);
  OutcomeOf("1.1", "1.1.2", "1.1.2.1", "a", 0);
  ASSERT_TRUE(
      CompletionStore(*database).CloseSeries("1.1", 1, {"1.1.1", "moved_on", ""}, At(1)).ok());
  const auto again = Add("1.1", "1.1.1", "1.1.1.1", "b", 2, UseContent::kLast);
  EXPECT_EQ(again->revision, 2);
  const auto revisions = studies->RevisionsOfStudy("1.1").value();
  ASSERT_EQ(revisions.size(), 2U);
  EXPECT_EQ(revisions[0].close_reason, "late_instance");
  const NewJob job{"first", "1.1.1", "rule", "model", "1", 1, {}};
  ASSERT_TRUE(studies->RecordRouting(revisions[0], {}, {job}, At(3)).ok());
  EXPECT_THAT(FilesOf(jobs->ListOfStudy("1.1")->back()), ElementsAre("/spool/1.1.1.1a"));
}

}  // namespace
}  // namespace axial::store
