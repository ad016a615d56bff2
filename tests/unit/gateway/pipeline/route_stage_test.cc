#include "gateway/pipeline/route_stage.h"

#include <gtest/gtest.h>

#include "gateway/store/completion_store.h"
#include "gateway/store/job_store.h"
#include "tests/support/temp_dir.h"

namespace axial::pipeline {
namespace {

TimePoint At(int seconds) { return TimePoint(std::chrono::seconds(1'000'000 + seconds)); }

class RouteStageTest : public ::testing::Test {
 protected:
  RouteStageTest() {
    config::RuleSpec rule;
    rule.name = "CT to lungs";
    rule.when = {{"Modality", config::ConditionKind::kAnyOf, {"CT"}, 1}};
    rule.run = "lungs";
    rule.send_to = {"pacs"};
    config::ModelCard card;
    card.name = "lungs";
    card.version = "2";
    auto compiled = routing::RuleSet::Compile({rule}, "axial.yaml");
    EXPECT_TRUE(compiled.rule_set.has_value());
    stage.SetRules(*compiled.rule_set, {card});
  }

  void Receive(const std::string& series, const std::string& sop, const std::string& modality,
               int seconds) {
    AttributeSet attributes;
    attributes["Modality"] = {"CS", {modality}};
    const store::NewInstance instance{
        InstanceHeader{Uid::Parse("1.1").value(), Uid::Parse(series).value(),
                       Uid::Parse(sop).value(), Uid::Parse("1.2.840.10008.5.1.4.1.1.2").value(),
                       "1.2.840.10008.1.2.1", 1, attributes},
        "sha" + sop,
        "/spool/" + sop,
        1,
        "CT01",
        "AXIAL",
        "127.0.0.1",
        At(seconds)};
    ASSERT_TRUE(studies.AddInstance(instance).ok());
  }

  void Close(int seconds) {
    const auto open = studies.Revisions("open", 10).value();
    ASSERT_EQ(open.size(), 1U);
    ASSERT_TRUE(studies.CloseRevision(open[0], "quiet", At(seconds)).ok());
  }

