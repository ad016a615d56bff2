#include "gateway/assemble/sender_habit.h"

#include <gtest/gtest.h>

#include "gateway/assemble/habit_table.h"

namespace axial::assemble {
namespace {

using std::chrono::seconds;

StudyLesson Lesson(int associations, int series, bool split = false, Duration pause = {}) {
  StudyLesson lesson;
  lesson.associations = associations;
  lesson.series = series;
  lesson.split_series = split;
  lesson.pause_between = pause;
  return lesson;
}

SenderHabit Taught(const StudyLesson& lesson, int times) {
  SenderHabit habit;
  for (int i = 0; i < times; ++i) habit.Learn(lesson);
  return habit;
}

TEST(SenderHabit, IsKnownAfterThreeStudiesOfSeveralSeries) {
  EXPECT_EQ(Taught(Lesson(1, 4), 2).pattern(), Pattern::kUnknown);
  EXPECT_EQ(Taught(Lesson(1, 4), 3).pattern(), Pattern::kPerStudy);
  EXPECT_EQ(Taught(Lesson(4, 4), 3).pattern(), Pattern::kPerSeries);
  EXPECT_EQ(Taught(Lesson(90, 2, true), 3).pattern(), Pattern::kSplit);
}

TEST(SenderHabit, StudiesOfOneSeriesSayLess) {
  EXPECT_EQ(Taught(Lesson(1, 1), 8).pattern(), Pattern::kUnknown);
  EXPECT_EQ(Taught(Lesson(1, 1), 9).pattern(), Pattern::kPerStudy);
}

TEST(SenderHabit, OneExceptionInTenChangesNothingAndTwoDo) {
  SenderHabit habit = Taught(Lesson(1, 4), 19);
  habit.Learn(Lesson(2, 4));
  EXPECT_EQ(habit.pattern(), Pattern::kPerStudy);
  habit.Learn(Lesson(2, 4));
  habit.Learn(Lesson(2, 4));
  EXPECT_EQ(habit.pattern(), Pattern::kPerSeries);
}

TEST(SenderHabit, WhatIsLongAgoFades) {
  SenderHabit habit = Taught(Lesson(1, 4), 1000);
  for (int i = 0; i < 10; ++i) habit.Learn(Lesson(90, 2, true));
  EXPECT_EQ(habit.pattern(), Pattern::kSplit);
}

TEST(SenderHabit, AStudyThatWasReopenedTeachesPatience) {
  SenderHabit habit = Taught(Lesson(1, 4), 3);
  habit.LearnReopened(seconds(200), Reopening::kOtherSeries);
  EXPECT_EQ(habit.pattern(), Pattern::kPerStudy);  // once may be a person's doing
  EXPECT_GE(habit.Patience(), seconds(400));
  habit.LearnReopened(seconds(200), Reopening::kOtherSeries);
  EXPECT_EQ(habit.pattern(), Pattern::kPerSeries);
  habit.LearnReopened(seconds(1), Reopening::kSameSeries);
  habit.LearnReopened(seconds(1), Reopening::kSameSeries);
  EXPECT_EQ(habit.pattern(), Pattern::kSplit);
}

TEST(SenderHabit, APauseWithinAnAssociationIsNoOtherPattern) {
  SenderHabit habit = Taught(Lesson(1, 4), 3);
  habit.LearnReopened(seconds(200), Reopening::kSameAssociation);
  EXPECT_EQ(habit.pattern(), Pattern::kPerStudy);
  EXPECT_EQ(habit.longest_pause(), seconds(200));
}

TEST(SenderHabit, ReliesOnPausesOnceItSawSome) {
  StudyLesson lesson = Lesson(3, 3, false, seconds(10));
  lesson.pauses = 2;
  EXPECT_FALSE(Taught(lesson, 3).KnowsPauses());
  EXPECT_TRUE(Taught(lesson, 4).KnowsPauses());
  EXPECT_GT(Taught(lesson, 4).Patience(), seconds(20));
  EXPECT_LT(Taught(lesson, 16).Patience(), seconds(16));
}

TEST(SenderHabit, AnOldPauseIsForgotten) {
  SenderHabit habit = Taught(Lesson(2, 2, false, seconds(100)), 1);
  for (int i = 0; i < 65; ++i) habit.Learn(Lesson(2, 2, false, seconds(1)));
  EXPECT_EQ(habit.longest_pause(), seconds(1));
}

TEST(SenderHabit, LearnsWhichCountsComeTrue) {
  SenderHabit habit;
  EXPECT_TRUE(habit.Reaches(CountSource::kSeriesInstances));  // exact by definition
  EXPECT_FALSE(habit.Reaches(CountSource::kImagesInAcquisition));
  EXPECT_FALSE(habit.Misses(CountSource::kImagesInAcquisition));
  StudyLesson lesson = Lesson(1, 2);
  lesson.counts_right[static_cast<std::size_t>(CountSource::kImagesInAcquisition)] = 3;
  lesson.counts_wrong[static_cast<std::size_t>(CountSource::kSeriesInstances)] = 3;
  habit.Learn(lesson);
  EXPECT_TRUE(habit.Reaches(CountSource::kImagesInAcquisition));
  EXPECT_FALSE(habit.Reaches(CountSource::kSeriesInstances));
  EXPECT_TRUE(habit.Misses(CountSource::kSeriesInstances));
}

TEST(SenderHabit, KnowsWhoNeverReleasesAnAssociation) {
  StudyLesson lesson = Lesson(0, 2);
  lesson.aborted_last = true;
  EXPECT_FALSE(Taught(lesson, 2).AlwaysAborts());
  EXPECT_TRUE(Taught(lesson, 3).AlwaysAborts());
  EXPECT_EQ(Taught(lesson, 3).pattern(), Pattern::kUnknown);
}

TEST(SenderHabit, ComesBackFromItsRow) {
  StudyLesson lesson = Lesson(4, 4, false, seconds(7));
  lesson.interleaved = true;
  lesson.structured_series = 4;
  lesson.holed_series = 4;
  const SenderHabit habit = Taught(lesson, 3);
  const SenderHabit read = SenderHabit::FromJson(habit.ToJson()).value();
  EXPECT_EQ(read.ToJson(), habit.ToJson());
  EXPECT_EQ(read.pattern(), Pattern::kPerSeries);
  EXPECT_EQ(read.longest_pause(), seconds(7));
  EXPECT_TRUE(read.LeavesHoles());
  EXPECT_FALSE(read.GoesOn());
}

TEST(SenderHabit, AGarbledRowIsAnErrorOrNothing) {
  EXPECT_EQ(SenderHabit::FromJson("{").error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(SenderHabit::FromJson("[1]").error().code(), ErrorCode::kCorrupt);
  const SenderHabit habit =
      SenderHabit::FromJson(R"({"studies":-5,"weight":1e99,"counts_right":"x","pause_us":-1})")
          .value();
  EXPECT_EQ(habit.pattern(), Pattern::kUnknown);
  EXPECT_EQ(habit.longest_pause(), Duration(0));
}

TEST(HabitTable, ForgetsWhoWasNotHeardOfForLongest) {
  HabitTable table;
  const auto at = [](std::size_t i) { return TimePoint(seconds(i)); };
  for (std::size_t i = 0; i < HabitTable::kMaxSenders; ++i)
    table.Change("AE" + std::to_string(i), at(i + 1)).Learn(Lesson(1, 4));
  table.Change("AE0", at(5000)).Learn(Lesson(1, 4));
  EXPECT_EQ(table.TakeChanged().size(), HabitTable::kMaxSenders);
  table.Change("NEW", at(6000)).Learn(Lesson(1, 4));
  EXPECT_EQ(table.entries().size(), HabitTable::kMaxSenders);
  EXPECT_TRUE(table.entries().contains("AE0"));
  EXPECT_FALSE(table.entries().contains("AE1"));
  EXPECT_EQ(table.TakeChanged(), (std::set<std::string>{"AE1", "NEW"}));
}

}  // namespace
}  // namespace axial::assemble
