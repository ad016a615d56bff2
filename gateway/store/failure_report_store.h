#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "gateway/store/database.h"
#include "gateway/store/job_store.h"

namespace axial::store {

/// A report to be written, and the failed Job it is about.
struct LeasedReport {
  std::int64_t id = 0;
  int attempt = 0;  ///< from 1
  FailureCause cause = FailureCause::kError;
  std::string reason;        ///< as the report tells it
  std::string model_digest;  ///< "" when the model was never loaded
  Job job;
};

/// The reports that a model could not run. A row is made in the transaction that fails the Job
/// (JobStore); from there it goes its own way, and the Job stays failed. Every change is one
/// conditional statement: a caller whose lease is gone gets Conflict and must drop its work.
/// Thread-safe.
class FailureReportStore {
 public:
  explicit FailureReportStore(Database& database) : database_(database) {}

  /// Leases the oldest due report (attempt is raised by one), or nullopt.
  [[nodiscard]] Result<std::optional<LeasedReport>> Lease(TimePoint now, Duration lease);

  /// What the report replaces, in the order it was made: earlier reports that its Job, or a Job of
  /// an earlier revision that its Job replaces, could not run. Never a result: a result of earlier
  /// images stays true.
  [[nodiscard]] Result<std::vector<EarlierArtifact>> Predecessors(const Job& job) const;

  /// Makes artifacts, and a delivery of each for every Destination of the Job that wants it and
  /// got no result of the same run through another rule; none: the report is `not_wanted`.
  /// Error: Conflict when the lease is no longer ours.
  [[nodiscard]] Status Produce(const LeasedReport& report,
                               const std::vector<ProducedArtifact>& artifacts, TimePoint now);

  /// The attempt is lost, as JobStore::LoseAttempt; the last one leaves the report `failed`, shown
  /// with its reason. Error: Conflict when the lease is no longer ours.
  [[nodiscard]] Status LoseAttempt(const LeasedReport& report, const Error& reason,
                                   bool worker_died, TimePoint now);

  /// Back to the queue at once without having used up an attempt: the gateway is stopping.
  /// Error: Conflict when the lease is no longer ours.
  [[nodiscard]] Status ReturnLease(const LeasedReport& report, TimePoint now);

  /// Takes back leases that ended before `now` (all of them when `everything`, at start). Each has
  /// cost an attempt. Returns how many.
  [[nodiscard]] Result<int> ReclaimLeases(TimePoint now, bool everything);

  /// When the next owed report or lease falls due; nullopt: nothing waits.
  [[nodiscard]] Result<std::optional<TimePoint>> NextDue() const;

  /// Number of reports per state name, for metrics and health.
  [[nodiscard]] Result<std::vector<std::pair<std::string, std::int64_t>>> CountByState() const;

 private:
  Database& database_;
};

}  // namespace axial::store
