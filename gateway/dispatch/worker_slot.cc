#include "gateway/dispatch/worker_slot.h"

namespace axial::dispatch {

std::string_view SlotStateName(SlotState state) {
  switch (state) {
    case SlotState::kStarting:
      return "starting";
    case SlotState::kIdle:
      return "idle";
    case SlotState::kBusy:
      return "busy";
  }
  return "";
}

Reaction React(SlotState state, std::int64_t job, const protocol::Message& message) {
  if (std::holds_alternative<protocol::Hello>(message))
    return state == SlotState::kStarting ? Reaction::kReady : Reaction::kBroken;
  if (state != SlotState::kBusy) return Reaction::kBroken;
  if (const auto* progress = std::get_if<protocol::Progress>(&message))
    return progress->job == job ? Reaction::kProgress : Reaction::kBroken;
  if (const auto* done = std::get_if<protocol::JobDone>(&message))
    return done->job == job ? Reaction::kDone : Reaction::kBroken;
  if (const auto* failed = std::get_if<protocol::JobFailed>(&message))
    return failed->job == job ? Reaction::kFailed : Reaction::kBroken;
  return Reaction::kBroken;
}

}  // namespace axial::dispatch