  testing::TempDir folder;
  std::unique_ptr<store::Database> database =
      store::Database::Open(folder.File("axial.db")).value();
  store::StudyStore studies{*database};
  store::JobStore jobs{*database};
  Metrics metrics;
  int nudges = 0;
  Status durable;
  RouteStage stage{studies, metrics, [this](const std::string&) { return durable; },
                   [this] { ++nudges; }};
};

TEST_F(RouteStageTest, StoresEveryVerdictAndMakesAJobPerMatchedSeries) {
  Receive("1.1.1", "1.1.1.1", "CT", 0);
  Receive("1.1.2", "1.1.2.1", "MR", 0);
  Close(5);
  ASSERT_TRUE(stage.RunOnce(At(6)).ok());
  const auto verdicts = studies.VerdictsOfRevision(studies.RevisionsOfStudy("1.1")->front().id);
  ASSERT_EQ(verdicts->size(), 2U);
  EXPECT_TRUE(verdicts.value()[0].matched);
  EXPECT_FALSE(verdicts.value()[1].matched);
  EXPECT_NE(verdicts.value()[1].reason.find("Modality"), std::string::npos);
  const auto made = jobs.ListOfStudy("1.1").value();
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(made[0].series_uid, "1.1.1");
  EXPECT_EQ(made[0].model_version, "2");
  EXPECT_EQ(nudges, 1);
}

TEST_F(RouteStageTest, MakesNoJobBeforeTheBytesOfItsStudyAreDurable) {
  Receive("1.1.1", "1.1.1.1", "CT", 0);
  Close(5);
  durable = Error(ErrorCode::kUnavailable, "input/output error");
  EXPECT_EQ(stage.RunOnce(At(6)).error().code(), ErrorCode::kUnavailable);
  EXPECT_TRUE(jobs.ListOfStudy("1.1")->empty());
  EXPECT_EQ(studies.RevisionsOfStudy("1.1")->front().state, "closed");
  durable = {};
  ASSERT_TRUE(stage.RunOnce(At(7)).ok());
  EXPECT_EQ(jobs.ListOfStudy("1.1")->size(), 1U);
}

TEST_F(RouteStageTest, AStudyThatNoRuleMatchesIsKeptAsNotRouted) {
  Receive("1.1.2", "1.1.2.1", "MR", 0);
  Close(5);
  ASSERT_TRUE(stage.RunOnce(At(6)).ok());
  EXPECT_EQ(studies.RevisionsOfStudy("1.1")->front().state, "routed");
  EXPECT_TRUE(jobs.ListOfStudy("1.1")->empty());
  EXPECT_EQ(studies.Events("1.1", 10)->back().kind, "not_routed");
  EXPECT_EQ(nudges, 0);
}

TEST_F(RouteStageTest, ALateInstanceRunsItsOwnSeriesAgainAndNoOther) {
  Receive("1.1.1", "1.1.1.1", "CT", 0);
  Receive("1.1.2", "1.1.2.1", "CT", 0);
  Close(5);
  ASSERT_TRUE(stage.RunOnce(At(6)).ok());
  Receive("1.1.2", "1.1.2.2", "CT", 60);
  Close(65);
  ASSERT_TRUE(stage.RunOnce(At(66)).ok());
  const auto made = jobs.ListOfStudy("1.1").value();
  ASSERT_EQ(made.size(), 3U);
  EXPECT_EQ(made[2].series_uid, "1.1.2");
}

TEST_F(RouteStageTest, ACompleteSeriesRunsBeforeItsStudyIsComplete) {
  Receive("1.1.1", "1.1.1.1", "CT", 0);
  Receive("1.1.2", "1.1.2.1", "CT", 0);
  store::CompletionStore completions(*database);
  ASSERT_TRUE(completions.CloseSeries("1.1", 1, {"1.1.1", "moved_on", ""}, At(1)).ok());
  ASSERT_TRUE(stage.RunOnce(At(2)).ok());
  ASSERT_EQ(jobs.ListOfStudy("1.1")->size(), 1U);
  EXPECT_EQ(jobs.ListOfStudy("1.1")->front().series_uid, "1.1.1");
  EXPECT_EQ(nudges, 1);
  EXPECT_EQ(studies.RevisionsOfStudy("1.1")->front().state, "open");
  Close(5);
  ASSERT_TRUE(stage.RunOnce(At(6)).ok());
  const auto made = jobs.ListOfStudy("1.1").value();
  ASSERT_EQ(made.size(), 2U);  // the first one not again
  EXPECT_EQ(made[1].series_uid, "1.1.2");
  const auto revision = studies.RevisionsOfStudy("1.1")->front();
  EXPECT_EQ(revision.state, "routed");
  EXPECT_EQ(studies.VerdictsOfRevision(revision.id)->size(), 2U);
  EXPECT_EQ(studies.Events("1.1", 10)->back().kind, "routed");
}

TEST_F(RouteStageTest, WhatALateInstanceMovedOnRunsWithTheNextRevisionOnly) {
  Receive("1.1.1", "1.1.1.1", "CT", 0);
  Receive("1.1.2", "1.1.2.1", "CT", 0);
  store::CompletionStore completions(*database);
  ASSERT_TRUE(completions.CloseSeries("1.1", 1, {"1.1.1", "moved_on", ""}, At(1)).ok());
  Receive("1.1.1", "1.1.1.2", "CT", 2);  // closes revision 1 before the Series was routed
  ASSERT_TRUE(stage.RunOnce(At(3)).ok());
  auto made = jobs.ListOfStudy("1.1").value();
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(made[0].series_uid, "1.1.1");
  EXPECT_EQ(made[0].revision, 1);
  EXPECT_EQ(jobs.InputFiles(made[0])->size(), 1U);
  Close(9);
  ASSERT_TRUE(stage.RunOnce(At(10)).ok());
  made = jobs.ListOfStudy("1.1").value();
  ASSERT_EQ(made.size(), 3U);
  EXPECT_EQ(made[1].revision, 2);
  EXPECT_EQ(made[2].revision, 2);
}

}  // namespace
}  // namespace axial::pipeline
