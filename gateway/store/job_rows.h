#pragma once

// Private to gateway/store: how Job rows are read, by every file that has statements on them.

#include <string>
#include <string_view>
#include <vector>

#include "gateway/store/job_store.h"

namespace SQLite {
class Statement;
}

namespace axial::store {

/// What ReadJob reads, for SELECT and RETURNING on table job.
inline constexpr std::string_view kJobColumns =
    "id, revision_id, study_uid, series_uid, rule, model, model_version, priority, state, attempt, "
    "lease_until, error_code, error_message, summary, progress, stage, created_at, finished_at";

[[nodiscard]] Job ReadJob(SQLite::Statement& row);
[[nodiscard]] std::vector<Job> ReadJobs(SQLite::Statement& rows);

/// A list bound as one JSON array, for `IN (SELECT value FROM json_each(?))`.
[[nodiscard]] std::string JsonList(const std::vector<std::string>& items);

}  // namespace axial::store
