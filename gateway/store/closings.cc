#include "gateway/store/closings.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <filesystem>

#include "gateway/store/migrations.h"
#include "gateway/store/rows.h"

namespace axial::store {
namespace {

constexpr int kBusyTimeoutMs = 2'000;

}  // namespace

std::vector<Revision> ReadRevisions(SQLite::Statement& rows) {
  std::vector<Revision> revisions;
  while (rows.executeStep()) {
    Revision revision;
    revision.id = rows.getColumn(0).getInt64();
    revision.study_uid = rows.getColumn(1).getString();
    revision.number = rows.getColumn(2).getInt();
    revision.state = rows.getColumn(3).getString();
    revision.opened_at = TimeOf(rows.getColumn(4));
    revision.last_instance_at = TimeOf(rows.getColumn(5));
    if (!rows.getColumn(6).isNull()) revision.released_at = TimeOf(rows.getColumn(6));
    revision.closed_at = TimeOf(rows.getColumn(7));
    revision.close_reason = rows.getColumn(8).getString();
    revision.evidence = rows.getColumn(9).getString();
    revision.calling_ae_title = rows.getColumn(10).getString();
    revision.removed_at = TimeOf(rows.getColumn(11));
    revisions.push_back(std::move(revision));
  }
  return revisions;
}

std::vector<Revision> ReadRevisions(SQLite::Database& db, const std::string& study_uid) {
  SQLite::Statement rows(
      db, fmt::format("SELECT {} FROM study_revision WHERE study_uid = ? ORDER BY number",
                      kRevisionColumns));
  rows.bind(1, study_uid);
  return ReadRevisions(rows);
}

std::vector<SeriesRevision> ReadSeriesRevisions(SQLite::Database& db,
                                                const std::string& study_uid) {
  SQLite::Statement rows(
      db,
      "SELECT r.revision, r.series_uid, r.instances, r.closed_at, r.close_reason, "
      "r.evidence, r.routed_at FROM series s JOIN series_revision r ON r.series_uid = "
      "s.series_uid WHERE s.study_uid = ? ORDER BY r.revision, r.closed_at, s.rowid");
  rows.bind(1, study_uid);
  std::vector<SeriesRevision> all;
  while (rows.executeStep())
    all.push_back({rows.getColumn(0).getInt(), rows.getColumn(1).getString(),
                   rows.getColumn(2).getInt64(), TimeOf(rows.getColumn(3)),
                   rows.getColumn(4).getString(), rows.getColumn(5).getString(),
                   TimeOf(rows.getColumn(6))});
  return all;
}

Result<std::vector<std::optional<Closings>>> ReadClosings(
    const std::string& database_file, const std::vector<std::string>& study_uids) {
  std::error_code error;
  if (!std::filesystem::exists(database_file, error))
    return MakeError(ErrorCode::kNotFound, "there is no {}", database_file);
  try {
    SQLite::Database db(database_file, SQLite::OPEN_READONLY, kBusyTimeoutMs);
    const int schema = db.execAndGet("PRAGMA user_version").getInt();
    if (schema != NewestSchema())
      return MakeError(ErrorCode::kUnsupported,
                       "{} has schema {}, this Axial knows {}; `axial serve` brings it up to date",
                       database_file, schema, NewestSchema());
    const SQLite::Transaction snapshot(db);
    std::vector<std::optional<Closings>> all;
    for (const std::string& study_uid : study_uids) {
      std::vector<Revision> revisions = ReadRevisions(db, study_uid);
      if (revisions.empty())
        all.emplace_back();
      else
        all.emplace_back(Closings{std::move(revisions), ReadSeriesRevisions(db, study_uid)});
    }
    return all;
  } catch (const SQLite::Exception& exception) {
    return MakeError(ErrorCode::kUnavailable, "{} cannot be read: {}", database_file,
                     exception.what());
  }
}

}  // namespace axial::store
