#include "gateway/store/study_patient.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include "core/dicom/patient_identity.h"
#include "gateway/store/rows.h"
#include "gateway/store/study_store.h"

namespace axial::store {
namespace {

/// The Instance says more of the patient than those before it.
void KeepMore(SQLite::Database& db, const NewInstance& instance, const PatientIdentity& known,
              const PatientIdentity& completed) {
  SQLite::Statement update(db,
                           "UPDATE study SET patient = ?1, patient_instance = iif(?2, ?3, "
                           "patient_instance) WHERE study_uid = ?4");
  update.bind(1, ToJson(completed));
  update.bind(2, known.id != completed.id ? 1 : 0);
  update.bind(3, instance.header.sop_instance_uid.str());
  update.bind(4, instance.header.study_instance_uid.str());
  update.exec();
}

std::string KeepConflict(SQLite::Database& db, const NewInstance& instance,
                         std::string_view attributes) {
  const std::string& study_uid = instance.header.study_instance_uid.str();
  SQLite::Statement study(db,
                          "SELECT patient_instance FROM study WHERE study_uid = ? AND "
                          "patient_conflict = ''");
  study.bind(1, study_uid);
  if (!study.executeStep()) return "";  // another is kept already
  std::string conflict = TellTwoPatients(attributes, instance.header.sop_instance_uid.str(),
                                         study.getColumn(0).getString());
  study.reset();
  SQLite::Statement update(db, "UPDATE study SET patient_conflict = ? WHERE study_uid = ?");
  update.bind(1, conflict);
  update.bind(2, study_uid);
  update.exec();
  AddEvent(db, study_uid, instance.received_at, "two_patients",
           conflict + "; no model runs on this study, because nobody knows whose the results are");
  return conflict;
}

}  // namespace

std::string PatientOf(const NewInstance& instance) {
  return ToJson(PatientIdentityOf(instance.header.attributes));
}

std::string ComparePatient(SQLite::Database& db, const NewInstance& instance,
                           const std::string& known) {
  const std::string said = PatientOf(instance);
  if (said == known) return "";
  // Both by the same way through JSON, which replaces what is no UTF-8.
  const PatientIdentity other = PatientIdentityFromJson(said).value();
  PatientIdentity patient;  // of a Study from before this column: nothing is known
  if (Result<PatientIdentity> stored = PatientIdentityFromJson(known); stored.ok())
    patient = std::move(stored).value();
  if (const std::string_view what = ContradictionOf(patient, other); !what.empty())
    return KeepConflict(db, instance, what);
  const PatientIdentity before = patient;
  Complete(patient, other);
  if (patient != before) KeepMore(db, instance, before, patient);
  return "";
}

}  // namespace axial::store
