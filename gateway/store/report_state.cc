#include "gateway/store/report_state.h"

#include <array>

namespace axial::store {
namespace {

struct Transition {
  ReportState from;
  ReportEvent event;
  ReportState to;
};

constexpr std::array kTransitions = {
    Transition{ReportState::kOwed, ReportEvent::kLease, ReportState::kLeased},
    Transition{ReportState::kOwed, ReportEvent::kWithdraw, ReportState::kWithdrawn},
    Transition{ReportState::kLeased, ReportEvent::kProduce, ReportState::kProduced},
    Transition{ReportState::kLeased, ReportEvent::kDecline, ReportState::kNotWanted},
    Transition{ReportState::kLeased, ReportEvent::kLoseAttempt, ReportState::kOwed},
    Transition{ReportState::kLeased, ReportEvent::kFail, ReportState::kFailed},
    Transition{ReportState::kLeased, ReportEvent::kWithdraw, ReportState::kWithdrawn},
    // What could not be told is no longer true either.
    Transition{ReportState::kFailed, ReportEvent::kWithdraw, ReportState::kWithdrawn},
};

struct NamedState {
  ReportState state;
  std::string_view name;
};

constexpr std::array kNames = {
    NamedState{ReportState::kOwed, "owed"},
    NamedState{ReportState::kLeased, "leased"},
    NamedState{ReportState::kProduced, "produced"},
    NamedState{ReportState::kFailed, "failed"},
    NamedState{ReportState::kNotWanted, "not_wanted"},
    NamedState{ReportState::kWithdrawn, "withdrawn"},
};

}  // namespace

std::optional<ReportState> NextReportState(ReportState state, ReportEvent event) {
  for (const Transition& transition : kTransitions)
    if (transition.from == state && transition.event == event) return transition.to;
  return std::nullopt;
}

std::string_view ReportStateName(ReportState state) {
  for (const NamedState& entry : kNames)
    if (entry.state == state) return entry.name;
  return "";
}

std::optional<ReportState> ReportStateFromName(std::string_view name) {
  for (const NamedState& entry : kNames)
    if (entry.name == name) return entry.state;
  return std::nullopt;
}

}  // namespace axial::store
