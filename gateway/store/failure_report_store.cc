#include "gateway/store/failure_report_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "core/base/crash_point.h"
#include "gateway/store/artifact_rows.h"
#include "gateway/store/job_rows.h"
#include "gateway/store/report_state.h"
#include "gateway/store/rows.h"

namespace axial::store {
namespace {

std::string To(ReportState state, ReportEvent event) {
  const std::optional<ReportState> next = NextReportState(state, event);
  AXIAL_INVARIANT(next.has_value());
  return std::string(ReportStateName(*next));
}

Error LeaseGone(const LeasedReport& report) {
  return MakeError(ErrorCode::kConflict,
                   "failure report {} attempt {}: the lease is no longer held", report.id,
                   report.attempt);
}

/// Ends a lease; returns whether it was still ours. `used_up`: whether the attempt counts.
bool EndLease(SQLite::Database& db, const LeasedReport& report, ReportEvent event,
              TimePoint not_before, const Error* reason, bool used_up, TimePoint now) {
  SQLite::Statement update(
      db,
      "UPDATE failure_report SET state = ?1, lease_until = NULL, not_before = ?2, error_code = ?3, "
      "error_message = ?4, attempt = attempt - ?5, finished_at = ?6 WHERE id = ?7 AND state = "
      "'leased' AND attempt = ?8");
  update.bind(1, To(ReportState::kLeased, event));
  update.bind(2, ToMicros(not_before));
  if (reason != nullptr) {
    update.bind(3, std::string(ErrorCodeName(reason->code())));
    update.bind(4, reason->message());
  }
  update.bind(5, used_up ? 0 : 1);
  if (event != ReportEvent::kLoseAttempt) update.bind(6, ToMicros(now));
  update.bind(7, report.id);
  update.bind(8, report.attempt);
  return update.exec() == 1;
}

Job JobOf(SQLite::Database& db, std::int64_t id) {
  SQLite::Statement row(db, fmt::format("SELECT {} FROM job WHERE id = ?", kJobColumns));
  row.bind(1, id);
  AXIAL_INVARIANT(row.executeStep());
  return ReadJob(row);
}

}  // namespace

Result<std::optional<LeasedReport>> FailureReportStore::Lease(TimePoint now, Duration lease) {
  using Outcome = std::optional<LeasedReport>;
  auto outcome = database_.Write<Outcome>([&](SQLite::Database& db) -> Result<Outcome> {
    SQLite::Statement claim(
        db,
        "UPDATE failure_report SET state = ?1, attempt = attempt + 1, lease_until = ?2 WHERE id = "
        "(SELECT id FROM failure_report WHERE state = 'owed' AND not_before <= ?3 ORDER BY "
        "not_before, id LIMIT 1) RETURNING id, attempt, cause, reason, model_digest, job_id");
    claim.bind(1, To(ReportState::kOwed, ReportEvent::kLease));
    claim.bind(2, ToMicros(now + lease));
    claim.bind(3, ToMicros(now));
    if (!claim.executeStep()) return Outcome{};
    LeasedReport report;
    report.id = claim.getColumn(0).getInt64();
    report.attempt = claim.getColumn(1).getInt();
    report.cause =
        FailureCauseFromName(claim.getColumn(2).getString()).value_or(FailureCause::kError);
    report.reason = claim.getColumn(3).getString();
    report.model_digest = claim.getColumn(4).getString();
    const std::int64_t job_id = claim.getColumn(5).getInt64();
    claim.reset();
    report.job = JobOf(db, job_id);
    return Outcome(std::move(report));
  });
  if (outcome.ok() && outcome->has_value()) CrashPoint("failure_leased");
  return outcome;
}

Result<std::vector<EarlierArtifact>> FailureReportStore::Predecessors(const Job& job) const {
  using Artifacts = std::vector<EarlierArtifact>;
  return database_.Read<Artifacts>([&](SQLite::Database& db) -> Result<Artifacts> {
    SQLite::Statement rows(
        db, fmt::format("SELECT DISTINCT {} FROM job e JOIN job_artifact l ON l.job_id = e.id JOIN "
                        "artifact a ON a.id = l.artifact_id WHERE e.study_uid = ?2 AND "
                        "l.failure_report_id IS NOT NULL AND e.state = 'failed' AND (e.id = ?1 OR "
                        "{}) ORDER BY {} LIMIT {}",
                        kEarlierArtifact, kIsReplaced, kNamedFirst, kMaxPredecessors));
    rows.bind(1, job.id);
    rows.bind(2, job.study_uid);
    return ReadEarlierArtifacts(rows);
  });
}

Status FailureReportStore::Produce(const LeasedReport& report,
                                   const std::vector<ProducedArtifact>& artifacts, TimePoint now) {
  const bool wanted = !artifacts.empty();
  auto outcome = database_.Write([&](SQLite::Database& db) -> Status {
    if (!EndLease(db, report, wanted ? ReportEvent::kProduce : ReportEvent::kDecline, TimePoint{},
                  nullptr, /*used_up=*/true, now))
      return LeaseGone(report);
    for (const ProducedArtifact& artifact : artifacts)
      InsertArtifact(db, report.job, artifact, report.id, now);
    if (wanted)
      AddEvent(db, report.job.study_uid, now, "failure_report_produced",
               fmt::format("job {} ({}): {}", report.job.id, report.job.model, report.reason));
    return {};
  });
  if (outcome.ok()) CrashPoint("failure_produced");
  return outcome;
}

Status FailureReportStore::LoseAttempt(const LeasedReport& report, const Error& reason,
                                       bool worker_died, TimePoint now) {
  const bool again = (worker_died || IsRetried(reason.code())) && report.attempt < kMaxAttempts;
  return database_.Write([&](SQLite::Database& db) -> Status {
    if (!EndLease(db, report, again ? ReportEvent::kLoseAttempt : ReportEvent::kFail,
                  again ? now + RetryPause(report.attempt) : TimePoint{}, &reason,
                  /*used_up=*/true, now))
      return LeaseGone(report);
    if (!again)
      AddEvent(db, report.job.study_uid, now, "failure_report_failed",
               fmt::format("job {} ({}): {}", report.job.id, report.job.model, reason.message()));
    return {};
  });
}

Status FailureReportStore::ReturnLease(const LeasedReport& report, TimePoint now) {
  return database_.Write([&](SQLite::Database& db) -> Status {
    if (!EndLease(db, report, ReportEvent::kLoseAttempt, now, nullptr, /*used_up=*/false, now))
      return LeaseGone(report);
    return {};
  });
}

Result<int> FailureReportStore::ReclaimLeases(TimePoint now, bool everything) {
  return database_.Write<int>([&](SQLite::Database& db) -> Result<int> {
    SQLite::Statement update(
        db,
        "UPDATE failure_report SET state = iif(attempt >= ?4, ?5, ?1), lease_until = NULL, "
        "not_before = ?2, error_code = 'unavailable', error_message = 'the gateway or its worker "
        "ended while the report was written', finished_at = iif(attempt >= ?4, ?2, NULL) WHERE "
        "state = 'leased' AND (?3 OR lease_until < ?2)");
    update.bind(1, To(ReportState::kLeased, ReportEvent::kLoseAttempt));
    update.bind(2, ToMicros(now));
    update.bind(3, everything ? 1 : 0);
    update.bind(4, kMaxAttempts);
    update.bind(5, To(ReportState::kLeased, ReportEvent::kFail));
    return update.exec();
  });
}

Result<std::optional<TimePoint>> FailureReportStore::NextDue() const {
  return database_.Read<std::optional<TimePoint>>(
      [](SQLite::Database& db) -> Result<std::optional<TimePoint>> {
        SQLite::Statement row(
            db,
            "SELECT min(iif(state = 'owed', not_before, lease_until)) FROM failure_report WHERE "
            "state IN ('owed', 'leased')");
        if (!row.executeStep() || row.getColumn(0).isNull()) return std::optional<TimePoint>{};
        return std::optional<TimePoint>(TimeOf(row.getColumn(0)));
      });
}

Result<std::vector<std::pair<std::string, std::int64_t>>> FailureReportStore::CountByState() const {
  using Counts = std::vector<std::pair<std::string, std::int64_t>>;
  return database_.Read<Counts>([](SQLite::Database& db) -> Result<Counts> {
    SQLite::Statement rows(
        db, "SELECT state, count(*) FROM failure_report GROUP BY state ORDER BY state");
    Counts counts;
    while (rows.executeStep())
      counts.emplace_back(rows.getColumn(0).getString(), rows.getColumn(1).getInt64());
    return counts;
  });
}

}  // namespace axial::store
