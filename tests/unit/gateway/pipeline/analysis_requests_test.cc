#include "gateway/pipeline/analysis_requests.h"

#include <gmock/gmock.h>

#include "gateway/store/completion_store.h"
#include "gateway/store/retention_store.h"
#include "tests/unit/gateway/store/store_fixture.h"

namespace axial::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

config::ModelCard Card(const std::string& name, const std::string& modality, int slices = 1) {
  config::ModelCard card;
  card.name = name;
  card.version = "2";
  card.input.modalities = {modality};
  card.input.minimum_slices = slices;
  return card;
}

class AnalysisRequestsTest : public store::StoreTest {
 protected:
  AnalysisRequestsTest() {
    config::RuleSpec rule;
    rule.name = "CT";
    rule.run = "lungs";
    rule.send_to = {"pacs"};
    config.rules = {rule};
    config.destinations["pacs"] = {};
    config.destinations["disk"] = {};
    cards = {Card("lungs", "CT"), Card("liver", "CT"), Card("stack", "CT", 20),
             Card("breast", "MG")};
    asked.SetModels(config, cards);
  }

  /// A Series of study 1.1 with one CT Instance, in a revision of its own, routed to no Job.
  void AddSeries(const std::string& series, int seconds = 0) {
    ASSERT_TRUE(
        studies->AddInstance(MakeInstance("1.1", series, series + ".1", "a", seconds)).ok());
  }
  void Route() {
    ASSERT_TRUE(
        studies->CloseRevision(studies->Revisions("open", 1)->front(), "quiet", At(1)).ok());
    ASSERT_TRUE(
        studies->RecordRouting(studies->Revisions("closed", 1)->front(), {}, {}, At(2)).ok());
  }
  /// The Series is complete while its study is not, and routed to no Job.
  void RouteSeries(const std::string& series) {
    const store::Revision revision = studies->Revisions("open", 1)->front();
    ASSERT_TRUE(store::CompletionStore(*database)
                    .CloseSeries("1.1", revision.number, {series, "count", "all are here"}, At(3))
                    .ok());
    ASSERT_TRUE(studies->RecordSeriesRouting(revision, series, {}, {}, At(4)).ok());
  }
  /// Of the Jobs of study 1.1, in their order.
  std::vector<std::string> SeriesOfJobs() const {
    std::vector<std::string> series;
    for (const store::Job& job : jobs->ListOfStudy("1.1").value()) series.push_back(job.series_uid);
    return series;
  }
  RequestedAnalysis Ask(const std::string& model, const std::string& series = "") {
    auto answer = asked.Ask("1.1", series, model, At(10));
    EXPECT_TRUE(answer.ok()) << answer.error().ToString();
    return answer.ok() ? *answer : RequestedAnalysis{};
  }

  config::Config config;
  std::vector<config::ModelCard> cards;
  store::AnalysisRequestStore requests{*database};
  int nudges = 0;
  std::vector<std::string> made_durable;
  AnalysisRequests asked{*studies, *jobs, requests,
                         [this](const std::string& study) -> Status {
                           made_durable.push_back(study);
                           return {};
                         },
                         [this] { ++nudges; }};
};

TEST_F(AnalysisRequestsTest, RunsTheModelOnEverySeriesItTakesAtOnce) {
  AddSeries("1.1.1");
  AddSeries("1.1.2");
  Route();
  const RequestedAnalysis answer = Ask("lungs");
  EXPECT_TRUE(answer.finished);
  EXPECT_EQ(answer.jobs.size(), 2U);
  EXPECT_EQ(nudges, 1);
  EXPECT_THAT(made_durable, ElementsAre("1.1"));
  const auto made = jobs->ListOfStudy("1.1").value();
  ASSERT_EQ(made.size(), 2U);
  EXPECT_EQ(made[0].rule, "on request");
  EXPECT_EQ(made[0].model_version, "2");
  EXPECT_EQ(made[0].priority, 0);
  EXPECT_THAT(jobs->Destinations(made[0]).value(), ElementsAre("pacs"));  // as the rule's
  EXPECT_EQ(studies->Events("1.1", 10)->back().kind, "requested");
}

TEST_F(AnalysisRequestsTest, SendsWhatNoRuleRunsToEveryDestination) {
  AddSeries("1.1.1");
  Route();
  (void)Ask("liver");
  EXPECT_THAT(jobs->Destinations(jobs->ListOfStudy("1.1")->front()).value(),
              ElementsAre("disk", "pacs"));
}

TEST_F(AnalysisRequestsTest, RunsOneSeriesWhenItIsNamed) {
  AddSeries("1.1.1");
  AddSeries("1.1.2");
  Route();
  EXPECT_EQ(Ask("lungs", "1.1.2").jobs.size(), 1U);
  EXPECT_EQ(jobs->ListOfStudy("1.1")->front().series_uid, "1.1.2");
  EXPECT_THAT(Ask("lungs", "1.9").outcome, HasSubstr("no Series 1.9"));
}

