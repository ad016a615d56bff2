#pragma once

// Private to gateway/store: whether all Instances of a Study are of one patient.

#include <string>

namespace SQLite {
class Database;
}  // namespace SQLite

namespace axial::store {

struct NewInstance;

/// Compares the patient of an Instance that is taken in with the one of its Study. The first
/// contradiction is kept with the Study (`study.patient_conflict`) and returned: what contradicts
/// what, without patient data. Otherwise "". `known`: study.patient.
[[nodiscard]] std::string ComparePatient(SQLite::Database& db, const NewInstance& instance,
                                         const std::string& known);

/// As it is stored for the Study's first Instance.
[[nodiscard]] std::string PatientOf(const NewInstance& instance);

}  // namespace axial::store
