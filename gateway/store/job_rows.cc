#include "gateway/store/job_rows.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "gateway/store/rows.h"

namespace axial::store {

Job ReadJob(SQLite::Statement& row) {
  Job job;
  int i = 0;
  job.id = row.getColumn(i++).getInt64();
  job.revision_id = row.getColumn(i++).getInt64();
  job.study_uid = row.getColumn(i++).getString();
  job.series_uid = row.getColumn(i++).getString();
  job.rule = row.getColumn(i++).getString();
  job.model = row.getColumn(i++).getString();
  job.model_version = row.getColumn(i++).getString();
  job.priority = row.getColumn(i++).getInt();
  job.state = JobStateFromName(row.getColumn(i++).getString()).value_or(JobState::kFailed);
  job.attempt = row.getColumn(i++).getInt();
  job.lease_until = TimeOf(row.getColumn(i++));
  job.error_code = row.getColumn(i++).getString();
  job.error_message = row.getColumn(i++).getString();
  job.summary = row.getColumn(i++).getString();
  job.progress = row.getColumn(i++).getDouble();
  job.stage = row.getColumn(i++).getString();
  job.created_at = TimeOf(row.getColumn(i++));
  job.finished_at = TimeOf(row.getColumn(i++));
  job.superseded_by = row.getColumn(i++).getInt64();
  job.revision = row.getColumn(i++).getInt();
  std::istringstream supersedes(row.getColumn(i++).getString());
  for (std::string id; std::getline(supersedes, id, ',');) job.supersedes.push_back(std::stoll(id));
  return job;
}

std::vector<Job> ReadJobs(SQLite::Statement& rows) {
  std::vector<Job> jobs;
  while (rows.executeStep()) jobs.push_back(ReadJob(rows));
  return jobs;
}

std::string JsonList(const std::vector<std::string>& items) {
  return nlohmann::json(items).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace axial::store
