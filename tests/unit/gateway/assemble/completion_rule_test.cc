#include "gateway/assemble/completion_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/gateway/assemble/evidence_fixture.h"

namespace axial::assemble {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Closed = std::vector<std::string>;

class CompletionRule : public ::testing::Test {
 protected:
  /// Until the habit of CT01 is known: one Association per Study.
  void Teach() {
    for (int i = 0; i < 3; ++i) ct.WholeStudy("9." + std::to_string(i), -1000 + 100 * i);
    ct.Run(-100);
    ct.TakeClosed();
  }

  Senders ct;
};

TEST_F(CompletionRule, DeclaredCountClosesASeriesWithItsLastInstance) {
  InstanceFacts facts = Slice("1.1", 1);
  facts.series_instances = 2;
  ct.Send(1, "1", facts, 0);
  EXPECT_THAT(ct.TakeClosed(), IsEmpty());
  facts = Slice("1.1", 2);
  facts.series_instances = 2;
  ct.Send(1, "1", facts, 0.5);
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.1 declared_count"));
  EXPECT_EQ(ct.closings.back().series[0].completion.evidence,
            "2 of 2 Instances, by Number of Series Related Instances");
}

TEST_F(CompletionRule, DeclaredStudyCountClosesTheStudyWithItsLastInstance) {
  for (int number = 1; number <= 3; ++number) {
    InstanceFacts facts = Slice("1.1", number);
    facts.study_instances = 3;
    EXPECT_THAT(ct.TakeClosed(), IsEmpty());
    ct.Send(1, "1", facts, number);
  }
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.1 declared_count", "1 declared_count"));
}

TEST_F(CompletionRule, AMissingDeclaredInstanceOutweighsTheEndOfTheAssociation) {
  Teach();
  for (int number = 1; number <= 3; ++number) {
    InstanceFacts facts = Slice("1.1", number);
    facts.series_instances = 4;
    ct.Send(1, "1", facts, 0.01 * number);
  }
  ct.End(1, 1);
  ct.Run(59);
  EXPECT_THAT(ct.TakeClosed(), IsEmpty());
  ct.Run(61);
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.1 quiet", "1 quiet"));
}

TEST_F(CompletionRule, KnownHabitClosesAtTheEndOfTheAssociation) {
  Teach();
  ct.SendStack(1, "1", "1.1", 1, 10, 0);
  ct.Run(1);
  EXPECT_THAT(ct.TakeClosed(), IsEmpty());
  ct.End(1, 1);
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.1 association_released", "1 association_released"));
  EXPECT_THAT(ct.closings.back().completion.evidence,
              HasSubstr("one Association per Study (3 of 3)"));
  EXPECT_THAT(ct.closings.back().series[0].completion.evidence,
              HasSubstr("Instance Numbers 1 to 10, slices 1.25 mm apart"));
}

TEST_F(CompletionRule, AnUnknownSenderGetsAfterRelease) {
  ct.SendStack(1, "1", "1.1", 1, 10, 0);
  ct.SendStack(1, "1", "1.2", 1, 10, 0.2);
  ct.End(1, 1);
  ct.Run(1.9);
  EXPECT_THAT(ct.TakeClosed(), IsEmpty());
  ct.Run(2);
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.1 association_released", "1.2 association_released",
                                           "1 association_released"));
}

TEST_F(CompletionRule, AnUnknownSendersFirstSeriesIsNotTakenForTheStudy) {
  ct.SendStack(1, "1", "1.1", 1, 10, 0);
  ct.End(1, 1);
  ct.Run(30);
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.1 association_released"));
}

TEST_F(CompletionRule, AnUnknownSendersLoneInstanceIsNotTakenForASeries) {
  ct.Send(1, "1", Slice("1.1", 1), 0);
  ct.End(1, 0.1);
  ct.Run(59);
  EXPECT_THAT(ct.TakeClosed(), IsEmpty());
}

TEST_F(CompletionRule, AnotherOpenAssociationOfTheStudyKeepsItOpen) {
  Teach();
  ct.SendStack(1, "1", "1.1", 1, 5, 0);
  ct.SendStack(2, "1", "1.2", 1, 2, 0.1);
  ct.End(1, 1);
  ct.Run(10);
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.1 association_released"));
  ct.End(2, 11);
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.2 association_released", "1 association_released"));
}

TEST_F(CompletionRule, ASeriesThatTwoAssociationsSendWaitsForBoth) {
  Teach();
  for (int number = 1; number <= 6; ++number)
    ct.Send(number % 2, "1", Slice("1.1", number), 0.01 * number);
  ct.End(0, 1);
  ct.Run(10);
  EXPECT_THAT(ct.TakeClosed(), IsEmpty());
}

TEST_F(CompletionRule, AHoleWaitsForWhatIsMissing) {
  Teach();
  ct.SendStack(1, "1", "1.1", 1, 3, 0);
  ct.SendStack(1, "1", "1.1", 5, 8, 0.1);
  ct.End(1, 1);
  ct.Run(5.9);
  EXPECT_THAT(ct.TakeClosed(), IsEmpty());
  ct.SendStack(2, "1", "1.1", 4, 4, 5.9);
  ct.End(2, 6);
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.1 association_released", "1 association_released"));
}

TEST_F(CompletionRule, AHoleThatIsNotFilledSoonIsHowTheSeriesIs) {
  ct.SendStack(1, "1", "1.1", 11, 13, 0);  // of nobody known, and only a part of a stack
  ct.End(1, 1);
  ct.Run(5.9);
  EXPECT_THAT(ct.TakeClosed(), IsEmpty());
  ct.Run(6);
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.1 association_released"));
  EXPECT_THAT(ct.closings.back().series[0].completion.evidence, HasSubstr("none before 11"));
}

