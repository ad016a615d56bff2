#include "gateway/assemble/completion_rule.h"

namespace axial::assemble {

Completion JudgeCompletion(const store::Revision& revision, const config::Completion& limits) {
  Completion completion{revision.opened_at + limits.at_most, "at_most"};
  const auto consider = [&](TimePoint due, const char* evidence) {
    if (due < completion.due) completion = {due, evidence};
  };
  consider(revision.last_instance_at + limits.quiet, "quiet");
  if (revision.released_at)
    consider(*revision.released_at + limits.after_release, "association_released");
  return completion;
}

}  // namespace axial::assemble
