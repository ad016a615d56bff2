#include "gateway/store/job_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <algorithm>

#include "core/base/crash_point.h"
#include "gateway/store/artifact_rows.h"
#include "gateway/store/failed_jobs.h"
#include "gateway/store/job_rows.h"
#include "gateway/store/rows.h"

namespace axial::store {
namespace {

/// Of Jobs without a model, in one transaction; the next round takes more.
constexpr int kMaxFailedAtOnce = 1000;

std::string From(JobState state) { return std::string(JobStateName(state)); }

std::string To(JobState state, JobEvent event) {
  const std::optional<JobState> next = NextJobState(state, event);
  AXIAL_INVARIANT(next.has_value());
  return From(*next);
}

Error LeaseGone(const Job& job) {
  return MakeError(ErrorCode::kConflict, "job {} attempt {}: the lease is no longer held", job.id,
                   job.attempt);
}

/// Notes whose results the Job's replace.
void Supersede(SQLite::Database& db, const Job& job, TimePoint now) {
  SQLite::Statement update(
      db, fmt::format("UPDATE job AS e SET superseded_by = ?1 WHERE {} RETURNING id", kIsReplaced));
  update.bind(1, job.id);
  std::vector<std::int64_t> replaced;
  while (update.executeStep()) replaced.push_back(update.getColumn(0).getInt64());
  for (const std::int64_t id : replaced)
    AddEvent(db, job.study_uid, now, "job_superseded",
             fmt::format("job {} is superseded by job {} of a later revision", id, job.id));
}

int FailInterrupted(SQLite::Database& db, const std::vector<Job>& jobs, const std::string& why,
                    TimePoint now) {
  for (const Job& job : jobs)
    FailJob(db, job, JobState::kLeased, Error(ErrorCode::kUnavailable, why),
            {FailureCause::kInterrupted}, now);
  return static_cast<int>(jobs.size());
}

/// One conditional change of a leased Job; returns whether the lease was still ours.
bool EndLease(SQLite::Database& db, const Job& job, const std::string& state, TimePoint not_before,
              TimePoint finished_at, const Error* reason, const std::string& summary) {
  SQLite::Statement update(
      db,
      "UPDATE job SET state = ?1, lease_until = NULL, not_before = ?2, finished_at = ?3, "
      "error_code = ?4, error_message = ?5, summary = ?6, stage = '' "
      "WHERE id = ?7 AND state = 'leased' AND attempt = ?8");
  update.bind(1, state);
  update.bind(2, ToMicros(not_before));
  if (finished_at != TimePoint{}) update.bind(3, ToMicros(finished_at));
  if (reason != nullptr) {
    update.bind(4, std::string(ErrorCodeName(reason->code())));
    update.bind(5, reason->message());
  }
  update.bind(6, summary);
  update.bind(7, job.id);
  update.bind(8, job.attempt);
  return update.exec() == 1;
}

}  // namespace

void FinishJob(SQLite::Database& db, std::int64_t job_id, const std::string& study_uid,
               TimePoint now) {
  SQLite::Statement update(
      db,
      "UPDATE job SET state = ?1, finished_at = ?2 WHERE id = ?3 AND state = 'produced' AND NOT "
      "EXISTS (SELECT 1 FROM delivery d JOIN job_artifact l ON l.artifact_id = d.artifact_id JOIN "
      "job_destination t ON t.job_id = l.job_id AND t.destination = d.destination WHERE l.job_id = "
      "?3 AND l.failure_report_id IS NULL AND d.state <> 'confirmed')");
  update.bind(1, To(JobState::kProduced, JobEvent::kDeliver));
  update.bind(2, ToMicros(now));
  update.bind(3, job_id);
  if (update.exec() == 1)
    AddEvent(db, study_uid, now, "job_delivered", fmt::format("job {}", job_id));
}

Result<std::optional<Job>> JobStore::Lease(const std::vector<std::string>& models, TimePoint now,
                                           Duration lease) {
  auto outcome =
      database_.Write<std::optional<Job>>([&](SQLite::Database& db) -> Result<std::optional<Job>> {
        SQLite::Statement claim(
            db, fmt::format("UPDATE job SET state = ?1, attempt = attempt + 1, lease_until = ?2, "
                            "progress = 0, stage = '' WHERE id = (SELECT id FROM job WHERE state = "
                            "'queued' AND not_before <= ?3 AND model IN (SELECT value FROM "
                            "json_each(?4)) AND NOT EXISTS (SELECT 1 FROM job e WHERE "
                            "e.study_uid = job.study_uid AND e.series_uid = job.series_uid AND "
                            "e.rule = job.rule AND e.id < job.id AND e.state IN ('queued', "
                            "'leased')) ORDER BY priority, not_before, id LIMIT 1) "
                            "RETURNING {}",
                            kJobColumns));
        claim.bind(1, To(JobState::kQueued, JobEvent::kLease));
        claim.bind(2, ToMicros(now + lease));
        claim.bind(3, ToMicros(now));
        claim.bind(4, JsonList(models));
        if (!claim.executeStep()) return std::optional<Job>{};
        Job job = ReadJob(claim);
        claim.reset();
        WithdrawReplacedReports(db, job, now);
        AddEvent(db, job.study_uid, now, "job_leased",
                 fmt::format("job {} ({}) attempt {}", job.id, job.model, job.attempt));
        return std::optional<Job>(std::move(job));
      });
  if (outcome.ok() && outcome->has_value()) CrashPoint("leased");
  return outcome;
}

Status JobStore::RecordProgress(const Job& job, double fraction, const std::string& stage,
                                TimePoint lease_until) {
  return database_.Write([&](SQLite::Database& db) -> Status {
    SQLite::Statement update(db,
                             "UPDATE job SET progress = ?, stage = ?, lease_until = ? WHERE id = ? "
                             "AND state = 'leased' AND attempt = ?");
    update.bind(1, std::clamp(fraction, 0.0, 1.0));
    update.bind(2, stage);
    update.bind(3, ToMicros(lease_until));
    update.bind(4, job.id);
    update.bind(5, job.attempt);
    if (update.exec() != 1) return LeaseGone(job);
    return {};
  });
}

Status JobStore::Produce(const Job& job, const std::vector<ProducedArtifact>& artifacts,
                         const std::string& summary, TimePoint now) {
  auto outcome = database_.Write([&](SQLite::Database& db) -> Status {
    if (!EndLease(db, job, To(JobState::kLeased, JobEvent::kProduce), TimePoint{}, now, nullptr,
                  summary))
      return LeaseGone(job);
    db.exec(fmt::format("UPDATE job SET progress = 1 WHERE id = {}", job.id));
    for (const ProducedArtifact& artifact : artifacts)
      InsertArtifact(db, job, artifact, std::nullopt, now);
    Supersede(db, job, now);
    FinishJob(db, job.id, job.study_uid, now);  // nothing owed: all of it was delivered before
    AddEvent(db, job.study_uid, now, "job_produced",
             fmt::format("job {} ({}): {} result objects. {}", job.id, job.model, artifacts.size(),
                         summary));
    return {};
  });
  if (outcome.ok()) CrashPoint("produced");
  return outcome;
}

Status JobStore::LoseAttempt(const Job& job, const Error& reason, bool worker_died, TimePoint now,
                             const FailureDetail& detail) {
  const bool again = (worker_died || IsRetried(reason.code())) && job.attempt < kMaxAttempts;
  auto outcome = database_.Write([&](SQLite::Database& db) -> Status {
    if (!again) {
      if (!FailJob(db, job, JobState::kLeased, reason, detail, now)) return LeaseGone(job);
      return {};
    }
    if (!EndLease(db, job, To(JobState::kLeased, JobEvent::kLoseAttempt),
                  now + RetryPause(job.attempt), TimePoint{}, &reason, ""))
      return LeaseGone(job);
    AddEvent(db, job.study_uid, now, "job_attempt_lost",
             fmt::format("job {} ({}) attempt {} of {}: {}", job.id, job.model, job.attempt,
                         kMaxAttempts, reason.message()));
    return {};
  });
  if (outcome.ok()) CrashPoint(again ? "attempt_lost" : "failed");
  return outcome;
}

Status JobStore::ReturnLease(const Job& job, TimePoint now) {
  return database_.Write([&](SQLite::Database& db) -> Status {
    if (!EndLease(db, job, To(JobState::kLeased, JobEvent::kLoseAttempt), now, TimePoint{}, nullptr,
                  ""))
      return LeaseGone(job);
    db.exec(fmt::format("UPDATE job SET attempt = attempt - 1 WHERE id = {}", job.id));
    return {};
  });
}

Result<int> JobStore::ReclaimLeases(TimePoint now) {
  return database_.Write<int>([&](SQLite::Database& db) -> Result<int> {
    SQLite::Statement over(
        db, fmt::format("SELECT {} FROM job WHERE state = 'leased' AND lease_until < ?1 "
                        "AND attempt >= ?2",
                        kJobColumns));
    over.bind(1, ToMicros(now));
    over.bind(2, kMaxAttempts);
    const int failed =
        FailInterrupted(db, ReadJobs(over), "the lease of the last attempt ran out", now);
    over.reset();
    SQLite::Statement requeue(db,
                              "UPDATE job SET state = ?1, lease_until = NULL, stage = '', "
                              "not_before = ?2 WHERE state = 'leased' AND "
                              "lease_until < ?2");
    requeue.bind(1, To(JobState::kLeased, JobEvent::kLoseAttempt));
    requeue.bind(2, ToMicros(now));
    return failed + requeue.exec();
  });
}

Result<int> JobStore::ReclaimAllLeases(TimePoint now) {
  return database_.Write<int>([&](SQLite::Database& db) -> Result<int> {
    SQLite::Statement over(
        db, fmt::format("SELECT {} FROM job WHERE state = 'leased' AND interruptions + 1 >= ?1",
                        kJobColumns));
    over.bind(1, kMaxInterruptions);
    const int failed = FailInterrupted(
        db, ReadJobs(over),
        fmt::format("the gateway ended {} times while this job ran", kMaxInterruptions), now);
    over.reset();
    // The first time at once, then with pauses of 2, 4, 8... seconds: others get their turn.
    SQLite::Statement requeue(
        db,
        "UPDATE job SET state = ?1, lease_until = NULL, stage = '', attempt = attempt - 1, "
        "interruptions = "
        "interruptions + 1, not_before = ?2 + CASE interruptions WHEN 0 THEN 0 ELSE 1000000 * "
        "(1 << interruptions) END WHERE state = 'leased'");
    requeue.bind(1, To(JobState::kLeased, JobEvent::kLoseAttempt));
    requeue.bind(2, ToMicros(now));
    return failed + requeue.exec();
  });
}

Result<int> JobStore::FailQueuedWithoutModel(const std::vector<std::string>& models,
                                             TimePoint now) {
  return database_.Write<int>([&](SQLite::Database& db) -> Result<int> {
    SQLite::Statement orphans(
        db, fmt::format("SELECT {} FROM job WHERE state = 'queued' AND model NOT IN (SELECT value "
                        "FROM json_each(?1)) LIMIT {}",
                        kJobColumns, kMaxFailedAtOnce));
    orphans.bind(1, JsonList(models));
    const std::vector<Job> jobs = ReadJobs(orphans);
    orphans.reset();
    for (const Job& job : jobs)
      FailJob(db, job, JobState::kQueued,
              MakeError(ErrorCode::kNotFound,
                        "model {} is not usable: it is missing from models.directory or its "
                        "model.yaml has problems; mend it (axial models shows what is wrong) and "
                        "retry the job",
                        job.model),
              {FailureCause::kModelMissing}, now);
    return static_cast<int>(jobs.size());
  });
}

Status JobStore::Retry(std::int64_t job_id, TimePoint now) {
  auto outcome = database_.Write([&](SQLite::Database& db) -> Status {
    SQLite::Statement find(db,
                           "SELECT state, study_uid, model, superseded_by, (SELECT removed_at "
                           "FROM study_revision r WHERE r.id = revision_id) FROM job WHERE id = ?");
    find.bind(1, job_id);
    if (!find.executeStep()) return MakeError(ErrorCode::kNotFound, "there is no job {}", job_id);
    const std::string state = find.getColumn(0).getString();
    const std::string study_uid = find.getColumn(1).getString();
    const std::string model = find.getColumn(2).getString();
    const std::int64_t superseded_by = find.getColumn(3).getInt64();
    const TimePoint removed_at = TimeOf(find.getColumn(4));
    find.reset();
    if (state != From(JobState::kFailed))
      return MakeError(ErrorCode::kConflict, "job {} is {}; only a failed job can be retried",
                       job_id, state);
    if (superseded_by != 0)
      return MakeError(ErrorCode::kConflict,
                       "job {} is superseded by job {}, which ran on a later revision of the study",
                       job_id, superseded_by);
    if (removed_at != TimePoint{})
      return MakeError(ErrorCode::kConflict,
                       "the Instances of job {} were removed at {} (storage.keep); send the study "
                       "again",
                       job_id, FormatTime(removed_at));
    SQLite::Statement update(
        db,
        "UPDATE job SET state = ?, attempt = 0, interruptions = 0, not_before = "
        "?, finished_at = NULL, error_code = NULL, error_message = NULL WHERE id = ?");
    update.bind(1, To(JobState::kFailed, JobEvent::kRetry));
    update.bind(2, ToMicros(now));
    update.bind(3, job_id);
    update.exec();
    WithdrawReports(db, job_id, now);
    AddEvent(db, study_uid, now, "job_retried", fmt::format("job {} ({})", job_id, model));
    return {};
  });
  if (outcome.ok()) CrashPoint("job_retried");
  return outcome;
}

}  // namespace axial::store
