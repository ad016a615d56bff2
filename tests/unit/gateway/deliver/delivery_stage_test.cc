#include "gateway/deliver/delivery_stage.h"

#include <gmock/gmock.h>

#include "tests/unit/gateway/deliver/fake_destinations.h"

namespace axial::deliver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using DeliveryStageTest = FakeDestinationsTest;

const Error kDown(ErrorCode::kUnavailable, "connection refused");

TEST_F(DeliveryStageTest, ConfirmsABatchInOrderAndFinishesTheJob) {
  Owe({MakeArtifact("1"), MakeArtifact("2")}, {"pacs"});
  const auto stage = MakeStage({"pacs"});
  EXPECT_EQ(RunAt(*stage, At(10)), std::nullopt);
  EXPECT_THAT(world.sends, ElementsAre(ElementsAre("2.25.1", "2.25.2")));
  EXPECT_EQ(JobState(), "delivered");
  EXPECT_EQ(stage->Statuses().front().state, DestinationState::kOk);
  EXPECT_EQ(stage->Statuses().front().owed, 0);
  EXPECT_EQ(Counted("pacs", "confirmed"), 2);
  EXPECT_EQ(changes, 1);
}

TEST_F(DeliveryStageTest, ProbesADeadDestinationWithAnEchoAndGrowingPauses) {
  Owe({MakeArtifact("1"), MakeArtifact("2"), MakeArtifact("3")}, {"pacs"});
  world.down.insert({"pacs", kDown});
  const auto stage = MakeStage({"pacs"});
  EXPECT_NEAR(static_cast<double>((*RunAt(*stage, At(10)) - At(10)).count()), 1e6, 10);
  // Before the pause is over nothing is tried.
  EXPECT_TRUE(RunAt(*stage, At(10) + std::chrono::milliseconds(500)).has_value());
  EXPECT_NEAR(static_cast<double>((*RunAt(*stage, At(11)) - At(11)).count()), 2e6, 10);
  EXPECT_NEAR(static_cast<double>((*RunAt(*stage, At(13)) - At(13)).count()), 4e6, 10);
  EXPECT_THAT(world.sends, ElementsAre(ElementsAre("2.25.1", "2.25.2", "2.25.3")));
  EXPECT_EQ(world.echoes, 2);
  EXPECT_EQ(DeliveriesByUid()["2.25.1"].attempt, 0) << "nothing was tried";
  const DestinationStatus status = stage->Statuses().front();
  EXPECT_EQ(status.state, DestinationState::kFailing);
  EXPECT_EQ(status.failing_since, At(10));
  EXPECT_EQ(status.last_error, "connection refused");
  EXPECT_EQ(status.owed, 3);
}

TEST_F(DeliveryStageTest, SendsTheRestAtOnceAfterAProbeSucceeds) {
  Owe({MakeArtifact("1"), MakeArtifact("2"), MakeArtifact("3")}, {"pacs"});
  world.down.insert({"pacs", kDown});
  const auto stage = MakeStage({"pacs"});
  RunAt(*stage, At(10));
  world.down.clear();
  const auto next = RunAt(*stage, At(11));  // the echo, and one artifact
  ASSERT_TRUE(next.has_value());
  EXPECT_LE(*next, At(11));
  EXPECT_EQ(world.echoes, 1);
  EXPECT_THAT(world.sends.back(), ElementsAre("2.25.1"));
  EXPECT_EQ(RunAt(*stage, At(11)), std::nullopt);
  EXPECT_EQ(JobState(), "delivered");
  EXPECT_EQ(stage->Statuses().front().state, DestinationState::kOk);
  EXPECT_EQ(stage->Statuses().front().last_error, "connection refused") << "kept for people";
}

