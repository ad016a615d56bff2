#include "gateway/store/retention_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <filesystem>

#include "core/base/crash_point.h"
#include "gateway/store/removed_series.h"
#include "gateway/store/rows.h"

namespace axial::store {
namespace {

/// Condition on study `s`: it is here, and nothing came since ?1.
constexpr std::string_view kOld =
    "s.removed_at IS NULL AND s.first_received_at < ?1 AND s.last_received_at < ?1";

/// Condition on study `s`: nothing of it is owed, and nothing else happened to it since ?1.
constexpr std::string_view kMayGo =
    "NOT EXISTS (SELECT 1 FROM study_revision r WHERE r.study_uid = s.study_uid AND (r.state <> "
    "'routed' OR r.routed_at >= ?1)) "
    "AND NOT EXISTS (SELECT 1 FROM job j WHERE j.study_uid = s.study_uid AND (j.state IN "
    "('queued', 'leased', 'produced') OR j.finished_at >= ?1 OR (j.state = 'failed' AND "
    "j.superseded_by IS NULL AND coalesce((SELECT f.state FROM failure_report f WHERE f.job_id = "
    "j.id ORDER BY f.id DESC LIMIT 1), 'owed') IN ('owed', 'leased', 'failed')))) "
    "AND NOT EXISTS (SELECT 1 FROM artifact a JOIN delivery d ON d.artifact_id = a.id WHERE "
    "a.study_uid = s.study_uid AND (d.state <> 'confirmed' OR d.confirmed_at >= ?1)) "
    "AND NOT EXISTS (SELECT 1 FROM analysis_request q WHERE q.study_uid = s.study_uid AND "
    "(q.finished_at IS NULL OR q.finished_at >= ?1)) "
    "AND NOT EXISTS (SELECT 1 FROM series e JOIN instance i ON i.series_uid = e.series_uid JOIN "
    "commitment_item m ON m.sop_instance_uid = i.sop_instance_uid JOIN commitment c ON c.id = "
    "m.commitment_id WHERE e.study_uid = s.study_uid AND (c.state IN ('owed', 'sending') OR "
    "c.finished_at >= ?1))";

/// Those of ?1, the study: of its Series, and those whose Series belongs to another study.
constexpr std::string_view kInstancesOfStudy =
    "SELECT i.path, i.bytes FROM series e JOIN instance i ON i.series_uid = e.series_uid AND "
    "i.study_uid = e.study_uid WHERE e.study_uid = ?1 AND i.revision > 0 UNION ALL SELECT path, "
    "bytes FROM instance WHERE study_uid = ?1 AND revision = 0";

/// `sql` about ?1, the study, at ?2.
void Execute(SQLite::Database& db, const char* sql, const std::string& study_uid,
             std::optional<TimePoint> now = std::nullopt) {
  SQLite::Statement statement(db, sql);
  statement.bind(1, study_uid);
  if (now) statement.bind(2, ToMicros(*now));
  statement.exec();
}

RetentionStore::Removed Count(SQLite::Database& db, const std::string& study_uid) {
  RetentionStore::Removed removed;
  SQLite::Statement instances(
      db, fmt::format("SELECT count(*), coalesce(sum(bytes), 0) FROM ({})", kInstancesOfStudy));
  instances.bind(1, study_uid);
  instances.executeStep();
  removed.instances = instances.getColumn(0).getInt64();
  removed.bytes = instances.getColumn(1).getInt64();
  SQLite::Statement results(db, "SELECT count(*) FROM artifact WHERE study_uid = ? AND path <> ''");
  results.bind(1, study_uid);
  results.executeStep();
  removed.results = results.getColumn(0).getInt64();
  return removed;
}

}  // namespace

Result<std::vector<std::string>> RetentionStore::Due(TimePoint before, std::size_t limit) const {
  using Studies = std::vector<std::string>;
  return database_.Read<Studies>([&](SQLite::Database& db) -> Result<Studies> {
    SQLite::Statement rows(db, fmt::format("SELECT s.study_uid FROM study s WHERE {} AND {} ORDER "
                                           "BY s.first_received_at LIMIT ?2",
                                           kOld, kMayGo));
    rows.bind(1, ToMicros(before));
    rows.bind(2, static_cast<std::int64_t>(limit));
    return ReadTexts(rows);
  });
}

Result<std::int64_t> RetentionStore::CountHeld(TimePoint before) const {
  return database_.Read<std::int64_t>([&](SQLite::Database& db) -> Result<std::int64_t> {
    SQLite::Statement row(
        db, fmt::format("SELECT count(*) FROM study s WHERE {} AND NOT ({})", kOld, kMayGo));
    row.bind(1, ToMicros(before));
    row.executeStep();
    return row.getColumn(0).getInt64();
  });
}

Result<RetentionStore::Removed> RetentionStore::Remove(const std::string& study_uid,
                                                       TimePoint before, TimePoint now) {
  auto outcome = database_.Write<Removed>([&](SQLite::Database& db) -> Result<Removed> {
    SQLite::Statement may_go(db, fmt::format("SELECT 1 FROM study s WHERE {} AND {} AND "
                                             "s.study_uid = ?2",
                                             kOld, kMayGo));
    may_go.bind(1, ToMicros(before));
    may_go.bind(2, study_uid);
    if (!may_go.executeStep())
      return MakeError(ErrorCode::kConflict, "study {} may not be removed now", study_uid);
    may_go.reset();
    const Removed removed = Count(db, study_uid);
    RememberRemovedSeries(db, study_uid);
    Execute(db,
            "DELETE FROM instance WHERE series_uid IN (SELECT series_uid FROM series WHERE "
            "study_uid = ?1) AND study_uid = ?1",
            study_uid);
    Execute(db, "DELETE FROM instance WHERE study_uid = ? AND revision = 0", study_uid);
    Execute(db, "UPDATE artifact SET path = '' WHERE study_uid = ?", study_uid);
    Execute(db,
            "UPDATE study_revision SET removed_at = ?2 WHERE study_uid = ?1 AND removed_at IS NULL",
            study_uid, now);
    Execute(db,
            "UPDATE study SET removed_at = ?2, removing = 1, patient = '', patient_instance = '' "
            "WHERE study_uid = ?1",
            study_uid, now);
    AddEvent(
        db, study_uid, now, "removed",
        fmt::format("{} Instances ({} bytes) and {} results: nothing of them is owed, and they "
                    "are older than storage.keep",
                    removed.instances, removed.bytes, removed.results));
    return removed;
  });
  if (outcome.ok()) CrashPoint("removing");
  return outcome;
}

Result<std::vector<std::string>> RetentionStore::Removing(std::size_t limit) const {
  using Studies = std::vector<std::string>;
  return database_.Read<Studies>([&](SQLite::Database& db) -> Result<Studies> {
    SQLite::Statement rows(db, "SELECT study_uid FROM study WHERE removing = 1 LIMIT ?");
    rows.bind(1, static_cast<std::int64_t>(limit));
    return ReadTexts(rows);
  });
}

Result<std::set<std::string>> RetentionStore::FilesOf(const std::string& study_uid) const {
  using Names = std::set<std::string>;
  return database_.Read<Names>([&](SQLite::Database& db) -> Result<Names> {
    SQLite::Statement rows(db, std::string(kInstancesOfStudy));
    rows.bind(1, study_uid);
    Names names;
    while (rows.executeStep())
      names.insert(std::filesystem::path(rows.getColumn(0).getString()).filename().string());
    return names;
  });
}

Result<std::vector<std::int64_t>> RetentionStore::RemovedJobs(const std::string& study_uid) const {
  using Jobs = std::vector<std::int64_t>;
  return database_.Read<Jobs>([&](SQLite::Database& db) -> Result<Jobs> {
    SQLite::Statement rows(db,
                           "SELECT j.id FROM job j JOIN study_revision r ON r.id = j.revision_id "
                           "WHERE j.study_uid = ? AND r.removed_at IS NOT NULL");
    rows.bind(1, study_uid);
    Jobs jobs;
    while (rows.executeStep()) jobs.push_back(rows.getColumn(0).getInt64());
    return jobs;
  });
}

Status RetentionStore::SetCleared(const std::string& study_uid) {
  auto outcome = database_.Write([&](SQLite::Database& db) -> Status {
    Execute(db, "UPDATE study SET removing = 0 WHERE study_uid = ?", study_uid);
    return {};
  });
  if (outcome.ok()) CrashPoint("removed");
  return outcome;
}

}  // namespace axial::store
