#include "gateway/assemble/archive_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/gateway/assemble/evidence_fixture.h"

namespace axial::assemble {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ArchiveCountsOf : public ::testing::Test {
 protected:
  /// Ten slices, one Association each: nobody knows whether that is all.
  void SendLoneSlices() {
    for (int number = 1; number <= 10; ++number) {
      ct.Send(number, "1", Slice("1.1", number), number);
      ct.End(number, number + 0.1);
    }
  }

  std::vector<std::string> Asked(double at) {
    ct.Run(at);
    std::vector<std::string> asked;
    for (const ArchiveQuestion& question : ct.open.TakeArchiveQuestions(At(at)))
      asked.push_back(question.archive + " " + question.study_uid);
    return asked;
  }

  void Answer(double at, std::map<std::string, std::int64_t> series) {
    ct.open.SetArchiveCounts("1", ArchiveCounts{"pacs", At(at), std::move(series)});
    ct.Run(at);
  }

  Senders ct{{.archive = "pacs"}};
};

TEST_F(ArchiveCountsOf, AsManyAsTheArchiveHasAreAll) {
  SendLoneSlices();
  EXPECT_THAT(Asked(11), IsEmpty());  // a second after the last release, at the earliest
  EXPECT_THAT(Asked(11.1), ElementsAre("pacs 1"));
  EXPECT_THAT(Asked(11.2), IsEmpty());  // once
  Answer(11.3, {{"1.1", 10}});
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.1 archive_count", "1 archive_count"));
  EXPECT_EQ(ct.closings.back().series[0].completion.evidence,
            "10 of 10 Instances, as pacs has them");
  EXPECT_THAT(ct.closings.back().completion.evidence, HasSubstr("10 Instances in 1 Series"));
}

TEST_F(ArchiveCountsOf, MoreInTheArchiveOutweighsTheEndOfTheAssociation) {
  ct.SendStack(1, "1", "1.1", 1, 10, 0);
  ct.open.SetArchiveCounts("1", ArchiveCounts{"pacs", At(0.5), {{"1.1", 12}}});
  ct.End(1, 1);
  ct.Run(50);
  EXPECT_THAT(ct.TakeClosed(), IsEmpty());
  Answer(51, {{"1.1", 10}});
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.1 archive_count", "1 archive_count"));
}

TEST_F(ArchiveCountsOf, IsAskedEverLessOften) {
  SendLoneSlices();
  std::vector<double> asked;
  for (double at = 11; at < 71; at += 0.5)
    if (!Asked(at).empty()) {
      asked.push_back(at);
      Answer(at, {{"1.1", 11}});
    }
  EXPECT_THAT(asked, ElementsAre(11.5, 12.5, 14.5, 18.5, 26.5, 42.5));
  EXPECT_FALSE(ct.open.NextArchiveQuestion().has_value());
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.1 quiet", "1 quiet"));
}

TEST_F(ArchiveCountsOf, AnAnswerFromBeforeAnInstanceTellsNothing) {
  SendLoneSlices();
  EXPECT_THAT(Asked(11.5), ElementsAre("pacs 1"));
  ct.Send(20, "1", Slice("1.1", 11), 12);
  ct.End(20, 12.1);
  ct.open.SetArchiveCounts("1", ArchiveCounts{"pacs", At(11.9), {{"1.1", 11}}});
  ct.Run(13);
  EXPECT_THAT(ct.TakeClosed(), IsEmpty());
  EXPECT_THAT(Asked(13.1), ElementsAre("pacs 1"));
}

TEST_F(ArchiveCountsOf, ASeriesThatIsOnlyThereKeepsTheStudyOpen) {
  SendLoneSlices();
  Answer(11.5, {{"1.1", 10}, {"1.2", 3}});
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.1 archive_count"));
}

TEST_F(ArchiveCountsOf, WithoutAnArchiveNobodyIsAsked) {
  Senders alone;
  alone.Send(1, "1", Slice("1.1", 1), 0);
  alone.End(1, 0.1);
  alone.Run(50);
  EXPECT_THAT(alone.open.TakeArchiveQuestions(At(50)), IsEmpty());
}

TEST_F(ArchiveCountsOf, AClosedStudyIsNotAskedAbout) {
  SendLoneSlices();
  ct.Run(71);
  EXPECT_THAT(ct.TakeClosed(), ElementsAre("1.1 quiet", "1 quiet"));
  EXPECT_THAT(ct.open.TakeArchiveQuestions(At(100)), IsEmpty());
  ct.open.SetArchiveCounts("1", std::nullopt);  // a late answer
}

}  // namespace
}  // namespace axial::assemble