TEST_F(AnalysisRequestsTest, SaysWhyAModelDoesNotTakeTheSeries) {
  AddSeries("1.1.1");
  Route();
  const RequestedAnalysis breast = Ask("breast");
  EXPECT_TRUE(breast.finished);
  EXPECT_TRUE(breast.jobs.empty());
  EXPECT_THAT(breast.outcome, HasSubstr("it is CT; the model takes MG"));
  EXPECT_THAT(Ask("stack").outcome, HasSubstr("1 slices; the model needs at least 20"));
  EXPECT_EQ(nudges, 0);
}

TEST_F(AnalysisRequestsTest, NamesTheModelsWhenThereIsNoSuch) {
  const auto answer = asked.Ask("1.1", "", "lung", At(0));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(answer.error().message(), HasSubstr("breast, liver, lungs, stack"));
  EXPECT_TRUE(requests.ListOfStudy("1.1", 10)->empty());
}

TEST_F(AnalysisRequestsTest, ARepeatedRequestMakesNoSecondJobAndRetriesAFailedOne) {
  AddSeries("1.1.1");
  Route();
  const RequestedAnalysis first = Ask("lungs");
  EXPECT_EQ(Ask("lungs").jobs, first.jobs);
  ASSERT_EQ(jobs->ListOfStudy("1.1")->size(), 1U);
  const store::Job job = jobs->Lease({"lungs"}, At(20), std::chrono::minutes(1))->value();
  ASSERT_TRUE(
      jobs->LoseAttempt(job, Error(ErrorCode::kInvalidInput, "broken"), false, At(21)).ok());
  ASSERT_EQ(jobs->ListOfStudy("1.1")->front().state, store::JobState::kFailed);
  EXPECT_EQ(Ask("lungs").jobs, first.jobs);
  EXPECT_EQ(jobs->ListOfStudy("1.1")->front().state, store::JobState::kQueued);
}

TEST_F(AnalysisRequestsTest, ARequestWaitsForItsStudyAndSurvivesARestart) {
  const RequestedAnalysis absent = Ask("lungs");
  EXPECT_FALSE(absent.finished);
  EXPECT_THAT(absent.outcome, HasSubstr("taken in"));
  AddSeries("1.1.1");
  EXPECT_THAT(Ask("lungs").outcome, HasSubstr("complete"));
  ASSERT_EQ(requests.ListOfStudy("1.1", 10)->size(), 1U);  // the same request
  ASSERT_TRUE(asked.RunOnce(At(11)).ok());
  EXPECT_TRUE(jobs->ListOfStudy("1.1")->empty());

  Reopen();
  store::AnalysisRequestStore reopened(*database);
  AnalysisRequests after(
      *studies, *jobs, reopened, [](const std::string&) { return Status(); }, [] {});
  after.SetModels(config, cards);
  Route();
  ASSERT_TRUE(after.RunOnce(At(12)).ok());
  EXPECT_EQ(jobs->ListOfStudy("1.1")->size(), 1U);
  EXPECT_EQ(reopened.ListOfStudy("1.1", 10)->front().outcome, "runs on 1 Series");
}

TEST_F(AnalysisRequestsTest, RunsASeriesThatIsCompleteBeforeItsStudyAndLaterTheOthers) {
  AddSeries("1.1.1");
  AddSeries("1.1.2");
  EXPECT_THAT(Ask("lungs").outcome, HasSubstr("to be complete"));
  RouteSeries("1.1.1");
  ASSERT_TRUE(asked.RunOnce(At(11)).ok());
  EXPECT_THAT(SeriesOfJobs(), ElementsAre("1.1.1"));
  const auto waiting = requests.ListOfStudy("1.1", 10)->front();
  EXPECT_EQ(waiting.finished_at, TimePoint{});
  EXPECT_EQ(waiting.outcome, "runs on 1 Series; waits for the rest of the study");
  EXPECT_EQ(Ask("lungs").jobs.size(), 1U);  // says what runs already
  ASSERT_TRUE(asked.RunOnce(At(12)).ok());
  EXPECT_THAT(SeriesOfJobs(), ElementsAre("1.1.1"));

  RouteSeries("1.1.2");
  AddSeries("1.1.3");
  ASSERT_TRUE(asked.RunOnce(At(13)).ok());
  EXPECT_THAT(SeriesOfJobs(), ElementsAre("1.1.1", "1.1.2"));
  Route();
  ASSERT_TRUE(asked.RunOnce(At(14)).ok());
  EXPECT_THAT(SeriesOfJobs(), ElementsAre("1.1.1", "1.1.2", "1.1.3"));
  EXPECT_EQ(requests.ListOfStudy("1.1", 10)->front().outcome, "runs on 3 Series");
  EXPECT_NE(requests.ListOfStudy("1.1", 10)->front().finished_at, TimePoint{});
}

