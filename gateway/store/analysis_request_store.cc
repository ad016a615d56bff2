#include "gateway/store/analysis_request_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "gateway/store/job_rows.h"
#include "gateway/store/rows.h"

namespace axial::store {
namespace {

constexpr const char* kColumns =
    "id, study_uid, series_uid, model, requested_at, finished_at, outcome";

AnalysisRequest ReadRequest(SQLite::Statement& row) {
  AnalysisRequest request;
  int i = 0;
  request.id = row.getColumn(i++).getInt64();
  request.study_uid = row.getColumn(i++).getString();
  request.series_uid = row.getColumn(i++).getString();
  request.model = row.getColumn(i++).getString();
  request.requested_at = TimeOf(row.getColumn(i++));
  request.finished_at = TimeOf(row.getColumn(i++));
  request.outcome = row.getColumn(i++).getString();
  return request;
}

std::vector<AnalysisRequest> ReadRequests(SQLite::Statement& rows) {
  std::vector<AnalysisRequest> requests;
  while (rows.executeStep()) requests.push_back(ReadRequest(rows));
  return requests;
}

/// The newest Job of the same run, or 0.
std::int64_t FindJob(SQLite::Database& db, const Revision& revision, const NewJob& job) {
  SQLite::Statement find(db,
                         "SELECT max(id) FROM job WHERE revision_id = ? AND series_uid = ? AND "
                         "model = ? AND model_version = ?");
  find.bind(1, revision.id);
  find.bind(2, job.series_uid);
  find.bind(3, job.model);
  find.bind(4, job.model_version);
  return find.executeStep() ? find.getColumn(0).getInt64() : 0;
}

}  // namespace

Result<AnalysisRequest> AnalysisRequestStore::Add(const std::string& study_uid,
                                                  const std::string& series_uid,
                                                  const std::string& model, TimePoint now) {
  return database_.Write<AnalysisRequest>([&](SQLite::Database& db) -> Result<AnalysisRequest> {
    SQLite::Statement same(db, fmt::format("SELECT {} FROM analysis_request WHERE finished_at IS "
                                           "NULL AND study_uid = ? AND series_uid = ? AND model = "
                                           "?",
                                           kColumns));
    same.bind(1, study_uid);
    same.bind(2, series_uid);
    same.bind(3, model);
    if (same.executeStep()) return ReadRequest(same);
    const int waiting =
        db.execAndGet("SELECT count(*) FROM analysis_request WHERE finished_at IS NULL").getInt();
    if (waiting >= kMaxUnfinishedRequests)
      return MakeError(ErrorCode::kExhausted,
                       "{} analysis requests wait for their studies already; try again later",
                       waiting);
    SQLite::Statement insert(
        db, fmt::format("INSERT INTO analysis_request(study_uid, series_uid, model, requested_at) "
                        "VALUES (?, ?, ?, ?) RETURNING {}",
                        kColumns));
    insert.bind(1, study_uid);
    insert.bind(2, series_uid);
    insert.bind(3, model);
    insert.bind(4, ToMicros(now));
    insert.executeStep();
    return ReadRequest(insert);
  });
}

Result<std::vector<OpenRequest>> AnalysisRequestStore::Due(TimePoint expired) const {
  return database_.Read<std::vector<OpenRequest>>(
      [&](SQLite::Database& db) -> Result<std::vector<OpenRequest>> {
        SQLite::Statement rows(
            db, fmt::format("SELECT {}, (SELECT count(*) FROM series s WHERE s.study_uid = "
                            "q.study_uid AND {}) AS routed_series, EXISTS (SELECT 1 FROM study s "
                            "WHERE s.study_uid = q.study_uid AND s.removed_at IS NULL) AND NOT "
                            "EXISTS (SELECT 1 FROM study_revision r WHERE r.study_uid = "
                            "q.study_uid AND r.state <> 'routed') AS study_routed FROM "
                            "analysis_request q WHERE finished_at IS NULL AND (requested_at < ? OR "
                            "routed_series > 0 OR study_routed) ORDER BY id",
                            kColumns, kSeriesIsRouted));
        rows.bind(1, ToMicros(expired));
        std::vector<OpenRequest> due;
        while (rows.executeStep())
          due.push_back(
              {ReadRequest(rows), rows.getColumn(7).getInt64(), rows.getColumn(8).getInt() != 0});
        return due;
      });
}

Result<RequestedJobs> AnalysisRequestStore::Record(const AnalysisRequest& request,
                                                   const std::vector<RequestedJob>& jobs,
                                                   const std::string& outcome, bool finished,
                                                   TimePoint now) {
  return database_.Write<RequestedJobs>([&](SQLite::Database& db) -> Result<RequestedJobs> {
    SQLite::Statement update(db,
                             "UPDATE analysis_request SET finished_at = ?, outcome = ? WHERE id = "
                             "? AND finished_at IS NULL");
    if (finished) update.bind(1, ToMicros(now));  // else NULL
    update.bind(2, outcome);
    update.bind(3, request.id);
    if (update.exec() != 1)
      return MakeError(ErrorCode::kConflict, "analysis request {} is finished", request.id);
    RequestedJobs made;
    for (const auto& [revision, job] : jobs) {
      if (const std::int64_t existing = FindJob(db, revision, job); existing != 0)
        made.existing.push_back(existing);
      else if (const std::int64_t id = InsertJob(db, revision, job, now); id != 0)
        made.created.push_back(id);
    }
    if (finished || !made.created.empty())
      AddEvent(db, request.study_uid, now, "requested",
               fmt::format("{}: {}", request.model, outcome));
    return made;
  });
}

Result<std::vector<std::string>> AnalysisRequestStore::AwaitedStudies() const {
  return database_.Read<std::vector<std::string>>(
      [&](SQLite::Database& db) -> Result<std::vector<std::string>> {
        SQLite::Statement rows(
            db, "SELECT DISTINCT study_uid FROM analysis_request WHERE finished_at IS NULL");
        return ReadTexts(rows);
      });
}

Result<std::vector<AnalysisRequest>> AnalysisRequestStore::ListOfStudy(const std::string& study_uid,
                                                                       int limit) const {
  return database_.Read<std::vector<AnalysisRequest>>(
      [&](SQLite::Database& db) -> Result<std::vector<AnalysisRequest>> {
        SQLite::Statement rows(db, fmt::format("SELECT {} FROM analysis_request WHERE study_uid = "
                                               "? ORDER BY id DESC LIMIT ?",
                                               kColumns));
        rows.bind(1, study_uid);
        rows.bind(2, limit);
        return ReadRequests(rows);
      });
}

}  // namespace axial::store
