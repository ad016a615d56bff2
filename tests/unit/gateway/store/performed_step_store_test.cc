#include "gateway/store/performed_step_store.h"

#include <gmock/gmock.h>

#include "tests/unit/gateway/store/store_fixture.h"

namespace axial::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kCt = "1.2.840.10008.5.1.4.1.1.2";

TEST(PerformedStepState, EveryPairOfStateAndEventIsDecided) {
  using State = PerformedStepState;
  using Event = PerformedStepEvent;
  EXPECT_EQ(NextPerformedStepState(State::kInProgress, Event::kUpdate), State::kInProgress);
  EXPECT_EQ(NextPerformedStepState(State::kInProgress, Event::kComplete), State::kCompleted);
  EXPECT_EQ(NextPerformedStepState(State::kInProgress, Event::kDiscontinue), State::kDiscontinued);
  for (const State ended : {State::kCompleted, State::kDiscontinued})
    for (const Event event : {Event::kUpdate, Event::kComplete, Event::kDiscontinue})
      EXPECT_FALSE(NextPerformedStepState(ended, event).has_value());
}

TEST(PerformedStepState, NamesGoBothWays) {
  for (const auto state : {PerformedStepState::kInProgress, PerformedStepState::kCompleted,
                           PerformedStepState::kDiscontinued})
    EXPECT_EQ(PerformedStepStateFromName(PerformedStepStateName(state)), state);
  EXPECT_FALSE(PerformedStepStateFromName("IN PROGRESS").has_value());
}

class PerformedStepStoreTest : public StoreTest {
 protected:
  PerformedStepStoreTest() { ReopenSteps(); }
  void ReopenSteps() {
    Reopen();
    steps = std::make_unique<PerformedStepStore>(*database);
  }
  void AddStep(const std::string& uid, const std::vector<std::string>& about = {"1.1"}) {
    ASSERT_TRUE(steps->Create({uid, about, "CT01", "CT01", "CT", {}}, At(0)).ok());
  }
  static PerformedStepChange Completed(std::vector<PerformedSeries> series) {
    return {PerformedStepEvent::kComplete, std::move(series), ""};
  }

  std::unique_ptr<PerformedStepStore> steps;
};

TEST_F(PerformedStepStoreTest, TellsWhatIsMissingOfEachSeries) {
  AddStep("9.1");
  ASSERT_TRUE(studies->AddInstance(MakeInstance("1.1", "1.1.1", "1.1.1.1", "a", 1)).ok());
  ASSERT_TRUE(steps
                  ->Set("9.1",
                        Completed({{"1.1.1", {{kCt, "1.1.1.1"}, {kCt, "1.1.1.2"}}},
                                   {"1.1.2", {{kCt, "1.1.2.1"}}},
                                   {"1.1.3", {}}}),
                        At(2))
                  .ok());
  auto evidence = steps->EvidenceOfStudy("1.1").value();
  ASSERT_THAT(evidence, SizeIs(1));
  EXPECT_EQ(evidence[0].step_uid, "9.1");
  EXPECT_EQ(evidence[0].state, PerformedStepState::kCompleted);
  EXPECT_EQ(evidence[0].calling_ae_title, "CT01");
  EXPECT_EQ(evidence[0].ended_at, At(2));
  ASSERT_THAT(evidence[0].series, SizeIs(3));
  EXPECT_EQ(evidence[0].series[0].referenced, 2);
  EXPECT_EQ(evidence[0].series[0].missing, 1);
  EXPECT_EQ(evidence[0].series[1].missing, 1);
  EXPECT_EQ(evidence[0].series[2].series_uid, "1.1.3");
  EXPECT_EQ(evidence[0].series[2].referenced, 0);
  EXPECT_EQ(evidence[0].series[2].missing, 0);

  // The same Instance with other bytes is not a second one.
  ASSERT_TRUE(studies->AddInstance(MakeInstance("1.1", "1.1.1", "1.1.1.1", "b", 3)).ok());
  ASSERT_TRUE(studies->AddInstance(MakeInstance("1.1", "1.1.1", "1.1.1.2", "a", 3)).ok());
  ASSERT_TRUE(studies->AddInstance(MakeInstance("1.1", "1.1.2", "1.1.2.1", "a", 3)).ok());
  ReopenSteps();
  evidence = steps->EvidenceOfStudy("1.1").value();
  for (const auto& series : evidence.at(0).series) EXPECT_EQ(series.missing, 0);
  EXPECT_THAT(steps->EvidenceOfStudy("1.2").value(), IsEmpty());
}

