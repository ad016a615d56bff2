#pragma once

#include <optional>
#include <string_view>

namespace axial::store {

/// Where the answer to a Storage Commitment request stands.
enum class CommitmentState {
  kOwed,
  kSending,   ///< an Association or a thread of the reporter has it in hand
  kReported,  ///< the one who asked has confirmed it
  kExpired,   ///< given up
};

enum class CommitmentEvent {
  kTake,
  kConfirm,
  kPostpone,  ///< it could not be told now
  kGiveUp,    ///< nor for too long
  kAskAgain,  ///< the same request once more
};

/// The next state, or nullopt when the event has no meaning in this state. One table; see its test
/// for every pair.
[[nodiscard]] std::optional<CommitmentState> NextCommitmentState(CommitmentState state,
                                                                 CommitmentEvent event);

[[nodiscard]] std::string_view CommitmentStateName(CommitmentState state);
[[nodiscard]] std::optional<CommitmentState> CommitmentStateFromName(std::string_view name);

}  // namespace axial::store
