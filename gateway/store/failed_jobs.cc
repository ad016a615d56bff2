#include "gateway/store/failed_jobs.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "gateway/store/job_rows.h"
#include "gateway/store/rows.h"

namespace axial::store {
namespace {

/// Condition on failure_report: it can still be withdrawn (report_state.cc).
constexpr std::string_view kNotYetMade = "state IN ('owed', 'leased', 'failed')";

void OweReport(SQLite::Database& db, const Job& job, const Error& reason,
               const FailureDetail& detail, TimePoint now) {
  SQLite::Statement insert(
      db,
      "INSERT INTO failure_report(job_id, state, cause, reason, model_digest, created_at) SELECT "
      "?1, 'owed', ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM failure_report WHERE id = "
      "(SELECT max(id) FROM failure_report WHERE job_id = ?1) AND state = 'produced' AND cause = "
      "?2 AND reason = ?3 AND model_digest = ?4)");
  insert.bind(1, job.id);
  insert.bind(2, std::string(FailureCauseName(detail.cause)));
  insert.bind(3, TellFailure(detail.cause, reason.message()));
  insert.bind(4, detail.model_digest);
  insert.bind(5, ToMicros(now));
  insert.exec();
}

}  // namespace

bool FailJob(SQLite::Database& db, const Job& job, JobState from, const Error& reason,
             const FailureDetail& detail, TimePoint now) {
  AXIAL_INVARIANT(NextJobState(from, JobEvent::kFail) == JobState::kFailed);
  SQLite::Statement update(
      db,
      "UPDATE job SET state = ?1, lease_until = NULL, finished_at = ?2, error_code = ?3, "
      "error_message = ?4, summary = '', stage = '' WHERE id = ?5 AND state = ?6 AND attempt = ?7");
  update.bind(1, std::string(JobStateName(JobState::kFailed)));
  update.bind(2, ToMicros(now));
  update.bind(3, std::string(ErrorCodeName(reason.code())));
  update.bind(4, reason.message());
  update.bind(5, job.id);
  update.bind(6, std::string(JobStateName(from)));
  update.bind(7, job.attempt);
  if (update.exec() != 1) return false;
  AddEvent(db, job.study_uid, now, "job_failed",
           fmt::format("job {} ({}) attempt {} of {}: {}", job.id, job.model, job.attempt,
                       kMaxAttempts, reason.message()));
  OweReport(db, job, reason, detail, now);
  return true;
}

void WithdrawReports(SQLite::Database& db, std::int64_t job_id, TimePoint now) {
  SQLite::Statement update(
      db, fmt::format("UPDATE failure_report SET state = 'withdrawn', lease_until = NULL, "
                      "finished_at = ?2 WHERE job_id = ?1 AND {}",
                      kNotYetMade));
  update.bind(1, job_id);
  update.bind(2, ToMicros(now));
  update.exec();
}

void WithdrawReplacedReports(SQLite::Database& db, const Job& job, TimePoint now) {
  SQLite::Statement update(
      db, fmt::format("UPDATE failure_report SET state = 'withdrawn', lease_until = NULL, "
                      "finished_at = ?2 WHERE {} AND job_id IN (SELECT e.id FROM job e WHERE "
                      "e.study_uid = ?3 AND {})",
                      kNotYetMade, kIsReplaced));
  update.bind(1, job.id);
  update.bind(2, ToMicros(now));
  update.bind(3, job.study_uid);
  update.exec();
}

}  // namespace axial::store
