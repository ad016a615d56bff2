// The reading half of StudyStore: what rules and people look at.

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <algorithm>

#include "gateway/store/closings.h"
#include "gateway/store/removed_series.h"
#include "gateway/store/rows.h"
#include "gateway/store/study_store.h"

namespace axial::store {
namespace {

Result<std::vector<SeriesClass>> ReadClasses(SQLite::Database& db, const std::string& series_uid) {
  SQLite::Statement rows(db,
                         "SELECT sop_class_uid, instances, frames, attributes FROM series_class "
                         "WHERE series_uid = ? ORDER BY instances DESC, rowid");
  rows.bind(1, series_uid);
  std::vector<SeriesClass> classes;
  while (rows.executeStep()) {
    SeriesClass entry;
    entry.sop_class_uid = rows.getColumn(0).getString();
    entry.instances = rows.getColumn(1).getInt64();
    entry.frames = rows.getColumn(2).getInt64();
    AXIAL_ASSIGN_OR_RETURN(entry.attributes, AttributeSetFromJson(rows.getColumn(3).getString()));
    classes.push_back(std::move(entry));
  }
  return classes;
}

/// Of rows of (series_uid, calling_ae_title, called_ae_title, changed_in_revision, routed).
Result<std::vector<SeriesRow>> ReadSeries(SQLite::Database& db, SQLite::Statement& rows) {
  std::vector<SeriesRow> all;
  while (rows.executeStep()) {
    SeriesRow series;
    series.series_uid = rows.getColumn(0).getString();
    series.calling_ae_title = rows.getColumn(1).getString();
    series.called_ae_title = rows.getColumn(2).getString();
    series.changed_in_revision = rows.getColumn(3).getInt();
    series.routed = rows.getColumn(4).getInt() != 0;
    AXIAL_ASSIGN_OR_RETURN(series.classes, ReadClasses(db, series.series_uid));
    all.push_back(std::move(series));
  }
  return all;
}

constexpr std::string_view kStudySelect =
    "SELECT s.study_uid, s.first_received_at, s.last_received_at, "
    "(SELECT count(*) FROM series x WHERE x.study_uid = s.study_uid), "
    "(SELECT count(*) FROM instance i JOIN series x ON x.series_uid = i.series_uid WHERE "
    "x.study_uid = s.study_uid AND i.conflicting = 0), "
    "(SELECT count(*) FROM instance i JOIN series x ON x.series_uid = i.series_uid WHERE "
    "x.study_uid = s.study_uid AND i.conflicting = 1) + s.shared_uids, "
    "(SELECT max(number) FROM study_revision r WHERE r.study_uid = s.study_uid), "
    "(SELECT state FROM study_revision r WHERE r.study_uid = s.study_uid ORDER BY number DESC "
    "LIMIT 1), "
    "(SELECT count(*) FROM job j WHERE j.study_uid = s.study_uid), "
    "(SELECT count(*) FROM job j WHERE j.study_uid = s.study_uid AND j.state IN ('queued', "
    "'leased', 'produced')), "
    "(SELECT count(*) FROM job j WHERE j.study_uid = s.study_uid AND j.state = 'failed'), "
    "s.patient_conflict, s.removed_at FROM study s";

StudyRow ReadStudy(SQLite::Statement& row) {
  StudyRow study;
  study.study_uid = row.getColumn(0).getString();
  study.first_received_at = TimeOf(row.getColumn(1));
  study.last_received_at = TimeOf(row.getColumn(2));
  study.series = row.getColumn(3).getInt64();
  study.instances = row.getColumn(4).getInt64();
  study.conflicting = row.getColumn(5).getInt64();
  study.revision = row.getColumn(6).getInt();
  study.revision_state = row.getColumn(7).getString();
  study.jobs = row.getColumn(8).getInt64();
  study.jobs_unfinished = row.getColumn(9).getInt64();
  study.jobs_failed = row.getColumn(10).getInt64();
  study.patient_conflict = row.getColumn(11).getString();
  study.removed_at = TimeOf(row.getColumn(12));
  return study;
}

}  // namespace

Result<std::vector<SeriesRow>> StudyStore::SeriesOfStudy(const std::string& study_uid) const {
  return database_.Read<std::vector<SeriesRow>>(
      [&](SQLite::Database& db) -> Result<std::vector<SeriesRow>> {
        SQLite::Statement rows(
            db, fmt::format("SELECT series_uid, calling_ae_title, called_ae_title, "
                            "changed_in_revision, {} FROM series s WHERE study_uid = ? ORDER BY "
                            "rowid",
                            kSeriesIsRouted));
        rows.bind(1, study_uid);
        return ReadSeries(db, rows);
      });
}

Result<std::vector<SeriesRow>> StudyStore::SeriesOfRevision(const std::string& study_uid,
                                                            int number) const {
  return database_.Read<std::vector<SeriesRow>>(
      [&](SQLite::Database& db) -> Result<std::vector<SeriesRow>> {
        // An earlier revision may be routed after a later one got its first Instances.
        SQLite::Statement rows(
            db,
            "SELECT s.series_uid, s.calling_ae_title, s.called_ae_title, (SELECT max(i.revision) "
            "FROM instance i WHERE i.series_uid = s.series_uid AND i.revision <= ?2 AND "
            "(i.conflicting = 0 OR i.replaced_in > ?2)) AS changed, EXISTS (SELECT 1 FROM "
            "series_revision r WHERE "
            "r.series_uid = s.series_uid AND r.revision = ?2 AND r.routed_at IS NOT NULL) FROM "
            "series s WHERE s.study_uid = ?1 AND changed IS NOT NULL ORDER BY s.rowid");
        rows.bind(1, study_uid);
        rows.bind(2, number);
        AXIAL_ASSIGN_OR_RETURN(std::vector<SeriesRow> all, ReadSeries(db, rows));
        for (SeriesRow& series : all)
          series.run_before_removal = ModelsRunBeforeRemoval(db, series.series_uid, number);
        return all;
      });
}

Result<std::vector<std::pair<Revision, std::string>>> StudyStore::UnroutedSeries(int limit) const {
  using Unrouted = std::vector<std::pair<Revision, std::string>>;
  return database_.Read<Unrouted>([&](SQLite::Database& db) -> Result<Unrouted> {
    SQLite::Statement rows(
        db,
        "SELECT v.id, v.study_uid, v.number, r.series_uid FROM series_revision r JOIN "
        "study_revision v ON v.study_uid = r.study_uid AND v.number = r.revision WHERE "
        "r.routed_at IS NULL AND v.state = 'open' ORDER BY r.closed_at LIMIT ?");
    rows.bind(1, limit);
    Unrouted unrouted;
    while (rows.executeStep()) {
      Revision revision;
      revision.id = rows.getColumn(0).getInt64();
      revision.study_uid = rows.getColumn(1).getString();
      revision.number = rows.getColumn(2).getInt();
      revision.state = "open";
      unrouted.emplace_back(std::move(revision), rows.getColumn(3).getString());
    }
    return unrouted;
  });
}

Result<std::vector<SeriesRevision>> StudyStore::SeriesRevisions(
    const std::string& study_uid) const {
  return database_.Read<std::vector<SeriesRevision>>(
      [&](SQLite::Database& db) -> Result<std::vector<SeriesRevision>> {
        return ReadSeriesRevisions(db, study_uid);
      });
}

Result<std::vector<StudyRow>> StudyStore::List(int limit) const {
  return database_.Read<std::vector<StudyRow>>(
      [&](SQLite::Database& db) -> Result<std::vector<StudyRow>> {
        SQLite::Statement rows(
            db,
            fmt::format("{} ORDER BY s.last_received_at DESC, s.study_uid LIMIT ?", kStudySelect));
        rows.bind(1, limit);
        std::vector<StudyRow> studies;
        while (rows.executeStep()) studies.push_back(ReadStudy(rows));
        return studies;
      });
}

Result<std::optional<StudyRow>> StudyStore::Find(const std::string& study_uid) const {
  return database_.Read<std::optional<StudyRow>>(
      [&](SQLite::Database& db) -> Result<std::optional<StudyRow>> {
        SQLite::Statement row(db, fmt::format("{} WHERE s.study_uid = ?", kStudySelect));
        row.bind(1, study_uid);
        if (!row.executeStep()) return std::optional<StudyRow>{};
        return std::optional<StudyRow>(ReadStudy(row));
      });
}

Result<std::vector<VerdictRow>> StudyStore::VerdictsOfRevision(std::int64_t revision_id) const {
  return database_.Read<std::vector<VerdictRow>>(
      [&](SQLite::Database& db) -> Result<std::vector<VerdictRow>> {
        SQLite::Statement rows(db,
                               "SELECT rule_index, rule, series_uid, matched, reason FROM verdict "
                               "WHERE revision_id = ? ORDER BY rule_index, series_uid");
        rows.bind(1, revision_id);
        std::vector<VerdictRow> verdicts;
        while (rows.executeStep())
          verdicts.push_back({rows.getColumn(0).getInt(), rows.getColumn(1).getString(),
                              rows.getColumn(2).getString(), rows.getColumn(3).getInt() != 0,
                              rows.getColumn(4).getString()});
        return verdicts;
      });
}

Result<std::vector<EventRow>> StudyStore::Events(const std::string& study_uid, int limit) const {
  return database_.Read<std::vector<EventRow>>(
      [&](SQLite::Database& db) -> Result<std::vector<EventRow>> {
        SQLite::Statement rows(
            db, "SELECT at, kind, detail FROM event WHERE study_uid = ? ORDER BY id DESC LIMIT ?");
        rows.bind(1, study_uid);
        rows.bind(2, limit);
        std::vector<EventRow> events;
        while (rows.executeStep())
          events.push_back({TimeOf(rows.getColumn(0)), rows.getColumn(1).getString(),
                            rows.getColumn(2).getString()});
        std::reverse(events.begin(), events.end());
        return events;
      });
}

}  // namespace axial::store
