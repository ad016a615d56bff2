#include "gateway/store/job_state.h"

#include <array>

namespace axial::store {
namespace {

struct Transition {
  JobState from;
  JobEvent event;
  JobState to;
};

constexpr std::array kTransitions = {
    Transition{JobState::kQueued, JobEvent::kLease, JobState::kLeased},
    Transition{JobState::kQueued, JobEvent::kCancel, JobState::kCancelled},
    // The model vanished from the configuration, so no worker will ever take it.
    Transition{JobState::kQueued, JobEvent::kFail, JobState::kFailed},
    Transition{JobState::kLeased, JobEvent::kProduce, JobState::kProduced},
    Transition{JobState::kLeased, JobEvent::kLoseAttempt, JobState::kQueued},
    Transition{JobState::kLeased, JobEvent::kFail, JobState::kFailed},
    Transition{JobState::kLeased, JobEvent::kCancel, JobState::kCancelled},
    Transition{JobState::kProduced, JobEvent::kDeliver, JobState::kDelivered},
    Transition{JobState::kProduced, JobEvent::kCancel, JobState::kCancelled},
    Transition{JobState::kFailed, JobEvent::kRetry, JobState::kQueued},
    Transition{JobState::kFailed, JobEvent::kCancel, JobState::kCancelled},
};

struct NamedState {
  JobState state;
  std::string_view name;
};

constexpr std::array kNames = {
    NamedState{JobState::kQueued, "queued"},     NamedState{JobState::kLeased, "leased"},
    NamedState{JobState::kProduced, "produced"}, NamedState{JobState::kDelivered, "delivered"},
    NamedState{JobState::kFailed, "failed"},     NamedState{JobState::kCancelled, "cancelled"},
};

}  // namespace

std::optional<JobState> NextJobState(JobState state, JobEvent event) {
  for (const Transition& transition : kTransitions)
    if (transition.from == state && transition.event == event) return transition.to;
  return std::nullopt;
}

std::string_view JobStateName(JobState state) {
  for (const NamedState& entry : kNames)
    if (entry.state == state) return entry.name;
  return "";
}

std::optional<JobState> JobStateFromName(std::string_view name) {
  for (const NamedState& entry : kNames)
    if (entry.name == name) return entry.state;
  return std::nullopt;
}

}  // namespace axial::store
