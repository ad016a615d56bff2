#include "gateway/store/performed_step_state.h"

#include <array>

namespace axial::store {
namespace {

struct Transition {
  PerformedStepState from;
  PerformedStepEvent event;
  PerformedStepState to;
};

constexpr std::array kTransitions = {
    Transition{PerformedStepState::kInProgress, PerformedStepEvent::kUpdate,
               PerformedStepState::kInProgress},
    Transition{PerformedStepState::kInProgress, PerformedStepEvent::kComplete,
               PerformedStepState::kCompleted},
    Transition{PerformedStepState::kInProgress, PerformedStepEvent::kDiscontinue,
               PerformedStepState::kDiscontinued},
};

struct NamedState {
  PerformedStepState state;
  std::string_view name;
};

constexpr std::array kNames = {
    NamedState{PerformedStepState::kInProgress, "in_progress"},
    NamedState{PerformedStepState::kCompleted, "completed"},
    NamedState{PerformedStepState::kDiscontinued, "discontinued"},
};

}  // namespace

std::optional<PerformedStepState> NextPerformedStepState(PerformedStepState state,
                                                         PerformedStepEvent event) {
  for (const Transition& transition : kTransitions)
    if (transition.from == state && transition.event == event) return transition.to;
  return std::nullopt;
}

std::string_view PerformedStepStateName(PerformedStepState state) {
  for (const NamedState& entry : kNames)
    if (entry.state == state) return entry.name;
  return "";
}

std::optional<PerformedStepState> PerformedStepStateFromName(std::string_view name) {
  for (const NamedState& entry : kNames)
    if (entry.name == name) return entry.state;
  return std::nullopt;
}

}  // namespace axial::store
