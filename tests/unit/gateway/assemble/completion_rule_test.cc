#include "gateway/assemble/completion_rule.h"

#include <gtest/gtest.h>

namespace axial::assemble {
namespace {

TimePoint At(int seconds) { return TimePoint(std::chrono::seconds(seconds)); }

store::Revision OpenRevision(int opened, int last_instance) {
  store::Revision revision;
  revision.opened_at = At(opened);
  revision.last_instance_at = At(last_instance);
  return revision;
}

TEST(CompletionRule, TheEndOfTheAssociationIsTheEarliestEvidence) {
  store::Revision revision = OpenRevision(0, 10);
  revision.released_at = At(10);
  const Completion completion = JudgeCompletion(revision, {});
  EXPECT_EQ(completion.due, At(11));
  EXPECT_EQ(completion.evidence, "association_released");
}

TEST(CompletionRule, QuietClosesWhileTheAssociationStaysOpen) {
  const Completion completion = JudgeCompletion(OpenRevision(0, 10), {});
  EXPECT_EQ(completion.due, At(15));
  EXPECT_EQ(completion.evidence, "quiet");
}

TEST(CompletionRule, AtMostClosesAStudyThatNeverGetsQuiet) {
  const Completion completion = JudgeCompletion(OpenRevision(0, 598), {});
  EXPECT_EQ(completion.due, At(600));
  EXPECT_EQ(completion.evidence, "at_most");
}

}  // namespace
}  // namespace axial::assemble
