#include "gateway/deliver/delivery_stage.h"

#include <gmock/gmock.h>

#include "tests/unit/gateway/deliver/deliver_fixture.h"

namespace axial::deliver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ManualClock final : public Clock {
 public:
  TimePoint Now() const override { return now; }
  TimePoint now{};
};

/// What the fake Destinations of one test do and saw.
struct World {
  std::map<std::string, Error> down;     ///< by destination
  std::map<std::string, Error> answers;  ///< by SOP Instance UID
  std::vector<std::vector<std::string>> sends;
};

class FakeDestination final : public Destination {
 public:
  FakeDestination(World& world, std::string name) : world_(world), name_(std::move(name)) {}

  SendReport Send(const std::vector<store::Delivery>& artifacts) override {
    std::vector<std::string> uids;
    for (const auto& artifact : artifacts) uids.push_back(artifact.sop_instance_uid);
    world_.sends.push_back(uids);
    SendReport report;
    report.reached = Echo();
    if (!report.reached.ok()) return report;
    for (const std::string& uid : uids) {
      const auto answer = world_.answers.find(uid);
      report.results.push_back(answer == world_.answers.end() ? SendResult(std::string())
                                                              : SendResult(answer->second));
    }
    return report;
  }
  Status Echo() override {
    const auto found = world_.down.find(name_);
    return found == world_.down.end() ? Status() : Status(found->second);
  }
  void Interrupt() override {}

 private:
  World& world_;
  const std::string name_;
};

class DeliveryStageTest : public DeliverTest {
 protected:
  DeliveryStageTest() { clock.now = At(10); }

  std::unique_ptr<DeliveryStage> MakeStage(const std::vector<std::string>& names) {
    DeliverOptions options;
    options.clock = &clock;
    options.metrics = &metrics;
    options.back_off.random = [] { return 0.999999; };
    options.on_change = [this] { ++changes; };
    options.make_destination =
        [this](const config::Destination& destination,
               const DestinationOptions&) -> Result<std::unique_ptr<Destination>> {
      if (destination.url == "bad") return MakeError(ErrorCode::kUnsupported, "no such thing");
      return std::unique_ptr<Destination>(
          std::make_unique<FakeDestination>(world, destination.name));
    };
    return std::make_unique<DeliveryStage>(*deliveries, Named(names), "AXIAL", options);
  }

  static std::map<std::string, config::Destination> Named(const std::vector<std::string>& names) {
    std::map<std::string, config::Destination> destinations;
    for (const std::string& name : names) destinations[name].name = name;
    return destinations;
  }

  std::optional<TimePoint> RunAt(DeliveryStage& stage, TimePoint now) {
    clock.now = now;
    return stage.RunOnce(now);
  }

  double Counted(const std::string& destination, const std::string& outcome) {
    return metrics
        .GetCounter("axial_deliver_deliveries_total", "Tries to deliver one artifact, by outcome",
                    {{"destination", destination}, {"outcome", outcome}})
        .Value();
  }

  ManualClock clock;
  World world;
  int changes = 0;
};

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

TEST_F(DeliveryStageTest, ProbesADeadDestinationWithOneArtifactAndGrowingPauses) {
  Owe({MakeArtifact("1"), MakeArtifact("2"), MakeArtifact("3")}, {"pacs"});
  world.down.insert({"pacs", kDown});
  const auto stage = MakeStage({"pacs"});
  EXPECT_NEAR(static_cast<double>((*RunAt(*stage, At(10)) - At(10)).count()), 1e6, 10);
  // Before the pause is over nothing is tried.
  EXPECT_TRUE(RunAt(*stage, At(10) + std::chrono::milliseconds(500)).has_value());
  EXPECT_NEAR(static_cast<double>((*RunAt(*stage, At(11)) - At(11)).count()), 2e6, 10);
  EXPECT_NEAR(static_cast<double>((*RunAt(*stage, At(13)) - At(13)).count()), 4e6, 10);
  EXPECT_THAT(world.sends, ElementsAre(ElementsAre("2.25.1", "2.25.2", "2.25.3"),
                                       ElementsAre("2.25.1"), ElementsAre("2.25.1")));
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
  const auto next = RunAt(*stage, At(11));  // the probe
  ASSERT_TRUE(next.has_value());
  EXPECT_LE(*next, At(11));
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
  EXPECT_THAT(text, HasSubstr("axial_deliver_oldest_owed_seconds{destination=\"pacs\"} 100"));
}

}  // namespace
}  // namespace axial::deliver
