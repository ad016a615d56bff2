#include "gateway/store/commitment_state.h"

#include <array>

namespace axial::store {
namespace {

struct Transition {
  CommitmentState from;
  CommitmentEvent event;
  CommitmentState to;
};

constexpr std::array kTransitions = {
    Transition{CommitmentState::kOwed, CommitmentEvent::kTake, CommitmentState::kSending},
    Transition{CommitmentState::kOwed, CommitmentEvent::kAskAgain, CommitmentState::kOwed},
    Transition{CommitmentState::kSending, CommitmentEvent::kConfirm, CommitmentState::kReported},
    Transition{CommitmentState::kSending, CommitmentEvent::kPostpone, CommitmentState::kOwed},
    Transition{CommitmentState::kSending, CommitmentEvent::kGiveUp, CommitmentState::kExpired},
    // Whoever has it in hand tells it.
    Transition{CommitmentState::kSending, CommitmentEvent::kAskAgain, CommitmentState::kSending},
    Transition{CommitmentState::kReported, CommitmentEvent::kAskAgain, CommitmentState::kOwed},
    Transition{CommitmentState::kExpired, CommitmentEvent::kAskAgain, CommitmentState::kOwed},
};

struct NamedState {
  CommitmentState state;
  std::string_view name;
};

constexpr std::array kNames = {
    NamedState{CommitmentState::kOwed, "owed"},
    NamedState{CommitmentState::kSending, "sending"},
    NamedState{CommitmentState::kReported, "reported"},
    NamedState{CommitmentState::kExpired, "expired"},
};

}  // namespace

std::optional<CommitmentState> NextCommitmentState(CommitmentState state, CommitmentEvent event) {
  for (const Transition& transition : kTransitions)
    if (transition.from == state && transition.event == event) return transition.to;
  return std::nullopt;
}

std::string_view CommitmentStateName(CommitmentState state) {
  for (const NamedState& entry : kNames)
    if (entry.state == state) return entry.name;
  return "";
}

std::optional<CommitmentState> CommitmentStateFromName(std::string_view name) {
  for (const NamedState& entry : kNames)
    if (entry.name == name) return entry.state;
  return std::nullopt;
}

}  // namespace axial::store
