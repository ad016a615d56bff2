#pragma once

#include <optional>
#include <string_view>

namespace axial::store {

/// Where a Job stands. `produced`: its artifacts and deliveries are rows; `delivered`: every one
/// confirmed.
enum class JobState { kQueued, kLeased, kProduced, kDelivered, kFailed, kCancelled };

enum class JobEvent {
  kLease,        ///< a worker takes it
  kProduce,      ///< the worker reported its artifacts
  kLoseAttempt,  ///< crash, deadline, transient error or expired lease, with attempts left
  kFail,         ///< a lasting error, or no attempt left
  kDeliver,      ///< the last delivery was confirmed
  kRetry,        ///< a person asks for another try
  kCancel,       ///< the study is gone
};

/// The next state, or nullopt when the event has no meaning in this state. One table; see its test
/// for every pair.
[[nodiscard]] std::optional<JobState> NextJobState(JobState state, JobEvent event);

[[nodiscard]] std::string_view JobStateName(JobState state);
[[nodiscard]] std::optional<JobState> JobStateFromName(std::string_view name);

}  // namespace axial::store
