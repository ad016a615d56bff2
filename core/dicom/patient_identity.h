#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/dicom/attribute_set.h"

namespace axial {

/// Who an Instance says its patient is (PS3.3 C.7.1.1), in a form that can be compared: without
/// padding; the name's alphabetic group in capitals, without empty components at its end. "": not
/// said. A plain value. It is patient data: never to be logged or shown.
struct PatientIdentity {
  std::string id;
  std::string issuer;  ///< Issuer of Patient ID
  std::string name;
  std::string birth_date;

  bool operator==(const PatientIdentity&) const = default;
};

[[nodiscard]] PatientIdentity PatientIdentityOf(const AttributeSet& attributes);

/// The attributes by which the two cannot be one patient, or "" when they can.
///
/// As a PACS does it, the Patient ID decides (with its issuer, where both name one): a name that is
/// spelled otherwise, or changed by marriage, is no other patient. But where name and birth date
/// both differ, the same Patient ID was given twice. Where one has no Patient ID, the name decides,
/// and the birth date. What is not said contradicts nothing.
[[nodiscard]] std::string_view ContradictionOf(const PatientIdentity& one,
                                               const PatientIdentity& other);

/// Takes from `other` what `known` does not say yet. They must not contradict each other.
void Complete(PatientIdentity& known, const PatientIdentity& other);

/// The contradiction in words, without patient data: what of which SOP Instance is not that of
/// which.
[[nodiscard]] std::string TellTwoPatients(std::string_view attributes, std::string_view instance,
                                          std::string_view known_instance);

/// Whether Instances, given one by one, are of one patient. Not thread-safe.
class OnePatient {
 public:
  /// Error: InvalidInput, with TellTwoPatients, when it contradicts those before it.
  [[nodiscard]] Status Add(const PatientIdentity& patient, std::string_view sop_instance_uid);

 private:
  PatientIdentity known_;
  std::string known_instance_;  ///< the first that says who it is
};

/// One JSON array, as stored in rows.
[[nodiscard]] std::string ToJson(const PatientIdentity& identity);

/// The inverse of ToJson. Error: Corrupt.
[[nodiscard]] Result<PatientIdentity> PatientIdentityFromJson(std::string_view json);

}  // namespace axial
