#include "gateway/store/instance_batch.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <algorithm>

#include "gateway/store/closings.h"
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

/// The Study's version with this Instance, and whether it is of another patient. False when it says
/// anything else of the patient than the Study does.
bool TouchStudy(SQLite::Database& db, const NewInstance& instance, AddedInstance& added) {
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
  return known == PatientOf(instance);
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

/// False when there is no such row.
bool AddToSeriesClass(SQLite::Database& db, const InstanceBatch::SeriesKey& key,
                      const InstanceBatch::Count& count) {
  Prepared add(db,
               "UPDATE series_class SET instances = instances + ?3, frames = frames + ?4 WHERE "
               "series_uid = ?1 AND sop_class_uid = ?2");
  add.bind(1, key.first);
  add.bind(2, key.second);
  add.bind(3, count.instances);
  add.bind(4, count.frames);
  return add.exec() > 0;
}

void CountInSeriesClass(SQLite::Database& db, const InstanceHeader& header) {
  if (AddToSeriesClass(db, {header.series_instance_uid.str(), header.sop_class_uid.str()},
                       {1, header.frames}))
    return;
  Prepared insert(db,
                  "INSERT INTO series_class(series_uid, sop_class_uid, instances, frames, "
                  "attributes) VALUES (?1, ?2, 1, ?3, ?4)");
  insert.bind(1, header.series_instance_uid.str());
  insert.bind(2, header.sop_class_uid.str());
  insert.bind(3, header.frames);
  insert.bind(4, ToJson(header.attributes));
  insert.exec();
}

/// Nothing of the Instance's UID is here yet, neither from others nor made by this gateway.
bool IsNew(SQLite::Database& db, const std::string& sop_instance_uid) {
  Prepared find(db,
                "SELECT 1 FROM instance WHERE sop_instance_uid = ?1 UNION ALL SELECT 1 FROM "
                "artifact WHERE sop_instance_uid = ?1 LIMIT 1");
  find.bind(1, sop_instance_uid);
  return !find.executeStep();
}

}  // namespace

Result<AddedInstance> InstanceBatch::AddRows(const NewInstance& instance, bool& usual) {
  if (IsOwnResult(db_, instance.header)) return AddedInstance{AddOutcome::kOwnResult};
  AXIAL_ASSIGN_OR_RETURN(const AddOutcome compared, Compare(db_, instance));
  AddedInstance added{compared};
  if (added.outcome == AddOutcome::kDuplicate) return added;
  if (added.outcome == AddOutcome::kConflicting) {
    KeepBeside(db_, instance, added);
    return added;
  }
  const bool same_patient = TouchStudy(db_, instance, added);
  added.revision = TouchRevision(db_, instance);
  AXIAL_ASSIGN_OR_RETURN(const bool complete, TouchSeries(db_, instance, added.revision));
  if (complete) {
    AXIAL_ASSIGN_OR_RETURN(added.revision, SplitRevision(db_, instance, added.revision));
  }
  CountInSeriesClass(db_, instance.header);
  if (added.outcome == AddOutcome::kReplacing) Replace(db_, instance, added.revision);
  if (added.outcome == AddOutcome::kShared) FlagShared(db_, instance);
  InsertInstance(db_, instance, added.revision, false);
  usual = added.outcome == AddOutcome::kAdded && same_patient && !complete;
  return added;
}

Result<AddedInstance> InstanceBatch::AddAlone(const NewInstance& instance) {
  const std::string& study_uid = instance.header.study_instance_uid.str();
  const auto before = studies_.find(study_uid);
  if (before != studies_.end()) WriteOut(study_uid, before->second);
  bool usual = false;
  Prepared(db_, "SAVEPOINT instance").exec();
  Result<AddedInstance> added = AddRows(instance, usual);
  if (!added.ok()) db_.exec("ROLLBACK TO instance");
  if (!added.ok() && added.error().code() == ErrorCode::kConflict) {
    added = AddedInstance{};
    static_cast<void>(TouchStudy(db_, instance, *added));
    KeepMisplaced(db_, instance, *added);
  }
  Prepared(db_, "RELEASE instance").exec();
  // What is known of a Study's other Series holds as long as its Instances are usual.
  if (!usual || (before != studies_.end() && before->second.revision != added->revision))
    studies_.erase(study_uid);
  if (!usual) return added;
  StudyInHand& study = studies_[study_uid];
  study.revision = added->revision;
  study.version = added->study_version;
  study.patient = PatientOf(instance);
  study.series[KeyOf(instance)] = {};
  return added;
}

Result<AddedInstance> InstanceBatch::Add(const NewInstance& instance) {
  const InstanceHeader& header = instance.header;
  const auto found = studies_.find(header.study_instance_uid.str());
  if (found == studies_.end()) return AddAlone(instance);
  StudyInHand& study = found->second;
  const auto series = study.series.find(KeyOf(instance));
  if (series == study.series.end() || study.patient != PatientOf(instance) ||
      !IsNew(db_, header.sop_instance_uid.str()))
    return AddAlone(instance);
  InsertInstance(db_, instance, study.revision, false);
  ++series->second.instances;
  series->second.frames += header.frames;
  study.last_at = std::max(study.last_at, instance.received_at);
  ++study.unwritten;
  return AddedInstance{AddOutcome::kAdded, study.revision, ++study.version};
}

void InstanceBatch::WriteOut(const std::string& study_uid, StudyInHand& study) {
  if (study.unwritten == 0) return;
  Prepared of_study(db_,
                    "UPDATE study SET last_received_at = max(last_received_at, ?2), version = "
                    "version + ?3 WHERE study_uid = ?1");
  of_study.bind(1, study_uid);
  of_study.bind(2, ToMicros(study.last_at));
  of_study.bind(3, std::exchange(study.unwritten, 0));
  of_study.exec();
  Prepared of_revision(db_,
                       "UPDATE study_revision SET last_instance_at = max(last_instance_at, ?2) "
                       "WHERE study_uid = ?1 AND number = ?3");
  of_revision.bind(1, study_uid);
  of_revision.bind(2, ToMicros(study.last_at));
  of_revision.bind(3, study.revision);
  of_revision.exec();
  for (auto& [key, count] : study.series) {
    if (count.instances > 0) AddToSeriesClass(db_, key, count);
    count = {};
  }
}

void InstanceBatch::Finish() {
  for (auto& [study_uid, study] : studies_) WriteOut(study_uid, study);
}

InstanceBatch::SeriesKey InstanceBatch::KeyOf(const NewInstance& instance) {
  return {instance.header.series_instance_uid.str(), instance.header.sop_class_uid.str()};
}

}  // namespace axial::store
