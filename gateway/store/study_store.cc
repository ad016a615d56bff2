#include "gateway/store/study_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "core/base/crash_point.h"
#include "gateway/store/closings.h"
#include "gateway/store/open_series.h"
#include "gateway/store/prepared.h"
#include "gateway/store/rows.h"
#include "gateway/store/same_instance.h"
#include "gateway/store/study_patient.h"

namespace axial::store {
namespace {

/// Whether the Instance was made by this gateway: its own output never re-triggers it.
bool IsOwnResult(SQLite::Database& db, const InstanceHeader& header) {
  Prepared find(db, "SELECT 1 FROM artifact WHERE sop_instance_uid = ? OR series_uid = ?");
  find.bind(1, header.sop_instance_uid.str());
  find.bind(2, header.series_instance_uid.str());
  return find.executeStep();
}

/// The Study's version with this Instance, and whether it is of another patient.
void TouchStudy(SQLite::Database& db, const NewInstance& instance, AddedInstance& added) {
  Prepared upsert(
      db,
      "INSERT INTO study(study_uid, first_received_at, last_received_at, version, patient, "
      "patient_instance) VALUES (?1, ?2, ?2, 1, ?3, ?4) ON CONFLICT(study_uid) DO UPDATE SET "
      "last_received_at = max(last_received_at, excluded.last_received_at), version = version + "
      "1, patient_conflict = iif(removed_at IS NULL, patient_conflict, ''), removed_at = NULL "
      "RETURNING version, patient");
  upsert.bind(1, instance.header.study_instance_uid.str());
  upsert.bind(2, ToMicros(instance.received_at));
  upsert.bind(3, PatientOf(instance));
  upsert.bind(4, instance.header.sop_instance_uid.str());
  upsert.executeStep();
  added.study_version = upsert.getColumn(0).getInt64();
  const std::string known = upsert.getColumn(1).getString();
  upsert.reset();
  added.patient_conflict = ComparePatient(db, instance, known);
}

/// Opens the study's next revision with the Instance; its number.
int OpenRevision(SQLite::Database& db, const NewInstance& instance) {
  const std::string& study_uid = instance.header.study_instance_uid.str();
  Prepared open(
      db,
      "INSERT INTO study_revision(study_uid, number, state, opened_at, last_instance_at, "
      "calling_ae_title) SELECT ?1, coalesce(max(number), 0) + 1, 'open', ?2, ?2, ?3 FROM "
      "study_revision WHERE study_uid = ?1 RETURNING number");
  open.bind(1, study_uid);
  open.bind(2, ToMicros(instance.received_at));
  open.bind(3, instance.calling_ae_title);
  open.executeStep();
  const int number = open.getColumn(0).getInt();
  open.reset();
  AddEvent(db, study_uid, instance.received_at, "revision_opened",
           fmt::format("revision {} from {}", number, instance.calling_ae_title));
  return number;
}

/// The number of the study's open revision, opened when there is none.
int TouchRevision(SQLite::Database& db, const NewInstance& instance) {
  Prepared touch(db,
                 "UPDATE study_revision SET last_instance_at = max(last_instance_at, ?), "
                 "released_at = NULL WHERE study_uid = ? AND state = 'open' "
                 "RETURNING number");
  touch.bind(1, ToMicros(instance.received_at));
  touch.bind(2, instance.header.study_instance_uid.str());
  if (!touch.executeStep()) return OpenRevision(db, instance);
  const int number = touch.getColumn(0).getInt();
  touch.reset();
  return number;
}

/// The first Instance of a Series that was removed: what comes now is counted anew.
void ForgetRemovedClasses(SQLite::Database& db, const std::string& series_uid) {
  SQLite::Statement forget(db,
                           "DELETE FROM series_class WHERE series_uid = ?1 AND NOT EXISTS (SELECT "
                           "1 FROM instance WHERE series_uid = ?1)");
  forget.bind(1, series_uid);
  forget.exec();
}

/// Whether the Series is complete in that revision already. Error: Conflict when the Series belongs
/// to another study.
Result<bool> TouchSeries(SQLite::Database& db, const NewInstance& instance, int revision) {
  const InstanceHeader& header = instance.header;
  Prepared upsert(
      db,
      "INSERT INTO series(series_uid, study_uid, calling_ae_title, called_ae_title, "
      "changed_in_revision) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT(series_uid) DO UPDATE SET "
      "changed_in_revision = excluded.changed_in_revision WHERE study_uid = excluded.study_uid "
      "RETURNING complete_in_revision, removed_digest");
  upsert.bind(1, header.series_instance_uid.str());
  upsert.bind(2, header.study_instance_uid.str());
  upsert.bind(3, instance.calling_ae_title);
  upsert.bind(4, instance.called_ae_title);
  upsert.bind(5, revision);
  if (!upsert.executeStep())
    return MakeError(ErrorCode::kConflict, "Series belongs to another study: {}",
                     header.series_instance_uid.str());
  const bool complete = upsert.getColumn(0).getInt() == revision;
  // Asked here: SQLite 3.40 returns 1 for `removed_digest IS NOT NULL` in RETURNING, always.
  const bool was_removed = !upsert.getColumn(1).isNull();
  upsert.reset();
  if (was_removed) ForgetRemovedClasses(db, header.series_instance_uid.str());
  return complete;
}

/// An Instance came for a Series that is complete in the open revision, and may be running: the
/// revision is closed with the Series that are complete, and the next one gets the others with all
/// they have, and the Instance. The number of the next one.
Result<int> SplitRevision(SQLite::Database& db, const NewInstance& instance, int revision) {
  const std::string& study_uid = instance.header.study_instance_uid.str();
  const std::string evidence = fmt::format(
      "an Instance came late for Series {}; what was not complete goes on in the next "
      "revision",
      instance.header.series_instance_uid.str());
  SQLite::Statement close(db,
                          "UPDATE study_revision SET state = 'closed', closed_at = ?1, "
                          "close_reason = 'late_instance', evidence = ?2 WHERE study_uid = ?3 AND "
                          "number = ?4");
  close.bind(1, ToMicros(instance.received_at));
  close.bind(2, evidence);
  close.bind(3, study_uid);
  close.bind(4, revision);
  close.exec();
  AddEvent(db, study_uid, instance.received_at, "revision_closed",
           fmt::format("revision {}: late_instance; {}", revision, evidence));
  const int next = OpenRevision(db, instance);
  for (const char* sql :
       {"UPDATE instance SET revision = ?1 WHERE revision = ?2 AND series_uid IN (SELECT "
        "series_uid FROM series WHERE study_uid = ?3 AND complete_in_revision < ?2)",
        "UPDATE series SET changed_in_revision = ?1 WHERE study_uid = ?3 AND changed_in_revision = "
        "?2 AND complete_in_revision < ?2"}) {
    SQLite::Statement move(db, sql);
    move.bind(1, next);
    move.bind(2, revision);
    move.bind(3, study_uid);
    move.exec();
  }
  const Result<bool> touched = TouchSeries(db, instance, next);
  if (!touched.ok()) return touched.error();
  return next;
}

void CountInSeriesClass(SQLite::Database& db, const InstanceHeader& header) {
  Prepared count(db,
                 "UPDATE series_class SET instances = instances + 1, frames = frames + ?3 WHERE "
                 "series_uid = ?1 AND sop_class_uid = ?2");
  count.bind(1, header.series_instance_uid.str());
  count.bind(2, header.sop_class_uid.str());
  count.bind(3, header.frames);
  if (count.exec() > 0) return;
  Prepared insert(db,
                  "INSERT INTO series_class(series_uid, sop_class_uid, instances, frames, "
                  "attributes) VALUES (?1, ?2, 1, ?3, ?4)");
  insert.bind(1, header.series_instance_uid.str());
  insert.bind(2, header.sop_class_uid.str());
  insert.bind(3, header.frames);
  insert.bind(4, ToJson(header.attributes));
  insert.exec();
}

}  // namespace

Result<AddedInstance> StudyStore::AddInstance(const NewInstance& instance) {
  const SyncOf sync = [&](SQLite::Database& db) {
    return instance.durable_file ? SyncOfRow(db, instance.header.study_instance_uid.str(),
                                             instance.header.series_instance_uid.str())
                                 : Sync::kLater;
  };
  const auto add = [&](SQLite::Database& db) -> Result<AddedInstance> {
    if (IsOwnResult(db, instance.header)) return AddedInstance{AddOutcome::kOwnResult};
    AXIAL_ASSIGN_OR_RETURN(const AddOutcome compared, Compare(db, instance));
    AddedInstance added{compared};
    if (added.outcome == AddOutcome::kDuplicate) return added;
    if (added.outcome == AddOutcome::kConflicting) {
      KeepBeside(db, instance, added);
      return added;
    }
    TouchStudy(db, instance, added);
    added.revision = TouchRevision(db, instance);
    AXIAL_ASSIGN_OR_RETURN(const bool complete, TouchSeries(db, instance, added.revision));
    if (complete) {
      AXIAL_ASSIGN_OR_RETURN(added.revision, SplitRevision(db, instance, added.revision));
    }
    CountInSeriesClass(db, instance.header);
    if (added.outcome == AddOutcome::kReplacing) Replace(db, instance, added.revision);
    if (added.outcome == AddOutcome::kShared) FlagShared(db, instance);
    InsertInstance(db, instance, added.revision, false);
    return added;
  };
  auto outcome = database_.Write<AddedInstance>(add, sync);
  if (!outcome.ok() && outcome.error().code() == ErrorCode::kConflict)
    outcome = database_.Write<AddedInstance>(
        [&](SQLite::Database& db) -> Result<AddedInstance> {
          AddedInstance added;
          TouchStudy(db, instance, added);
          KeepMisplaced(db, instance, added);
          return added;
        },
        sync);
  if (outcome.ok()) CrashPoint("received");
  return outcome;
}

Status StudyStore::MarkReleased(const std::string& study_uid, TimePoint now) {
  return database_.Write([&](SQLite::Database& db) -> Status {
    SQLite::Statement update(
        db, "UPDATE study_revision SET released_at = ? WHERE study_uid = ? AND state = 'open'");
    update.bind(1, ToMicros(now));
    update.bind(2, study_uid);
    update.exec();
    return {};
  });
}

Status StudyStore::MarkAllReleased(TimePoint now) {
  return database_.Write([&](SQLite::Database& db) -> Status {
    SQLite::Statement update(db,
                             "UPDATE study_revision SET released_at = ? WHERE state = 'open' AND "
                             "released_at IS NULL");
    update.bind(1, ToMicros(now));
    update.exec();
    return {};
  });
}

Result<std::vector<Revision>> StudyStore::Revisions(const std::string& state, int limit) const {
  return database_.Read<std::vector<Revision>>(
      [&](SQLite::Database& db) -> Result<std::vector<Revision>> {
        SQLite::Statement rows(
            db, fmt::format("SELECT {} FROM study_revision WHERE state = ? AND state <> 'routed' "
                            "ORDER BY id LIMIT ?",
                            kRevisionColumns));
        rows.bind(1, state);
        rows.bind(2, limit);
        return ReadRevisions(rows);
      });
}

Status StudyStore::CloseRevision(const Revision& revision, const std::string& reason,
                                 TimePoint now) {
  auto outcome = database_.Write([&](SQLite::Database& db) -> Status {
    SQLite::Statement update(db,
                             "UPDATE study_revision SET state = 'closed', closed_at = ?, "
                             "close_reason = ? WHERE id = ? AND state = 'open' AND "
                             "last_instance_at = ?");
    update.bind(1, ToMicros(now));
    update.bind(2, reason);
    update.bind(3, revision.id);
    update.bind(4, ToMicros(revision.last_instance_at));
    if (update.exec() != 1)
      return MakeError(ErrorCode::kConflict, "revision {} of study {} changed meanwhile",
                       revision.number, revision.study_uid);
    AddEvent(db, revision.study_uid, now, "revision_closed",
             fmt::format("revision {}: {}", revision.number, reason));
    return {};
  });
  if (outcome.ok()) CrashPoint("closed");
  return outcome;
}

Result<std::vector<Revision>> StudyStore::RevisionsOfStudy(const std::string& study_uid) const {
  return database_.Read<std::vector<Revision>>(
      [&](SQLite::Database& db) -> Result<std::vector<Revision>> {
        return ReadRevisions(db, study_uid);
      });
}

}  // namespace axial::store
