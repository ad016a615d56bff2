#include "gateway/store/job_rows.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "gateway/store/rows.h"

namespace axial::store {
namespace {

/// Of the JSON array that kJobColumns makes of the newest row; nullopt without one.
std::optional<FailureReport> ReadReport(const std::string& json) {
  const nlohmann::json row = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!row.is_array()) return std::nullopt;
  const auto text = [&](std::size_t i) {
    return row.at(i).is_string() ? row.at(i).get<std::string>() : "";
  };
  const auto time = [&](std::size_t i) {
    return row.at(i).is_null() ? TimePoint{} : FromMicros(row.at(i).get<std::int64_t>());
  };
  FailureReport report;
  report.state = ReportStateFromName(text(0)).value_or(ReportState::kFailed);
  report.cause = FailureCauseFromName(text(1)).value_or(FailureCause::kError);
  report.reason = text(2);
  report.attempt = row.at(3).get<int>();
  report.error_code = text(4);
  report.error_message = text(5);
  report.created_at = time(6);
  report.finished_at = time(7);
  return report;
}

}  // namespace

Duration RetryPause(int attempt) { return std::chrono::seconds(1 << std::min(attempt, 10)); }

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
  job.failure_report = ReadReport(row.getColumn(i++).getString());
  return job;
}

std::vector<Job> ReadJobs(SQLite::Statement& rows) {
  std::vector<Job> jobs;
  while (rows.executeStep()) jobs.push_back(ReadJob(rows));
  return jobs;
}

std::int64_t InsertJob(SQLite::Database& db, const Revision& revision, const NewJob& job,
                       TimePoint now) {
  SQLite::Statement insert(
      db,
      "INSERT INTO job(job_key, revision_id, study_uid, series_uid, rule, model, model_version, "
      "priority, state, not_before, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?) ON "
      "CONFLICT(job_key) DO NOTHING RETURNING id");
  int i = 1;
  insert.bind(i++, job.key);
  insert.bind(i++, revision.id);
  insert.bind(i++, revision.study_uid);
  insert.bind(i++, job.series_uid);
  insert.bind(i++, job.rule);
  insert.bind(i++, job.model);
  insert.bind(i++, job.model_version);
  insert.bind(i++, job.priority);
  insert.bind(i++, ToMicros(now));
  insert.bind(i++, ToMicros(now));
  if (!insert.executeStep()) return 0;
  const std::int64_t job_id = insert.getColumn(0).getInt64();
  insert.reset();
  for (const std::string& destination : job.destinations) {
    SQLite::Statement owe(db,
                          "INSERT OR IGNORE INTO job_destination(job_id, destination) VALUES (?, "
                          "?)");
    owe.bind(1, job_id);
    owe.bind(2, destination);
    owe.exec();
  }
  return job_id;
}

std::string JsonList(const std::vector<std::string>& items) {
  return nlohmann::json(items).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<std::string> ListFromJson(const std::string& json) {
  const nlohmann::json list = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  std::vector<std::string> items;
  if (!list.is_array()) return items;
  for (const nlohmann::json& item : list)
    if (item.is_string()) items.push_back(item.get<std::string>());
  return items;
}

}  // namespace axial::store
