#pragma once

#include <optional>
#include <string_view>

namespace axial::store {

/// Where a Modality Performed Procedure Step stands (PS3.4 F.7.1.2.1).
enum class PerformedStepState { kInProgress, kCompleted, kDiscontinued };

enum class PerformedStepEvent {
  kUpdate,       ///< an N-SET that leaves it IN PROGRESS
  kComplete,     ///< an N-SET to COMPLETED
  kDiscontinue,  ///< an N-SET to DISCONTINUED
};

/// The next state, or nullopt when the event has no meaning in this state: what has ended may no
/// longer be changed. One table; see its test for every pair.
[[nodiscard]] std::optional<PerformedStepState> NextPerformedStepState(PerformedStepState state,
                                                                       PerformedStepEvent event);

/// As in rows and JSON: "in_progress".
[[nodiscard]] std::string_view PerformedStepStateName(PerformedStepState state);
[[nodiscard]] std::optional<PerformedStepState> PerformedStepStateFromName(std::string_view name);

}  // namespace axial::store
