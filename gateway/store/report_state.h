#pragma once

#include <optional>
#include <string_view>

namespace axial::store {

/// Where the report of a failed Job stands: a document of its own, made by a worker that needs no
/// model.
enum class ReportState {
  kOwed,       ///< its Job failed
  kLeased,     ///< a worker writes it
  kProduced,   ///< its artifacts and deliveries are rows
  kFailed,     ///< it could not be written either
  kNotWanted,  ///< no Destination of its Job wants one
  kWithdrawn,  ///< its Job, or one that replaces it, runs again
};

enum class ReportEvent {
  kLease,
  kProduce,
  kDecline,      ///< nobody wants it
  kLoseAttempt,  ///< crash, deadline, transient error or expired lease, with attempts left
  kFail,         ///< a lasting error, or no attempt left
  kWithdraw,
};

/// The next state, or nullopt when the event has no meaning in this state. One table; see its test
/// for every pair.
[[nodiscard]] std::optional<ReportState> NextReportState(ReportState state, ReportEvent event);

[[nodiscard]] std::string_view ReportStateName(ReportState state);
[[nodiscard]] std::optional<ReportState> ReportStateFromName(std::string_view name);

}  // namespace axial::store
