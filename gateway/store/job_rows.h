#pragma once

// Private to gateway/store: how Job rows are read, by every file that has statements on them.

#include <string>
#include <string_view>
#include <vector>

#include "gateway/store/job_store.h"
#include "gateway/store/study_store.h"

namespace SQLite {
class Database;
class Statement;
}  // namespace SQLite

namespace axial::store {

/// What ReadJob reads, for SELECT and RETURNING on table job.
inline constexpr std::string_view kJobColumns =
    "id, revision_id, study_uid, series_uid, rule, model, model_version, priority, state, attempt, "
    "lease_until, error_code, error_message, summary, progress, stage, created_at, finished_at, "
    "superseded_by, (SELECT number FROM study_revision r WHERE r.id = revision_id), "
    "(SELECT group_concat(o.id) FROM job o WHERE o.superseded_by = job.id), "
    "(SELECT json_array(f.state, f.cause, f.reason, f.attempt, f.error_code, f.error_message, "
    "f.created_at, f.finished_at) FROM failure_report f WHERE f.job_id = job.id ORDER BY f.id DESC "
    "LIMIT 1)";

[[nodiscard]] Job ReadJob(SQLite::Statement& row);
[[nodiscard]] std::vector<Job> ReadJobs(SQLite::Statement& rows);

/// A queued Job of the revision and what it owes; its id, or 0 when the key exists already.
[[nodiscard]] std::int64_t InsertJob(SQLite::Database& db, const Revision& revision,
                                     const NewJob& job, TimePoint now);

/// The pause before the next attempt doubles: 2 s, 4 s.
[[nodiscard]] Duration RetryPause(int attempt);

/// Condition on job `e`: its results are replaced by those of job ?1. A rule's by those of the same
/// rule, whatever it runs by now; what a person asked for ("on request") by those of the same
/// model.
inline constexpr std::string_view kIsReplaced =
    "EXISTS (SELECT 1 FROM job j WHERE j.id = ?1 AND e.study_uid = j.study_uid AND e.series_uid = "
    "j.series_uid AND e.id < j.id AND e.revision_id <> j.revision_id AND (e.superseded_by IS NULL "
    "OR e.superseded_by = j.id) AND ((e.rule = j.rule AND (e.rule <> 'on request' OR e.model = "
    "j.model)) OR (e.model = j.model AND NOT EXISTS (SELECT 1 FROM job s WHERE s.revision_id = "
    "j.revision_id AND s.series_uid = j.series_uid AND s.rule = e.rule AND (s.rule <> 'on request' "
    "OR s.model = e.model)))))";

/// A list bound as one JSON array, for `IN (SELECT value FROM json_each(?))`.
[[nodiscard]] std::string JsonList(const std::vector<std::string>& items);

/// A list that a query gathered with json_group_array.
[[nodiscard]] std::vector<std::string> ListFromJson(const std::string& json);

}  // namespace axial::store
