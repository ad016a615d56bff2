#include "core/dicom/patient_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace axial {
namespace {

std::string Trimmed(std::string_view text) {
  constexpr std::string_view kPadding(" \0", 2);
  const std::size_t first = text.find_first_not_of(kPadding);
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(kPadding) + 1 - first));
}

/// All values: a backslash in a Patient ID is a part of it to who reads it as one.
std::string TextOf(const AttributeSet& attributes, std::string_view keyword) {
  const AttributeValue* attribute = FindAttribute(attributes, keyword);
  if (attribute == nullptr) return "";
  std::string text;
  for (const std::string& value : attribute->values) {
    if (!text.empty()) text += '\\';
    text += Trimmed(value);
  }
  return text;
}

/// The alphabetic component group (PS3.5 6.2.1), as it is compared.
std::string NameOf(const AttributeSet& attributes) {
  std::string text = FirstValue(attributes, "PatientName");
  text = text.substr(0, text.find('='));
  std::string name;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('^', at), text.size());
    name += Trimmed(std::string_view(text).substr(at, end - at));
    name += '^';
    at = end + 1;
  }
  while (!name.empty() && name.back() == '^') name.pop_back();
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  });
  return name;
}

bool Differ(const std::string& one, const std::string& other) {
  return !one.empty() && !other.empty() && one != other;
}

}  // namespace

PatientIdentity PatientIdentityOf(const AttributeSet& attributes) {
  return {TextOf(attributes, "PatientID"), TextOf(attributes, "IssuerOfPatientID"),
          NameOf(attributes), TextOf(attributes, "PatientBirthDate")};
}

std::string_view ContradictionOf(const PatientIdentity& one, const PatientIdentity& other) {
  if (Differ(one.id, other.id)) return "Patient ID";
  const bool same_id = !one.id.empty() && !other.id.empty();
  if (same_id && Differ(one.issuer, other.issuer)) return "Issuer of Patient ID";
  const bool other_name = Differ(one.name, other.name);
  const bool other_birth_date = Differ(one.birth_date, other.birth_date);
  if (other_name && other_birth_date) return "Patient's Name and Patient's Birth Date";
  if (same_id) return "";
  if (other_name) return "Patient's Name";
  return other_birth_date ? "Patient's Birth Date" : "";
}

void Complete(PatientIdentity& known, const PatientIdentity& other) {
  for (auto part : {&PatientIdentity::id, &PatientIdentity::issuer, &PatientIdentity::name,
                    &PatientIdentity::birth_date})
    if ((known.*part).empty()) known.*part = other.*part;
}

std::string TellTwoPatients(std::string_view attributes, std::string_view instance,
                            std::string_view known_instance) {
  return fmt::format("images of two patients: {} of SOP Instance {} is not that of SOP Instance {}",
                     attributes, instance, known_instance);
}

Status OnePatient::Add(const PatientIdentity& patient, std::string_view sop_instance_uid) {
  if (const std::string_view what = ContradictionOf(known_, patient); !what.empty())
    return Error(ErrorCode::kInvalidInput,
                 TellTwoPatients(what, sop_instance_uid, known_instance_));
  if (known_instance_.empty() || (known_.id.empty() && !patient.id.empty()))
    known_instance_ = sop_instance_uid;
  Complete(known_, patient);
  return {};
}

std::string ToJson(const PatientIdentity& identity) {
  return nlohmann::json{identity.id, identity.issuer, identity.name, identity.birth_date}.dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<PatientIdentity> PatientIdentityFromJson(std::string_view json) {
  const nlohmann::json array = nlohmann::json::parse(json, nullptr, false);
  const bool good =
      array.is_array() && array.size() == 4 &&
      std::all_of(array.begin(), array.end(), [](const auto& part) { return part.is_string(); });
  if (!good) return Error(ErrorCode::kCorrupt, "a stored patient identity is not four texts");
  return PatientIdentity{array[0], array[1], array[2], array[3]};
}

}  // namespace axial
