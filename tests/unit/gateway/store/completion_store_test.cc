#include "gateway/store/completion_store.h"

#include "tests/unit/gateway/store/store_fixture.h"

namespace axial::store {
namespace {

class CompletionStoreTest : public StoreTest {
 protected:
  AddedInstance Add(const std::string& series, const std::string& sop, int seconds) {
    return studies->AddInstance(MakeInstance("1.1", series, sop, "sha" + sop, seconds)).value();
  }
  CompletionStore completions() { return CompletionStore(*database); }
  Status CloseSeries(const std::string& series, int revision = 1) {
    return completions().CloseSeries("1.1", revision, {series, "moved_on", "seen"}, At(5));
  }
  std::vector<Revision> Revisions() { return studies->RevisionsOfStudy("1.1").value(); }
};

TEST_F(CompletionStoreTest, ClosingARevisionClosesItsSeriesWithTheirEvidence) {
  Add("1.1.1", "1.1.1.1", 0);
  const AddedInstance last = Add("1.1.2", "1.1.2.1", 1);
  ASSERT_TRUE(CloseSeries("1.1.1").ok());
  ASSERT_TRUE(completions()
                  .CloseRevision({"1.1",
                                  1,
                                  last.study_version,
                                  "association_released",
                                  "habit",
                                  {{"1.1.2", "association_released", "numbers"}}},
                                 At(6))
                  .ok());
  EXPECT_EQ(Revisions()[0].state, "closed");
  EXPECT_EQ(Revisions()[0].evidence, "habit");
  const auto series = studies->SeriesRevisions("1.1").value();
  ASSERT_EQ(series.size(), 2U);
  EXPECT_EQ(series[0].evidence, "seen");
  EXPECT_EQ(series[1].evidence, "numbers");
  EXPECT_EQ(series[1].closed_at, At(6));
}

TEST_F(CompletionStoreTest, WhoHasNotSeenTheLastInstanceCannotClose) {
  const AddedInstance first = Add("1.1.1", "1.1.1.1", 0);
  Add("1.1.1", "1.1.1.2", 0);  // in the same microsecond
  const Status closed =
      completions().CloseRevision({"1.1", 1, first.study_version, "quiet", "", {}}, At(6));
  EXPECT_EQ(closed.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(Revisions()[0].state, "open");
}

TEST_F(CompletionStoreTest, ASeriesClosesOnlyInTheOpenRevisionThatHasIt) {
  Add("1.1.1", "1.1.1.1", 0);
  EXPECT_EQ(CloseSeries("1.1.1", 2).error().code(), ErrorCode::kConflict);
  EXPECT_EQ(CloseSeries("1.1.9").error().code(), ErrorCode::kConflict);
  EXPECT_TRUE(CloseSeries("1.1.1").ok());
  EXPECT_TRUE(CloseSeries("1.1.1").ok());  // as after a crash before the answer
  EXPECT_EQ(studies->SeriesRevisions("1.1")->size(), 1U);
}

TEST_F(CompletionStoreTest, ALateInstanceOfACompleteSeriesLeavesItAsItWasClosed) {
  Add("1.1.1", "1.1.1.1", 0);
  Add("1.1.2", "1.1.2.1", 0);
  ASSERT_TRUE(CloseSeries("1.1.1").ok());
  const AddedInstance late = Add("1.1.1", "1.1.1.2", 10);
  EXPECT_EQ(late.revision, 2);
  ASSERT_EQ(Revisions().size(), 2U);
  EXPECT_EQ(Revisions()[0].state, "closed");
  EXPECT_EQ(Revisions()[0].close_reason, "late_instance");
  EXPECT_EQ(Revisions()[1].state, "open");
  // The first revision has what was complete, the second what was not, and the late one.
  const auto first = studies->SeriesOfRevision("1.1", 1).value();
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].series_uid, "1.1.1");
  EXPECT_EQ(first[0].changed_in_revision, 1);
  const auto second = studies->SeriesOfRevision("1.1", 2).value();
  ASSERT_EQ(second.size(), 2U);
  EXPECT_EQ(second[0].changed_in_revision, 2);
  EXPECT_EQ(second[1].changed_in_revision, 2);
  EXPECT_EQ(Add("1.1.2", "1.1.2.2", 11).revision, 2);
}

TEST_F(CompletionStoreTest, JobsOfACompleteSeriesKeepTheirFilesWhenALateOneComes) {
  Add("1.1.1", "1.1.1.1", 0);
  ASSERT_TRUE(CloseSeries("1.1.1").ok());
  const auto unrouted = studies->UnroutedSeries(10).value();
  ASSERT_EQ(unrouted.size(), 1U);
  EXPECT_EQ(unrouted[0].second, "1.1.1");
  ASSERT_EQ(
      studies
          ->RecordSeriesRouting(unrouted[0].first, "1.1.1", {{0, "rule", "1.1.1", true, "matches"}},
                                {{"key", "1.1.1", "rule", "model", "1", 1, {"pacs"}}}, At(6))
          .value(),
      1);
  EXPECT_TRUE(studies->UnroutedSeries(10)->empty());
  Add("1.1.1", "1.1.1.2", 10);
  const auto job = jobs->ListOfStudy("1.1")->front();
  EXPECT_EQ(job.revision, 1);
  EXPECT_EQ(jobs->InputFiles(job)->size(), 1U);
  EXPECT_TRUE(studies->SeriesOfRevision("1.1", 1)->front().routed);
  EXPECT_FALSE(studies->SeriesOfRevision("1.1", 2)->front().routed);
}

TEST_F(CompletionStoreTest, ASeriesIsRoutedOnce) {
  Add("1.1.1", "1.1.1.1", 0);
  ASSERT_TRUE(CloseSeries("1.1.1").ok());
  const Revision revision = studies->UnroutedSeries(10)->front().first;
  ASSERT_TRUE(studies->RecordSeriesRouting(revision, "1.1.1", {}, {}, At(6)).ok());
  EXPECT_EQ(studies->RecordSeriesRouting(revision, "1.1.1", {}, {}, At(7)).error().code(),
            ErrorCode::kConflict);
}

TEST_F(CompletionStoreTest, AfterARestartTheRowsTellWhatIsOpen) {
  Add("1.1.1", "1.1.1.1", 0);
  const AddedInstance last = Add("1.1.2", "1.1.2.1", 1);
  ASSERT_TRUE(CloseSeries("1.1.1").ok());
  Reopen();
  const auto open = completions().OpenRevisions(10, 10).value();
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].study_version, last.study_version);
  EXPECT_EQ(open[0].revision.number, 1);
  ASSERT_EQ(open[0].instances.size(), 2U);
  EXPECT_EQ(open[0].instances[0].series_uid, "1.1.1");
  EXPECT_EQ(open[0].closed_series, std::vector<std::string>{"1.1.1"});
  EXPECT_TRUE(open[0].complete_list);
  EXPECT_FALSE(completions().OpenRevisions(10, 1)->front().complete_list);
}

TEST_F(CompletionStoreTest, KeepsAndForgetsHabits) {
  ASSERT_TRUE(completions().SaveHabits({{"CT01", At(1), "{}"}, {"MR01", At(2), "{}"}}).ok());
  ASSERT_TRUE(
      completions().SaveHabits({{"CT01", At(3), "{\"studies\":1}"}, {"MR01", {}, ""}}).ok());
  const auto habits = completions().Habits(10).value();
  ASSERT_EQ(habits.size(), 1U);
  EXPECT_EQ(habits[0].habit, "{\"studies\":1}");
  EXPECT_EQ(habits[0].heard_at, At(3));
}

}  // namespace
}  // namespace axial::store