TEST_F(DeliveryStageTest, PausesNeverExceedTheMaximum) {
  const BackOff back_off({std::chrono::seconds(1), std::chrono::minutes(10), [] { return 0.5; }});
  EXPECT_EQ(back_off.After(1), std::chrono::milliseconds(750));
  EXPECT_EQ(back_off.After(2), std::chrono::milliseconds(1500));
  EXPECT_EQ(back_off.After(1000), std::chrono::milliseconds(450'000));
}

TEST_F(DeliveryStageTest, ADeadDestinationDoesNotHoldUpAnother) {
  Owe({MakeArtifact("1")}, {"dead", "pacs"});
  world.down.insert({"dead", kDown});
  const auto stage = MakeStage({"dead", "pacs"});
  RunAt(*stage, At(10));
  EXPECT_EQ(Counted("pacs", "confirmed"), 1);
  EXPECT_EQ(Counted("dead", "postponed"), 1);
  EXPECT_EQ(JobState(), "produced");
}

TEST_F(DeliveryStageTest, ALastingNoIsKeptForAPersonAndTheRestGoesOn) {
  Owe({MakeArtifact("1"), MakeArtifact("2"), MakeArtifact("3")}, {"pacs"});
  world.answers.insert({"2.25.1", Error(ErrorCode::kInvalidInput, "status C000H: no")});
  world.answers.insert({"2.25.2", Error(ErrorCode::kExhausted, "status A700H")});
  const auto stage = MakeStage({"pacs"});
  const auto next = RunAt(*stage, At(10));
  ASSERT_TRUE(next.has_value());
  EXPECT_GT(*next, At(10));
  EXPECT_EQ(DeliveriesByUid()["2.25.1"].state, "refused");
  EXPECT_EQ(DeliveriesByUid()["2.25.1"].error_message, "status C000H: no");
  EXPECT_EQ(DeliveriesByUid()["2.25.2"].state, "pending");
  EXPECT_EQ(DeliveriesByUid()["2.25.3"].state, "confirmed");
  EXPECT_EQ(stage->Statuses().front().refused, 1);
  // Not only the stage that heard it knows why, but also the one after a restart.
  const auto statuses = MakeStage({"other", "pacs"})->Statuses();
  EXPECT_TRUE(statuses[0].refusals.empty());
  ASSERT_EQ(statuses[1].refusals.size(), 1U);
  EXPECT_EQ(statuses[1].refusals[0].sop_class_uid, "1.2.840.10008.5.1.4.1.1.66.4");
  EXPECT_EQ(statuses[1].refusals[0].error_message, "status C000H: no");

  world.answers.clear();
  ASSERT_EQ(stage->RetryNow("pacs").value(), 2);
  RunAt(*stage, At(10));
  EXPECT_EQ(JobState(), "delivered");
}

TEST_F(DeliveryStageTest, OneThatFailedBeforeGoesAlone) {
  Owe({MakeArtifact("1"), MakeArtifact("2"), MakeArtifact("3")}, {"pacs"});
  world.answers.insert({"2.25.1", Error(ErrorCode::kExhausted, "status A700H")});
  const auto stage = MakeStage({"pacs"});
  RunAt(*stage, At(10));
  world.answers.clear();
  world.sends.clear();
  Owe({MakeArtifact("4"), MakeArtifact("5")}, {"pacs"}, "1.2");
  RunAt(*stage, At(12));
  RunAt(*stage, At(12));
  EXPECT_THAT(world.sends, ElementsAre(ElementsAre("2.25.1"), ElementsAre("2.25.4", "2.25.5")));
}

TEST_F(DeliveryStageTest, WhoTakesNothingPausesLongerAndLonger) {
  Owe({MakeArtifact("1"), MakeArtifact("2")}, {"pacs"});
  for (const char* uid : {"2.25.1", "2.25.2"})
    world.answers.insert({uid, Error(ErrorCode::kTimeout, "no answer")});
  const auto stage = MakeStage({"pacs"});
  RunAt(*stage, At(10));
  EXPECT_EQ(stage->Statuses().front().state, DestinationState::kFailing);
  const auto next = RunAt(*stage, At(12));  // the echo is fine, the artifact is not
  EXPECT_EQ(world.sends.size(), 2U);
  EXPECT_NEAR(static_cast<double>((*next - At(12)).count()), 2e6, 10);
}

TEST_F(DeliveryStageTest, WhatWasBeingSentWhenAnExceptionCameIsSentAgain) {
  Owe({MakeArtifact("1"), MakeArtifact("2")}, {"pacs"});
  world.throws = true;
  const auto stage = MakeStage({"pacs"});
  RunAt(*stage, At(10));
  const auto next = RunAt(*stage, At(11));
  ASSERT_TRUE(next);
  RunAt(*stage, At(60));
  RunAt(*stage, At(61));
  EXPECT_EQ(Counted("pacs", "confirmed"), 2.0);
}

TEST_F(DeliveryStageTest, RecoversWithoutAnythingOwed) {
  Owe({MakeArtifact("1")}, {"pacs"});
  world.down.insert({"pacs", kDown});
  const auto stage = MakeStage({"pacs"});
  RunAt(*stage, At(10));
  const auto taken = deliveries->Take("pacs", 1, At(10));
  ASSERT_TRUE(deliveries->Confirm(taken->front(), store::kByStatus, At(10)).ok());
  world.down.clear();
  RunAt(*stage, At(12));
  EXPECT_EQ(stage->Statuses().front().state, DestinationState::kOk);
}

TEST_F(DeliveryStageTest, WhatIsOwedBeyondTheDeadlineIsAnAlarm) {
  Owe({MakeArtifact("1"), MakeArtifact("2")}, {"pacs"});
  world.down.insert({"pacs", kDown});
  const auto stage = MakeStage({"pacs"});
  RunAt(*stage, At(4 + 3599));
  EXPECT_EQ(stage->Statuses().front().overdue, 0);
  EXPECT_THAT(metrics.Serialize(),
              HasSubstr("axial_deliver_overdue_artifacts{destination=\"pacs\"} 0"));
  RunAt(*stage, At(4 + 3601));
  EXPECT_EQ(stage->Statuses().front().overdue, 2);
  EXPECT_EQ(stage->Statuses().front().oldest_owed_at, At(4));
  EXPECT_THAT(metrics.Serialize(),
              HasSubstr("axial_deliver_overdue_artifacts{destination=\"pacs\"} 2"));
}

TEST_F(DeliveryStageTest, APersonsRetryOfAJobSendsWhatItOwes) {
  Owe({MakeArtifact("1"), MakeArtifact("2")}, {"pacs", "web"});
  world.answers.insert({"2.25.1", Error(ErrorCode::kInvalidInput, "no")});
  const auto stage = MakeStage({"pacs", "web"});
  RunAt(*stage, At(10));
  world.answers.clear();
  const std::int64_t job = jobs->ListOfStudy("1.1")->front().id;
  EXPECT_THAT(stage->RetryJob(job).value(), ElementsAre("pacs", "web"));
  RunAt(*stage, At(11));
  EXPECT_EQ(JobState(), "delivered");
  EXPECT_THAT(stage->RetryJob(job).value(), IsEmpty());
}

TEST_F(DeliveryStageTest, ShowsWhatIsOwedToADestinationNoLongerConfigured) {
  Owe({MakeArtifact("1")}, {"old"});
  const auto stage = MakeStage({"pacs"});
  RunAt(*stage, At(10));
  const auto statuses = stage->Statuses();
  ASSERT_EQ(statuses.size(), 2U);
  EXPECT_EQ(statuses[1].name, "old");
  EXPECT_EQ(statuses[1].state, DestinationState::kNotConfigured);
  EXPECT_EQ(statuses[1].owed, 1);

  stage->SetDestinations(Named({"old"}));
  RunAt(*stage, At(11));
  EXPECT_EQ(JobState(), "delivered");
}

TEST_F(DeliveryStageTest, ADestinationThatCannotBeMadeIsShownAndKeepsItsDebts) {
  Owe({MakeArtifact("1")}, {"web"});
  const auto stage = MakeStage({});
  auto destinations = Named({"web"});
  destinations["web"].url = "bad";
  stage->SetDestinations(destinations);
  EXPECT_EQ(RunAt(*stage, At(10)), std::nullopt);
  EXPECT_EQ(stage->Statuses().front().state, DestinationState::kFailing);
  EXPECT_THAT(stage->Statuses().front().last_error, HasSubstr("no such thing"));
  EXPECT_EQ(stage->Statuses().front().owed, 1);
  EXPECT_EQ(stage->Echo("web").error().code(), ErrorCode::kUnsupported);
}

TEST_F(DeliveryStageTest, EchoOfAnUnknownNameIsNotFound) {
  const auto stage = MakeStage({"pacs"});
  EXPECT_TRUE(stage->Echo("pacs").ok());
  EXPECT_EQ(stage->Echo("other").error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(stage->RetryNow("other").error().code(), ErrorCode::kNotFound);
}

TEST_F(DeliveryStageTest, StartTakesBackWhatADeadProcessWasSending) {
  Owe({MakeArtifact("1")}, {"pacs"});
  ASSERT_EQ(deliveries->Take("pacs", 1, At(5))->size(), 1U);  // and then the process was killed
  const auto stage = MakeStage({"pacs"});
  ASSERT_TRUE(stage->Start().ok());
  EXPECT_TRUE(WaitUntil([&] { return JobState() == "delivered"; }));
  stage->Stop();
}

TEST_F(DeliveryStageTest, ANudgeWakesTheThread) {
  const auto stage = MakeStage({"pacs"});
  ASSERT_TRUE(stage->Start().ok());
  Owe({MakeArtifact("1")}, {"pacs"});
  stage->Nudge();
  EXPECT_TRUE(WaitUntil([&] { return JobState() == "delivered"; }));
}

TEST_F(DeliveryStageTest, ShowsDebtsInTheMetrics) {
  Owe({MakeArtifact("1")}, {"pacs"});
  world.down.insert({"pacs", kDown});
  const auto stage = MakeStage({"pacs"});
  RunAt(*stage, At(102));
  const std::string text = metrics.Serialize();
  EXPECT_THAT(text, HasSubstr("axial_deliver_owed_artifacts{destination=\"pacs\"} 1"));
  EXPECT_THAT(text, HasSubstr("axial_deliver_oldest_owed_seconds{destination=\"pacs\"} 98"));
}

}  // namespace
}  // namespace axial::deliver
