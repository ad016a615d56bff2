#include "gateway/store/same_instance.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "core/dicom/uid.h"
#include "gateway/store/prepared.h"
#include "gateway/store/rows.h"
#include "gateway/store/study_patient.h"

namespace axial::store {
namespace {

const std::string& StudyOf(const NewInstance& instance) {
  return instance.header.study_instance_uid.str();
}

void AddConflictEvent(SQLite::Database& db, const NewInstance& instance,
                      const std::string& study_uid, const std::string& what) {
  AddEvent(db, study_uid, instance.received_at, "instance_conflict",
           fmt::format("SOP Instance {} {}", instance.header.sop_instance_uid.str(), what));
}

void Flag(SQLite::Database& db, const std::string& study_uid) {
  SQLite::Statement flag(db, "UPDATE study SET shared_uids = shared_uids + 1 WHERE study_uid = ?");
  flag.bind(1, study_uid);
  flag.exec();
}

/// Other Studies that hold the SOP Instance UID.
std::vector<std::string> OtherStudies(SQLite::Database& db, const NewInstance& instance) {
  SQLite::Statement rows(db,
                         "SELECT DISTINCT study_uid FROM instance WHERE sop_instance_uid = ? AND "
                         "study_uid <> ?");
  rows.bind(1, instance.header.sop_instance_uid.str());
  rows.bind(2, StudyOf(instance));
  return ReadTexts(rows);
}

/// The Series has one Instance less of that SOP Class.
void Uncount(SQLite::Database& db, const std::string& series_uid, const std::string& sop_class_uid,
             std::int64_t frames) {
  SQLite::Statement uncount(db,
                            "UPDATE series_class SET instances = instances - 1, frames = frames - "
                            "? WHERE series_uid = ? AND sop_class_uid = ?");
  uncount.bind(1, frames);
  uncount.bind(2, series_uid);
  uncount.bind(3, sop_class_uid);
  uncount.exec();
  SQLite::Statement remove(db,
                           "DELETE FROM series_class WHERE series_uid = ? AND sop_class_uid = ? "
                           "AND instances = 0");
  remove.bind(1, series_uid);
  remove.bind(2, sop_class_uid);
  remove.exec();
}

/// The rows of the SOP Instance UID in the same Study and Series.
constexpr const char* kSamePlace = "sop_instance_uid = ?1 AND study_uid = ?2 AND series_uid = ?3";

void BindPlace(SQLite::Statement& statement, const NewInstance& instance) {
  statement.bind(1, instance.header.sop_instance_uid.str());
  statement.bind(2, StudyOf(instance));
  statement.bind(3, instance.header.series_instance_uid.str());
}

/// Rows that were written before version 15 of the schema have SHA-256 digests.
bool IsSha256OfFile(const std::string& digest, const std::string& path) {
  constexpr std::size_t kSha256Digits = 64;
  if (digest.size() != kSha256Digits) return false;
  const Result<std::string> sha256 = Sha256HexOfFile(path);
  return sha256.ok() && *sha256 == digest;
}

}  // namespace

void InsertInstance(SQLite::Database& db, const NewInstance& instance, int revision,
                    bool conflicting) {
  const InstanceHeader& header = instance.header;
  Prepared insert(
      db,
      "INSERT INTO instance(sop_instance_uid, digest, study_uid, series_uid, sop_class_uid, "
      "transfer_syntax_uid, path, bytes, frames, calling_ae_title, peer_address, received_at, "
      "revision, conflicting) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  int i = 1;
  insert.bind(i++, header.sop_instance_uid.str());
  insert.bind(i++, instance.digest);
  insert.bind(i++, header.study_instance_uid.str());
  insert.bind(i++, header.series_instance_uid.str());
  insert.bind(i++, header.sop_class_uid.str());
  insert.bind(i++, header.transfer_syntax_uid);
  insert.bind(i++, instance.path);
  insert.bind(i++, instance.bytes);
  insert.bind(i++, header.frames);
  insert.bind(i++, instance.calling_ae_title);
  insert.bind(i++, instance.peer_address);
  insert.bind(i++, ToMicros(instance.received_at));
  insert.bind(i++, revision);
  insert.bind(i++, conflicting ? 1 : 0);
  insert.exec();
}

Result<AddOutcome> Compare(SQLite::Database& db, const NewInstance& instance) {
  Prepared find(db,
                "SELECT digest, study_uid, series_uid FROM instance WHERE sop_instance_uid = ?");
  find.bind(1, instance.header.sop_instance_uid.str());
  bool found = false, same_place = false;
  while (find.executeStep()) {
    found = true;
    const std::string digest = find.getColumn(0).getString();
    if (find.getColumn(1).getString() != StudyOf(instance)) {
      if (digest != instance.digest) continue;
      // The Study is part of the bytes.
      return MakeError(ErrorCode::kInvalidInput,
                       "SOP Instance {}: other bytes of the same digest are in study {}, as only "
                       "ones made on purpose can be",
                       instance.header.sop_instance_uid.str(), find.getColumn(1).getString());
    }
    if (digest == instance.digest || IsSha256OfFile(digest, instance.path))
      return AddOutcome::kDuplicate;
    same_place |= find.getColumn(2).getString() == instance.header.series_instance_uid.str();
  }
  if (!found) return AddOutcome::kAdded;
  if (!same_place) return AddOutcome::kShared;
  return instance.use == UseContent::kLast ? AddOutcome::kReplacing : AddOutcome::kConflicting;
}

void KeepBeside(SQLite::Database& db, const NewInstance& instance, AddedInstance& added) {
  SQLite::Statement same(
      db, fmt::format("SELECT max(revision), (SELECT patient FROM study WHERE study_uid = ?2) FROM "
                      "instance WHERE {} AND conflicting = 0",
                      kSamePlace));
  BindPlace(same, instance);
  same.executeStep();
  const int revision = same.getColumn(0).getInt();
  const std::string known = same.getColumn(1).getString();
  same.reset();
  InsertInstance(db, instance, revision, true);
  AddConflictEvent(db, instance, StudyOf(instance),
                   "came again with other bytes; both are kept, the first is used");
  // Such as one that comes again with the patient corrected: the first, which is used, is wrong.
  added.patient_conflict = ComparePatient(db, instance, known);
}

void Replace(SQLite::Database& db, const NewInstance& instance, int revision) {
  const std::string& series_uid = instance.header.series_instance_uid.str();
  SQLite::Statement replace(
      db, fmt::format("UPDATE instance SET conflicting = 1, replaced_in = ?4 WHERE {} AND "
                      "conflicting = 0 RETURNING sop_class_uid, frames",
                      kSamePlace));
  BindPlace(replace, instance);
  replace.bind(4, revision);
  while (replace.executeStep())
    Uncount(db, series_uid, replace.getColumn(0).getString(), replace.getColumn(1).getInt64());
  replace.reset();
  SQLite::Statement attributes(
      db, "UPDATE series_class SET attributes = ? WHERE series_uid = ? AND sop_class_uid = ?");
  attributes.bind(1, ToJson(instance.header.attributes));
  attributes.bind(2, series_uid);
  attributes.bind(3, instance.header.sop_class_uid.str());
  attributes.exec();
  AddConflictEvent(db, instance, StudyOf(instance),
                   fmt::format("came again with other bytes; both are kept, from revision {} on "
                               "the last is used",
                               revision));
}

void FlagShared(SQLite::Database& db, const NewInstance& instance) {
  const std::vector<std::string> others = OtherStudies(db, instance);
  Flag(db, StudyOf(instance));
  AddConflictEvent(db, instance, StudyOf(instance),
                   others.empty()
                       ? "is in two Series; both are kept, each is used in its own"
                       : fmt::format("is in study {}, too; both are kept, each is used in its own",
                                     others.front()));
  for (const std::string& other : others) {
    Flag(db, other);
    AddConflictEvent(db, instance, other,
                     fmt::format("came for study {}, too; both are kept, each is used in its own",
                                 StudyOf(instance)));
  }
}

void KeepMisplaced(SQLite::Database& db, const NewInstance& instance, AddedInstance& added) {
  const std::string& series_uid = instance.header.series_instance_uid.str();
  SQLite::Statement find(db, "SELECT study_uid FROM series WHERE series_uid = ?");
  find.bind(1, series_uid);
  find.executeStep();
  const std::string owner = find.getColumn(0).getString();
  find.reset();
  added.outcome = AddOutcome::kMisplaced;
  InsertInstance(db, instance, 0, true);  // the owner of the Series is flagged by this row
  Flag(db, StudyOf(instance));
  AddConflictEvent(db, instance, StudyOf(instance),
                   fmt::format("is of Series {}, which belongs to study {}; it is kept and not "
                               "used. To have it analysed, send it under a Series of its own",
                               series_uid, owner));
  AddConflictEvent(db, instance, owner,
                   fmt::format("of Series {} came for study {}; it is kept and not used",
                               series_uid, StudyOf(instance)));
}

}  // namespace axial::store