TEST_F(CompletionRule, AnUnknownSendersRadiographIsASeries) {
  InstanceFacts radiograph;
  radiograph.series_uid = "1.1";
  radiograph.instance_number = 3;
  radiograph.stands_alone = true;
  ct.Send(1, "1", radiograph, 0);
  ct.Run(10);
  EXPECT_THAT(ct.TakeClosed(), IsEmpty());  // more of it may come over this Association
  ct.End(1, 10);
  ct.Run(10.9);
  EXPECT_THAT(ct.TakeClosed(), IsEmpty());
  ct.Run(11);
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.1 association_released"));
}

TEST_F(CompletionRule, AnAbortedAssociationIsExpectedAgain) {
  Teach();
  ct.SendStack(1, "1", "1.1", 1, 10, 0);
  ct.End(1, 1, /*released=*/false);
  ct.Run(30);
  EXPECT_THAT(ct.TakeClosed(), IsEmpty());
  // It sends everything again: the first ten are known, and keep the Study open.
  for (int number = 1; number <= 10; ++number) ct.open.OnRepeated(2, "1", "1.1", At(30));
  ct.SendStack(2, "1", "1.1", 11, 20, 89);
  ct.End(2, 90);
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.1 association_released", "1 association_released"));
}

TEST_F(CompletionRule, APerInstanceSenderIsWaitedForAsLongAsItEverPaused) {
  Senders slow;
  for (int study = 0; study < 3; ++study) {
    for (int number = 1; number <= 4; ++number) {
      const std::string uid = std::to_string(study + 2);
      const double at = study * 1000 + number * 2;
      slow.Send(++slow.last_association, uid, Slice(uid + ".1", number), at);
      slow.End(slow.last_association, at + 0.1);
    }
  }
  slow.Run(5000);
  slow.TakeClosed();
  slow.Send(1, "1", Slice("1.1", 1), 6000);
  slow.End(1, 6000.1);
  slow.Run(6003.5);  // it had paused 1.9 s
  EXPECT_THAT(slow.TakeClosed(), IsEmpty());
  slow.Run(6004.1);
  EXPECT_THAT(slow.TakeClosed(), ElementsAre("1.1 sender_habit", "1 sender_habit"));
}

TEST_F(CompletionRule, ASenderThatNeverGoesBackHasFinishedASeriesWhenTheNextBegins) {
  Teach();
  ct.SendStack(1, "1", "1.1", 1, 10, 0);
  EXPECT_THAT(ct.TakeClosed(), IsEmpty());
  ct.Send(1, "1", Slice("1.2", 1), 1);
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.1 moved_on"));
}

TEST_F(CompletionRule, QuietAndAtMostAreTheLastResort) {
  ct.Send(1, "1", Slice("1.1", 1), 0);
  ct.Run(59.9);
  EXPECT_THAT(ct.TakeClosed(), IsEmpty());
  ct.Run(60);
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.1 quiet", "1 quiet"));
  EXPECT_EQ(ct.closings.back().completion.evidence, "no Instance for 60.0 s");
  for (int i = 1; i < 700; ++i) ct.Send(2, "2", Slice("2.1", i), 1000 + i);
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("2.1 at_most", "2 at_most"));
}

TEST_F(CompletionRule, AConfiguredQuietTimeHolds) {
  Senders quick({.quiet = std::chrono::seconds(5)});
  quick.Send(1, "1", Slice("1.1", 1), 0);
  quick.Run(5);
  EXPECT_THAT(quick.TakeClosed(), ElementsAre("1.1 quiet", "1 quiet"));
}

TEST_F(CompletionRule, APauseThatClosedTooEarlyIsWaitedForTheNextTime) {
  Senders quick({.quiet = std::chrono::seconds(5)});
  quick.Send(1, "1", Slice("1.1", 1), 0);
  quick.Send(1, "1", Slice("1.1", 2), 20);
  quick.End(1, 21);
  quick.Run(200);
  quick.TakeClosed();
  quick.Send(2, "2", Slice("2.1", 1), 300);
  quick.Run(320);
  EXPECT_THAT(quick.TakeClosed(), IsEmpty());
}

TEST_F(CompletionRule, AHostThatSendsWholeStudiesNeedsNoHabit) {
  for (int number = 1; number <= 2; ++number)
    ct.open.OnInstance(
        {1, "1", "ORTHANC", /*whole_study=*/true, Slice("1.1", number), At(number), 1, number});
  ct.End(1, 3);
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.1 association_released", "1 association_released"));
}

TEST_F(CompletionRule, ALateInstanceReopensItsSeriesAndNoOther) {
  Teach();
  ct.WholeStudy("1", 0);
  ct.TakeClosed();
  ct.Send(7, "1", Slice("1.2", 4), 100);
  ct.End(7, 100.1);
  ct.Run(400);
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.2 association_released", "1 association_released"));
  EXPECT_EQ(ct.closings.back().revision, 2);
}

TEST_F(CompletionRule, ALateInstanceOfAClosedSeriesMovesWhatIsNotCompleteOn) {
  Teach();
  ct.SendStack(1, "1", "1.1", 1, 5, 0);
  ct.SendStack(1, "1", "1.2", 1, 2, 1);
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.1 moved_on"));
  ct.Send(1, "1", Slice("1.1", 6), 2);
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1 late"));
  ct.SendStack(1, "1", "1.2", 3, 4, 3);
  ct.End(1, 4);
  ct.Run(100);
  EXPECT_EQ(ct.closings.back().revision, 2);
  EXPECT_THAT(ct.TakeClosed(), ::testing::IsSupersetOf(
                                   Closed{"1.2 association_released", "1 association_released"}));
}

}  // namespace
}  // namespace axial::assemble