TEST_F(PerformedStepStoreTest, ReplacesTheSeriesThatAnEarlierSetNamed) {
  AddStep("9.1");
  ASSERT_TRUE(steps
                  ->Set("9.1",
                        {PerformedStepEvent::kUpdate,
                         std::vector<PerformedSeries>{{"1.1.1", {{kCt, "1.1.1.1"}}},
                                                      {"1.1.9", {{kCt, "1.1.9.1"}}}},
                         ""},
                        At(1))
                  .ok());
  EXPECT_EQ(steps->EvidenceOfStudy("1.1")->at(0).state, PerformedStepState::kInProgress);
  // One without the sequence leaves it alone.
  ASSERT_TRUE(steps->Set("9.1", {PerformedStepEvent::kUpdate, std::nullopt, ""}, At(1)).ok());
  EXPECT_THAT(steps->EvidenceOfStudy("1.1")->at(0).series, SizeIs(2));
  ASSERT_TRUE(steps->Set("9.1", Completed({{"1.1.1", {{kCt, "1.1.1.1"}}}}), At(2)).ok());
  EXPECT_THAT(steps->EvidenceOfStudy("1.1")->at(0).series, SizeIs(1));
}

TEST_F(PerformedStepStoreTest, RefusesSecondCreationUnknownStepAndChangeAfterTheEnd) {
  AddStep("9.1", {"1.1", "1.2"});
  EXPECT_EQ(steps->Create({"9.1", {"1.1"}, "CT02", "", "CT", {}}, At(1)).error().code(),
            ErrorCode::kConflict);
  EXPECT_EQ(steps->Set("9.2", Completed({}), At(1)).error().code(), ErrorCode::kNotFound);
  const PerformedStepChange discontinued{PerformedStepEvent::kDiscontinue, std::nullopt,
                                         "Equipment failure"};
  EXPECT_THAT(steps->Set("9.1", discontinued, At(1)).value(), ElementsAre("1.1", "1.2"));
  EXPECT_EQ(steps->Set("9.1", Completed({}), At(2)).error().code(), ErrorCode::kConflict);
  const auto row = steps->List(10)->at(0);
  EXPECT_EQ(row.state, PerformedStepState::kDiscontinued);
  EXPECT_EQ(row.discontinuation_reason, "Equipment failure");
  EXPECT_EQ(row.ended_at, At(1));
  EXPECT_THAT(row.study_uids, ElementsAre("1.1", "1.2"));
  EXPECT_EQ(studies->Events("1.2", 10)->back().kind, "performed_step_discontinued");
}

TEST_F(PerformedStepStoreTest, ForgetsOldStepsWithAllThatIsTheirs) {
  AddStep("9.1");
  AddStep("9.2");
  ASSERT_TRUE(steps->Set("9.1", Completed({{"1.1.1", {{kCt, "1.1.1.1"}}}}), At(5)).ok());
  EXPECT_EQ(steps->Forget(At(0), 10).value(), 0);
  EXPECT_EQ(steps->Forget(At(6), 1).value(), 1);
  EXPECT_EQ(steps->Forget(At(6), 10).value(), 1);
  EXPECT_THAT(steps->List(10).value(), IsEmpty());
  // Nothing is left of it: a new step of the same UID begins from nothing.
  AddStep("9.1");
  EXPECT_THAT(steps->EvidenceOfStudy("1.1")->at(0).series, IsEmpty());
}

TEST_F(PerformedStepStoreTest, ListsNewestFirstAndCountsStates) {
  AddStep("9.1");
  AddStep("9.2", {"1.2"});
  ASSERT_TRUE(steps->Set("9.1", Completed({{"1.1.1", {{kCt, "1.1.1.1"}}}}), At(5)).ok());
  const auto rows = steps->List(10).value();
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0].step_uid, "9.1");
  EXPECT_EQ(rows[0].series, 1);
  EXPECT_EQ(rows[0].instances, 1);
  EXPECT_THAT(steps->ListOfStudy("1.2").value(), SizeIs(1));
  EXPECT_THAT(steps->CountByState().value(),
              ElementsAre(std::pair<std::string, std::int64_t>{"completed", 1},
                          std::pair<std::string, std::int64_t>{"in_progress", 1}));
}

}  // namespace
}  // namespace axial::store
