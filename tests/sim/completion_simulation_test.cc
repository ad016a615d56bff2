#include <gtest/gtest.h>

#include "tests/sim/simulation.h"

namespace axial::sim {
namespace {

TEST(CompletionSimulation, AxialClosesNothingTooEarlyAndHalfOfAllWithinASecond) {
  const auto corpus = MakeCorpus(/*seed=*/1, /*studies=*/30);
  const Report report = Play("Axial", corpus, *MakeAxial({}));
  for (const auto& [behaviour, score] : report.by_behaviour) {
    EXPECT_EQ(score.premature_series, 0) << behaviour;
    EXPECT_EQ(score.premature_studies, 0) << behaviour;
    EXPECT_EQ(score.never_closed, 0) << behaviour;
  }
  EXPECT_LT(Quantile(report.all.series_seconds, 0.5), 1);
  EXPECT_LT(Quantile(report.all.study_seconds, 0.5), 1);
}

TEST(CompletionSimulation, AFixedTimeIsEitherLateOrTooEarly) {
  const auto corpus = MakeCorpus(/*seed=*/1, /*studies=*/30);
  const auto fast =
      Play("1 s", corpus, *MakeFixedQuiet(std::chrono::seconds(1), std::chrono::seconds(1)));
  EXPECT_GT(fast.all.premature_studies, 0);
  EXPECT_DOUBLE_EQ(Quantile(fast.all.study_seconds, 0.5), 1);
  const auto slow =
      Play("60 s", corpus, *MakeFixedQuiet(std::chrono::seconds(60), std::chrono::seconds(60)));
  EXPECT_EQ(slow.all.premature_studies, 0);
  EXPECT_DOUBLE_EQ(Quantile(slow.all.study_seconds, 0.5), 60);
}

TEST(CompletionSimulation, TheSameSeedGivesTheSameCorpus) {
  const auto first = MakeCorpus(7, 2);
  const auto second = MakeCorpus(7, 2);
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    ASSERT_EQ(first[i].events.size(), second[i].events.size());
    EXPECT_EQ(first[i].events.back().at, second[i].events.back().at);
    EXPECT_EQ(first[i].transfer_over, second[i].transfer_over);
  }
  EXPECT_NE(MakeCorpus(8, 2)[0].events.back().at, first[0].events.back().at);
}

}  // namespace
}  // namespace axial::sim
