#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "gateway/store/database.h"
#include "gateway/store/failure_cause.h"
#include "gateway/store/job_state.h"
#include "gateway/store/report_state.h"

namespace axial::store {

/// The report of a failed Job, for people.
struct FailureReport {
  ReportState state = ReportState::kOwed;
  FailureCause cause = FailureCause::kError;
  std::string reason;  ///< as the report tells it
  int attempt = 0;
  std::string error_code;  ///< why it could not be written; "" when it could
  std::string error_message;
  TimePoint created_at{};
  TimePoint finished_at{};
};

/// One model run on one Series of one closed revision.
struct Job {
  std::int64_t id = 0;
  std::int64_t revision_id = 0;
  std::string study_uid;
  std::string series_uid;
  std::string rule;
  std::string model;
  std::string model_version;
  int priority = 1;  ///< config::Priority
  JobState state = JobState::kQueued;
  int attempt = 0;  ///< of the current or last lease, from 1
  TimePoint lease_until{};
  std::string error_code;
  std::string error_message;
  std::string summary;
  double progress = 0;
  std::string stage;
  TimePoint created_at{};
  TimePoint finished_at{};
  int revision = 0;                      ///< its number
  std::int64_t superseded_by = 0;        ///< the Job whose results replace this one's; 0: none
  std::vector<std::int64_t> supersedes;  ///< the Jobs whose results this one's replace
  std::optional<FailureReport> failure_report = {};  ///< the newest
};

/// What a report needs to know of a failure beyond the error that people see.
struct FailureDetail {
  FailureCause cause = FailureCause::kError;
  std::string model_digest = {};  ///< of the worker's Hello; "" when it never came
};

/// A result object of an earlier run.
struct EarlierArtifact {
  std::string kind;
  std::string sop_class_uid;
  std::string series_uid;
  std::string sop_instance_uid;
  std::vector<std::string> destinations = {};  ///< that got it, or are owed it
};

/// A result file, as reported by the worker.
struct ProducedArtifact {
  std::string kind;  ///< a result kind's name: seg, sr, ...
  std::string path;  ///< absolute
  std::string sop_class_uid;
  std::string series_uid;
  std::string sop_instance_uid;
  /// Those that want it; only a Destination of the Job gets a delivery.
  std::vector<std::string> destinations;
};

/// How many leases a Job gets before it fails for good.
inline constexpr int kMaxAttempts = 3;

/// How often the gateway may end while a Job is leased before it fails: if it is the Job that takes
/// the whole gateway down, it does so no more than that.
inline constexpr int kMaxInterruptions = 10;

/// The Job rows. Every change is one conditional statement: a caller whose lease is gone gets
/// Conflict and must drop its work. Thread-safe.
class JobStore {
 public:
  explicit JobStore(Database& database) : database_(database) {}

  /// Leases the most urgent, oldest due Job of one of `models` (attempt is raised by one), or
  /// nullopt. A Job waits while one of an earlier revision for the same rule and Series is not
  /// finished, so that results appear in the order of their revisions.
  [[nodiscard]] Result<std::optional<Job>> Lease(const std::vector<std::string>& models,
                                                 TimePoint now, Duration lease);

  /// Absolute paths of the files of the Job's Series, one per SOP Instance (the first content
  /// received): those of the Job's revision and earlier ones, so that a retry gets what the first
  /// attempt got. Error: InvalidInput when the study has images of two patients, in any Series:
  /// nobody knows whose the results would be.
  [[nodiscard]] Result<std::vector<std::string>> InputFiles(const Job& job) const;

  /// Names of the Job's Destinations, sorted.
  [[nodiscard]] Result<std::vector<std::string>> Destinations(const Job& job) const;

  /// Counts the runs of the Job's study from 0, in the order they were asked for: the Jobs of one
  /// revision that run one model on one Series are one run. Always the same for the same Job.
  [[nodiscard]] Result<int> RunOfStudy(const Job& job) const;

  /// What the Job's results will replace, in the order it was made: the objects of the Jobs of
  /// earlier revisions for the same Series and rule, or for the same Series and model when their
  /// rule is not run again in this revision; without those that a later Job replaced already. And
  /// every report that this run could not run.
  [[nodiscard]] Result<std::vector<EarlierArtifact>> Predecessors(const Job& job) const;

  /// Keeps the lease alive and shows progress. Error: Conflict when the lease is no longer ours.
  [[nodiscard]] Status RecordProgress(const Job& job, double fraction, const std::string& stage,
                                      TimePoint lease_until);

  /// Makes artifacts and one delivery per artifact and Destination that wants it, in one
  /// transaction with the Job's state; a Job that owes nothing is delivered at once. The Jobs that
  /// Predecessors looks at become superseded by this one; what they owe stays owed. Error:
  /// Conflict when the lease is no longer ours.
  [[nodiscard]] Status Produce(const Job& job, const std::vector<ProducedArtifact>& artifacts,
                               const std::string& summary, TimePoint now);

  /// The attempt is lost. Codes that are retried, and kInternal from a crash, go back to the queue
  /// with a growing pause while attempts are left; everything else fails the Job with the reason
  /// kept, and owes the report of it (FailureReportStore) in the same transaction, as every way
  /// into state failed does. Error: Conflict when the lease is no longer ours.
  [[nodiscard]] Status LoseAttempt(const Job& job, const Error& reason, bool worker_died,
                                   TimePoint now, const FailureDetail& detail = {});

  /// Back to the queue at once without having used up an attempt: the gateway is stopping.
  /// Error: Conflict when the lease is no longer ours.
  [[nodiscard]] Status ReturnLease(const Job& job, TimePoint now);

  /// Takes back leases that ended before `now`; each is a lost attempt. Returns how many.
  [[nodiscard]] Result<int> ReclaimLeases(TimePoint now);

  /// At start: takes back every lease, whose holder is dead. That the gateway ended is not the
  /// Job's fault and costs it no attempt, up to kMaxInterruptions. Returns how many.
  [[nodiscard]] Result<int> ReclaimAllLeases(TimePoint now);

  /// When the next queued Job or lease falls due, for the stage's timer; nullopt: nothing waits.
  [[nodiscard]] Result<std::optional<TimePoint>> NextDue() const;

  /// Fails every queued Job of a model that does not exist any more. Returns how many.
  [[nodiscard]] Result<int> FailQueuedWithoutModel(const std::vector<std::string>& models,
                                                   TimePoint now);

  /// A person's retry; a report of the failure that is not made yet is withdrawn. Errors: NotFound,
  /// Conflict (not in state failed, or superseded).
  [[nodiscard]] Status Retry(std::int64_t job_id, TimePoint now);

  /// Newest first, at most `limit`.
  [[nodiscard]] Result<std::vector<Job>> List(int limit) const;
  [[nodiscard]] Result<std::vector<Job>> ListOfStudy(const std::string& study_uid) const;
  /// Number of Jobs per state name, for metrics and health.
  [[nodiscard]] Result<std::vector<std::pair<std::string, std::int64_t>>> CountByState() const;

 private:
  Database& database_;
};

}  // namespace axial::store
