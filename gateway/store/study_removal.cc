#include "gateway/store/study_removal.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "gateway/store/job_state.h"
#include "gateway/store/rows.h"

namespace axial::store {
namespace {

/// The states that an event leads out of into `cancelled`, as an SQL list.
std::string CancellableStates() {
  std::string list;
  for (const JobState state : {JobState::kQueued, JobState::kLeased, JobState::kProduced,
                               JobState::kDelivered, JobState::kFailed, JobState::kCancelled})
    if (NextJobState(state, JobEvent::kCancel))
      list += fmt::format("{}'{}'", list.empty() ? "" : ", ", JobStateName(state));
  return list;
}

int Run(SQLite::Database& db, const std::string& sql, const std::string& study_uid,
        const std::string& series_uid) {
  SQLite::Statement statement(db, sql);
  statement.bind(1, study_uid);
  if (statement.getBindParameterCount() > 1) statement.bind(2, series_uid);
  return statement.exec();
}

constexpr std::string_view kJobs =
    "SELECT id FROM job WHERE study_uid = ?1 AND (?2 = '' OR series_uid = ?2)";

}  // namespace

Result<std::vector<std::int64_t>> StudyRemoval::CancelJobs(const std::string& study_uid,
                                                           const std::string& series_uid,
                                                           TimePoint now) {
  using Ids = std::vector<std::int64_t>;
  return database_.Write<Ids>([&](SQLite::Database& db) -> Result<Ids> {
    Ids ids;
    {
      SQLite::Statement rows(db, std::string(kJobs));
      rows.bind(1, study_uid);
      rows.bind(2, series_uid);
      while (rows.executeStep()) ids.push_back(rows.getColumn(0).getInt64());
    }
    // What another Job made, too, stays owed for that one.
    const std::string owed = fmt::format(
        "SELECT d.id FROM delivery d WHERE d.state <> 'confirmed' AND d.artifact_id IN (SELECT "
        "artifact_id FROM job_artifact WHERE job_id IN ({0})) AND d.artifact_id NOT IN (SELECT "
        "artifact_id FROM job_artifact WHERE job_id NOT IN ({0}))",
        kJobs);
    Run(db, fmt::format("DELETE FROM delivery_commitment WHERE delivery_id IN ({})", owed),
        study_uid, series_uid);
    Run(db, fmt::format("DELETE FROM delivery WHERE id IN ({})", owed), study_uid, series_uid);
    Run(db,
        fmt::format("UPDATE failure_report SET state = 'withdrawn' WHERE job_id IN ({}) AND state "
                    "IN ('owed', 'leased', 'failed')",
                    kJobs),
        study_uid, series_uid);
    SQLite::Statement cancel(
        db, fmt::format("UPDATE job SET state = '{}', finished_at = ?3, lease_until = NULL WHERE "
                        "study_uid = ?1 AND (?2 = '' OR series_uid = ?2) AND state IN ({})",
                        JobStateName(JobState::kCancelled), CancellableStates()));
    cancel.bind(1, study_uid);
    cancel.bind(2, series_uid);
    cancel.bind(3, ToMicros(now));
    if (const int cancelled = cancel.exec(); cancelled > 0)
      AddEvent(db, study_uid, now, "jobs_cancelled",
               fmt::format("{} jobs: {} is gone where it came from", cancelled,
                           series_uid.empty() ? "the study" : "series " + series_uid));
    return ids;
  });
}

Status StudyRemoval::RemoveRows(const std::string& study_uid) {
  // In the order of what refers to what.
  static const std::string kArtifacts = "SELECT id FROM artifact WHERE study_uid = ?1";
  static const std::string kStudyJobs = "SELECT id FROM job WHERE study_uid = ?1";
  static const std::string kRevisions = "SELECT id FROM study_revision WHERE study_uid = ?1";
  static const std::string kSeries = "SELECT series_uid FROM series WHERE study_uid = ?1";
  static const std::vector<std::string> statements = {
      "DELETE FROM delivery_commitment WHERE delivery_id IN (SELECT id FROM delivery WHERE "
      "artifact_id IN (" +
          kArtifacts + "))",
      "DELETE FROM delivery WHERE artifact_id IN (" + kArtifacts + ")",
      "DELETE FROM job_artifact WHERE job_id IN (" + kStudyJobs + ") OR artifact_id IN (" +
          kArtifacts + ")",
      "DELETE FROM failure_report WHERE job_id IN (" + kStudyJobs + ")",
      "DELETE FROM artifact WHERE study_uid = ?1",
      "DELETE FROM job_destination WHERE job_id IN (" + kStudyJobs + ")",
      "UPDATE job SET superseded_by = NULL WHERE study_uid = ?1",
      "DELETE FROM job WHERE study_uid = ?1",
      "DELETE FROM verdict WHERE revision_id IN (" + kRevisions + ")",
      "DELETE FROM study_revision WHERE study_uid = ?1",
      // By their indexes: those of its own Series, and those that say a Series of another Study.
      "DELETE FROM instance WHERE series_uid IN (" + kSeries + ") AND study_uid = ?1",
      "DELETE FROM instance WHERE study_uid = ?1 AND revision = 0",
      "DELETE FROM series_revision WHERE study_uid = ?1",
      "DELETE FROM series_class WHERE series_uid IN (" + kSeries + ")",
      // A Series of which another Study has Instances (same_instance.h) is that one's from now on.
      "UPDATE series SET study_uid = (SELECT i.study_uid FROM instance i WHERE i.series_uid = "
      "series.series_uid LIMIT 1) WHERE study_uid = ?1 AND EXISTS (SELECT 1 FROM instance i WHERE "
      "i.series_uid = series.series_uid)",
      "DELETE FROM series WHERE study_uid = ?1", "DELETE FROM event WHERE study_uid = ?1",
      "DELETE FROM analysis_request WHERE study_uid = ?1 AND finished_at IS NOT NULL",
      "DELETE FROM study WHERE study_uid = ?1"};
  return database_.Write([&](SQLite::Database& db) -> Status {
    for (const std::string& sql : statements) Run(db, sql, study_uid, "");
    return {};
  });
}

}  // namespace axial::store
