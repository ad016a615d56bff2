#include "gateway/store/completion_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "core/base/crash_point.h"
#include "gateway/store/rows.h"

namespace axial::store {
namespace {

void InsertSeriesRevision(SQLite::Database& db, const std::string& study_uid, int revision,
                          const SeriesClosing& closing, TimePoint now) {
  SQLite::Statement insert(
      db,
      "INSERT INTO series_revision(study_uid, revision, series_uid, instances, closed_at, "
      "close_reason, evidence) SELECT ?1, ?2, ?3, (SELECT coalesce(sum(instances), 0) FROM "
      "series_class WHERE series_uid = ?3), ?4, ?5, ?6 ON CONFLICT(series_uid, revision) DO "
      "NOTHING");
  insert.bind(1, study_uid);
  insert.bind(2, revision);
  insert.bind(3, closing.series_uid);
  insert.bind(4, ToMicros(now));
  insert.bind(5, closing.reason);
  insert.bind(6, closing.evidence);
  insert.exec();
  SQLite::Statement complete(
      db, "UPDATE series SET complete_in_revision = ? WHERE series_uid = ? AND study_uid = ?");
  complete.bind(1, revision);
  complete.bind(2, closing.series_uid);
  complete.bind(3, study_uid);
  complete.exec();
}

}  // namespace

Status CompletionStore::CloseSeries(const std::string& study_uid, int revision,
                                    const SeriesClosing& closing, TimePoint now) {
  auto outcome = database_.Write([&](SQLite::Database& db) -> Status {
    SQLite::Statement open(
        db,
        "SELECT 1 FROM study_revision r JOIN series s ON s.study_uid = r.study_uid WHERE "
        "r.study_uid = ? AND r.number = ? AND r.state = 'open' AND s.series_uid = ? AND "
        "s.changed_in_revision = r.number");
    open.bind(1, study_uid);
    open.bind(2, revision);
    open.bind(3, closing.series_uid);
    if (!open.executeStep())
      return MakeError(ErrorCode::kConflict, "Series {} is not open in revision {} of study {}",
                       closing.series_uid, revision, study_uid);
    open.reset();
    InsertSeriesRevision(db, study_uid, revision, closing, now);
    AddEvent(db, study_uid, now, "series_complete",
             fmt::format("Series {} in revision {}: {}; {}", closing.series_uid, revision,
                         closing.reason, closing.evidence));
    return {};
  });
  if (outcome.ok()) CrashPoint("series_closed");
  return outcome;
}

Status CompletionStore::CloseRevision(const RevisionClosing& closing, TimePoint now) {
  auto outcome = database_.Write([&](SQLite::Database& db) -> Status {
    SQLite::Statement update(
        db,
        "UPDATE study_revision SET state = 'closed', closed_at = ?1, close_reason = ?2, evidence = "
        "?3 WHERE study_uid = ?4 AND number = ?5 AND state = 'open' AND (SELECT version FROM study "
        "WHERE study_uid = ?4) = ?6");
    update.bind(1, ToMicros(now));
    update.bind(2, closing.reason);
    update.bind(3, closing.evidence);
    update.bind(4, closing.study_uid);
    update.bind(5, closing.revision);
    update.bind(6, closing.study_version);
    if (update.exec() != 1)
      return MakeError(ErrorCode::kConflict, "revision {} of study {} changed meanwhile",
                       closing.revision, closing.study_uid);
    for (const SeriesClosing& series : closing.series)
      InsertSeriesRevision(db, closing.study_uid, closing.revision, series, now);
    AddEvent(
        db, closing.study_uid, now, "revision_closed",
        fmt::format("revision {}: {}; {}", closing.revision, closing.reason, closing.evidence));
    return {};
  });
  if (outcome.ok()) CrashPoint("closed");
  return outcome;
}

Result<std::vector<OpenRevision>> CompletionStore::OpenRevisions(int limit, int instances) const {
  return database_.Read<std::vector<OpenRevision>>([&](SQLite::Database& db)
                                                       -> Result<std::vector<OpenRevision>> {
    SQLite::Statement rows(
        db,
        "SELECT r.id, r.study_uid, r.number, r.opened_at, r.last_instance_at, r.released_at, "
        "r.calling_ae_title, s.version FROM study_revision r JOIN study s ON s.study_uid = "
        "r.study_uid WHERE r.state = 'open' AND r.state <> 'routed' ORDER BY r.id DESC LIMIT ?");
    rows.bind(1, limit);
    std::vector<OpenRevision> all;
    while (rows.executeStep()) {
      OpenRevision open;
      open.revision.id = rows.getColumn(0).getInt64();
      open.revision.study_uid = rows.getColumn(1).getString();
      open.revision.number = rows.getColumn(2).getInt();
      open.revision.state = "open";
      open.revision.opened_at = TimeOf(rows.getColumn(3));
      open.revision.last_instance_at = TimeOf(rows.getColumn(4));
      if (!rows.getColumn(5).isNull()) open.revision.released_at = TimeOf(rows.getColumn(5));
      open.revision.calling_ae_title = rows.getColumn(6).getString();
      open.study_version = rows.getColumn(7).getInt64();
      all.push_back(std::move(open));
    }
    for (OpenRevision& open : all) {
      SQLite::Statement files(db,
                              "SELECT i.series_uid, i.path FROM series s JOIN instance i ON "
                              "i.series_uid = s.series_uid WHERE s.study_uid = ? AND "
                              "i.conflicting = 0 ORDER BY i.id LIMIT ?");
      files.bind(1, open.revision.study_uid);
      files.bind(2, instances + 1);
      while (files.executeStep())
        open.instances.push_back({files.getColumn(0).getString(), files.getColumn(1).getString()});
      open.complete_list = static_cast<int>(open.instances.size()) <= instances;
      SQLite::Statement closed(db,
                               "SELECT series_uid FROM series WHERE study_uid = ? AND "
                               "(complete_in_revision = ?2 OR changed_in_revision < ?2)");
      closed.bind(1, open.revision.study_uid);
      closed.bind(2, open.revision.number);
      while (closed.executeStep()) open.closed_series.push_back(closed.getColumn(0).getString());
    }
    return all;
  });
}

Result<std::vector<HabitRow>> CompletionStore::Habits(int limit) const {
  return database_.Read<std::vector<HabitRow>>(
      [&](SQLite::Database& db) -> Result<std::vector<HabitRow>> {
        SQLite::Statement rows(db,
                               "SELECT calling_ae_title, heard_at, habit FROM sender_habit ORDER "
                               "BY heard_at DESC LIMIT ?");
        rows.bind(1, limit);
        std::vector<HabitRow> habits;
        while (rows.executeStep())
          habits.push_back({rows.getColumn(0).getString(), TimeOf(rows.getColumn(1)),
                            rows.getColumn(2).getString()});
        return habits;
      });
}

Status CompletionStore::SaveHabits(const std::vector<HabitRow>& habits) {
  return database_.Write([&](SQLite::Database& db) -> Status {
    for (const HabitRow& row : habits) {
      if (row.habit.empty()) {
        SQLite::Statement forget(db, "DELETE FROM sender_habit WHERE calling_ae_title = ?");
        forget.bind(1, row.calling_ae_title);
        forget.exec();
        continue;
      }
      SQLite::Statement upsert(db,
                               "INSERT INTO sender_habit(calling_ae_title, heard_at, habit) VALUES "
                               "(?, ?, ?) ON CONFLICT(calling_ae_title) DO UPDATE SET heard_at = "
                               "excluded.heard_at, habit = excluded.habit");
      upsert.bind(1, row.calling_ae_title);
      upsert.bind(2, ToMicros(row.heard_at));
      upsert.bind(3, row.habit);
      upsert.exec();
    }
    return {};
  });
}

}  // namespace axial::store
