#pragma once

#include <optional>
#include <string>

#include "config/config.h"
#include "core/base/clock.h"
#include "gateway/assemble/sender_habit.h"
#include "gateway/assemble/study_state.h"

namespace axial::assemble {

/// When something is complete, and by which evidence.
struct Completion {
  TimePoint due{};
  /// declared_count | performed_step | association_released | moved_on | sender_habit |
  /// archive_count | stable_study | quiet | at_most
  std::string reason;
  std::string evidence;  ///< for people: what was seen
};

/// When the Series is complete by evidence of its own, if it is; never by a backstop. Pure.
[[nodiscard]] std::optional<Completion> JudgeSeries(const StudyState& study,
                                                    const std::string& series_uid,
                                                    const SeriesState& series,
                                                    const SenderHabit& habit,
                                                    const config::Completion& limits);

/// When the Study's open revision is complete; in the end by a backstop. `series_due`: the latest
/// of what JudgeSeries says of its Series that are not closed, nullopt when one of them is not
/// complete by its own evidence. Pure.
[[nodiscard]] Completion JudgeStudy(const StudyState& study,
                                    const std::optional<TimePoint>& series_due,
                                    const SenderHabit& habit, const config::Completion& limits);

/// When the archive is to be asked the `asked + 1`th time how much there is of the Study: ever less
/// often after its Associations have ended, as long as only a backstop would close it. nullopt:
/// not. Pure.
[[nodiscard]] std::optional<TimePoint> AskArchiveAt(const StudyState& study,
                                                    const Completion& judgement, int asked,
                                                    const config::Completion& limits);

}  // namespace axial::assemble
