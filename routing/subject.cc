#include "routing/subject.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/spelling.h"
#include "core/dicom/dictionary.h"

namespace axial::routing {
namespace {

using Source = Attribute::Source;

struct AddedAttribute {
  std::string_view keyword;
  ValueClass value_class;
  Source source;
};
constexpr std::array kAdded = {
    AddedAttribute{"CallingAETitle", ValueClass::kText, Source::kCallingAeTitle},
    AddedAttribute{"CalledAETitle", ValueClass::kText, Source::kCalledAeTitle},
    AddedAttribute{"instances", ValueClass::kNumber, Source::kInstances},
    AddedAttribute{"frames", ValueClass::kNumber, Source::kFrames},
};

// Besides every PN; PS3.15 Table E.1-1's direct identifiers among the plain attributes.
constexpr std::array<std::string_view, 24> kIdentifying = {
    "PatientID",
    "OtherPatientIDs",
    "PatientBirthDate",
    "PatientBirthTime",
    "PatientBirthDateInAlternativeCalendar",
    "PatientDeathDateInAlternativeCalendar",
    "PatientAddress",
    "PatientTelephoneNumbers",
    "PatientTelecomInformation",
    "PatientInsurancePlanCodeSequence",
    "MedicalRecordLocator",
    "MilitaryRank",
    "BranchOfService",
    "PatientComments",
    "AdditionalPatientHistory",
    "Occupation",
    "EthnicGroup",
    "PatientReligiousPreference",
    "AccessionNumber",
    "AdmissionID",
    "StudyID",
    "ServiceEpisodeID",
    "IssuerOfPatientID",
    "PersonAddress",
};

constexpr std::size_t kMaxShownBytes = 80;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  return text;
}

std::string NearestAttribute(const std::string& keyword) {
  std::vector<std::string_view> candidates;
  const std::string from_dictionary = NearestKeyword(keyword);
  if (!from_dictionary.empty()) candidates.push_back(from_dictionary);
  for (const AddedAttribute& added : kAdded) candidates.push_back(added.keyword);
  return std::string(NearestWord(keyword, candidates));
}

}  // namespace

bool IdentifiesPatient(std::string_view keyword, std::string_view vr) {
  return vr == "PN" ||
         std::find(kIdentifying.begin(), kIdentifying.end(), keyword) != kIdentifying.end();
}

Result<Attribute> FindAttributeByKeyword(const std::string& keyword) {
  for (const AddedAttribute& added : kAdded)
    if (added.keyword == keyword) return Attribute{keyword, added.value_class, added.source, false};
  const std::optional<std::string> vr = VrOfKeyword(keyword);
  if (!vr) {
    const std::string nearest = NearestAttribute(keyword);
    if (nearest.empty())
      return Error(ErrorCode::kNotFound,
                   "write a keyword of the DICOM dictionary, such as Modality");
    return MakeError(ErrorCode::kNotFound, "did you mean '{}'?", nearest);
  }
  const std::optional<ValueClass> value_class = ClassOfVr(*vr);
  if (!value_class)
    return MakeError(ErrorCode::kUnsupported,
                     "it is of value representation {}, and rules compare plain values only", *vr);
  return Attribute{keyword, *value_class,
                   IsStudyAttribute(keyword) ? Source::kStudy : Source::kSeries,
                   IdentifiesPatient(keyword, *vr)};
}

std::vector<std::string> Subject::ValuesOf(const Attribute& attribute) const {
  const AttributeValue* found = nullptr;
  std::vector<std::string> values;
  switch (attribute.source) {
    case Source::kStudy:
      found = FindAttribute(study_.attributes, attribute.keyword);
      break;
    case Source::kSeries:
      found = FindAttribute(series_.attributes, attribute.keyword);
      break;
    case Source::kCallingAeTitle:
      values = {series_.calling_ae_title};
      break;
    case Source::kCalledAeTitle:
      values = {series_.called_ae_title};
      break;
    case Source::kInstances:
      values = {fmt::format("{}", series_.instances)};
      break;
    case Source::kFrames:
      values = {fmt::format("{}", series_.frames)};
      break;
  }
  if (found != nullptr) values = found->values;
  std::erase_if(values, [](const std::string& value) { return Trim(value).empty(); });
  return values;
}

std::string Describe(const Attribute& attribute, const std::vector<std::string>& values) {
  if (values.empty()) return attribute.keyword + " is absent";
  if (attribute.is_hidden) return attribute.keyword + " is (hidden)";
  std::string shown;
  for (const std::string& value : values) {
    if (!shown.empty()) shown += '\\';
    shown += Trim(value);
    if (shown.size() > kMaxShownBytes) break;
  }
  if (shown.size() > kMaxShownBytes) {
    std::size_t end = kMaxShownBytes;
    while (end > 0 && (static_cast<unsigned char>(shown[end]) & 0xc0) == 0x80) --end;
    shown.resize(end);  // never in the middle of a UTF-8 character
    shown += "...";
  }
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return fmt::format("{} is {}", attribute.keyword, shown);
}

}  // namespace axial::routing