TEST_F(AnalysisRequestsTest, ANamedSeriesIsAllThatItsRequestWaitsFor) {
  AddSeries("1.1.1");
  AddSeries("1.1.2");
  EXPECT_FALSE(Ask("lungs", "1.1.1").finished);
  RouteSeries("1.1.1");
  ASSERT_TRUE(asked.RunOnce(At(11)).ok());
  EXPECT_EQ(requests.ListOfStudy("1.1", 10)->front().outcome, "runs on 1 Series");
  EXPECT_NE(requests.ListOfStudy("1.1", 10)->front().finished_at, TimePoint{});
  const RequestedAnalysis breast = Ask("breast", "1.1.1");  // said at once
  EXPECT_TRUE(breast.finished);
  EXPECT_THAT(breast.outcome, HasSubstr("the model takes MG"));
  EXPECT_FALSE(Ask("breast").finished);  // what else comes may be for it
}

TEST_F(AnalysisRequestsTest, AWaitingRequestDoesNotRetryWhatFailedSinceItWasMade) {
  AddSeries("1.1.1");
  AddSeries("1.1.2");
  RouteSeries("1.1.1");
  EXPECT_EQ(Ask("lungs").jobs.size(), 1U);
  const store::Job job = jobs->Lease({"lungs"}, At(20), std::chrono::minutes(1))->value();
  ASSERT_TRUE(
      jobs->LoseAttempt(job, Error(ErrorCode::kInvalidInput, "broken"), false, At(21)).ok());
  RouteSeries("1.1.2");
  ASSERT_TRUE(asked.RunOnce(At(22)).ok());
  EXPECT_THAT(SeriesOfJobs(), ElementsAre("1.1.1", "1.1.2"));
  EXPECT_EQ(jobs->ListOfStudy("1.1")->front().state, store::JobState::kFailed);
  (void)Ask("lungs");  // a person may
  EXPECT_EQ(jobs->ListOfStudy("1.1")->front().state, store::JobState::kQueued);
}

TEST_F(AnalysisRequestsTest, AskedAgainAfterAnotherSeriesCameTheSameImagesAreTheSameJob) {
  AddSeries("1.1.1");
  Route();
  const RequestedAnalysis first = Ask("lungs");
  AddSeries("1.1.2", 5);
  EXPECT_EQ(Ask("lungs", "1.1.1").jobs, first.jobs);  // although the study is open again
  Route();
  const RequestedAnalysis both = Ask("lungs");
  EXPECT_EQ(both.jobs.size(), 2U);
  EXPECT_THAT(SeriesOfJobs(), ElementsAre("1.1.1", "1.1.2"));
}

TEST_F(AnalysisRequestsTest, AStudyThatWasRemovedIsWaitedForAgain) {
  AddSeries("1.1.1");
  Route();
  ASSERT_TRUE(store::RetentionStore(*database).Remove("1.1", At(9), At(9)).ok());
  const RequestedAnalysis answer = Ask("lungs");
  EXPECT_FALSE(answer.study_here);
  EXPECT_FALSE(answer.finished);
  ASSERT_TRUE(asked.RunOnce(At(11)).ok());
  EXPECT_TRUE(jobs->ListOfStudy("1.1")->empty());
  ASSERT_TRUE(studies->AddInstance(MakeInstance("1.1", "1.1.1", "1.1.1.2", "b", 12)).ok());
  Route();
  ASSERT_TRUE(asked.RunOnce(At(13)).ok());
  EXPECT_EQ(jobs->ListOfStudy("1.1")->front().revision, 2);
}

TEST_F(AnalysisRequestsTest, GivesUpAfterADayWithoutTheStudy) {
  (void)Ask("lungs");
  ASSERT_TRUE(asked.RunOnce(At(10) + std::chrono::hours(23)).ok());
  EXPECT_EQ(requests.ListOfStudy("1.1", 1)->front().finished_at, TimePoint{});
  ASSERT_TRUE(asked.RunOnce(At(10) + std::chrono::hours(25)).ok());
  EXPECT_THAT(requests.ListOfStudy("1.1", 1)->front().outcome, HasSubstr("did not come"));
}

TEST_F(AnalysisRequestsTest, IsBoundedInWhatWaits) {
  for (int i = 0; i < store::kMaxUnfinishedRequests; ++i)
    ASSERT_TRUE(asked.Ask("1.2." + std::to_string(i), "", "lungs", At(0)).ok());
  const auto refused = asked.Ask("1.3", "", "lungs", At(0));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kExhausted);
}

}  // namespace
}  // namespace axial::pipeline
