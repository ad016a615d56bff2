#include "routing/study_summary.h"

#include <algorithm>
#include <array>

namespace axial::routing {
namespace {

// PS3.3 C.7.1.1 Patient, C.7.2.1 General Study, C.7.2.2 Patient Study; sorted, for binary search.
constexpr std::array kStudyAttributes = std::to_array<std::string_view>({
    "AccessionNumber",
    "AdditionalPatientHistory",
    "AdmissionID",
    "AdmittingDiagnosesDescription",
    "Allergies",
    "BranchOfService",
    "ConsultingPhysicianName",
    "CountryOfResidence",
    "DeidentificationMethod",
    "EthnicGroup",
    "IssuerOfPatientID",
    "LastMenstrualDate",
    "MeasuredAPDimension",
    "MeasuredLateralDimension",
    "MedicalAlerts",
    "MedicalRecordLocator",
    "MilitaryRank",
    "NameOfPhysiciansReadingStudy",
    "Occupation",
    "OtherPatientIDs",
    "OtherPatientNames",
    "PatientAddress",
    "PatientAge",
    "PatientAlternativeCalendar",
    "PatientBirthDate",
    "PatientBirthDateInAlternativeCalendar",
    "PatientBirthName",
    "PatientBirthTime",
    "PatientBodyMassIndex",
    "PatientBreedDescription",
    "PatientComments",
    "PatientDeathDateInAlternativeCalendar",
    "PatientID",
    "PatientIdentityRemoved",
    "PatientMotherBirthName",
    "PatientName",
    "PatientReligiousPreference",
    "PatientSex",
    "PatientSexNeutered",
    "PatientSize",
    "PatientSpeciesDescription",
    "PatientState",
    "PatientTelephoneNumbers",
    "PatientWeight",
    "PhysiciansOfRecord",
    "PregnancyStatus",
    "QualityControlSubject",
    "ReasonForVisit",
    "ReferringPhysicianName",
    "RegionOfResidence",
    "RequestingService",
    "ResponsibleOrganization",
    "ResponsiblePerson",
    "ResponsiblePersonRole",
    "ServiceEpisodeDescription",
    "ServiceEpisodeID",
    "SmokingStatus",
    "StudyDate",
    "StudyDescription",
    "StudyID",
    "StudyInstanceUID",
    "StudyTime",
    "TypeOfPatientID",
});
static_assert(std::is_sorted(kStudyAttributes.begin(), kStudyAttributes.end()));

}  // namespace

bool IsStudyAttribute(std::string_view keyword) {
  return std::binary_search(kStudyAttributes.begin(), kStudyAttributes.end(), keyword);
}

AttributeSet StudyAttributes(const AttributeSet& attributes) {
  AttributeSet selected;
  for (const auto& [keyword, value] : attributes)
    if (IsStudyAttribute(keyword)) selected.emplace(keyword, value);
  return selected;
}

Status StudySummaryBuilder::Add(const InstanceHeader& header, const std::string& calling_ae_title,
                                const std::string& called_ae_title) {
  if (!study_) study_ = header.study_instance_uid;
  if (*study_ != header.study_instance_uid)
    return MakeError(ErrorCode::kInvalidInput, "Instance {} is of Study {}, not {}",
                     header.sop_instance_uid.str(), header.study_instance_uid.str(), study_->str());

  const auto [entry, is_new] = series_index_.emplace(header.series_instance_uid, series_.size());
  if (is_new)
    series_.push_back({header.series_instance_uid, {}, 0, calling_ae_title, called_ae_title});
  Series& series = series_[entry->second];
  series.frames += header.frames;

  auto sop_class =
      std::find_if(series.sop_classes.begin(), series.sop_classes.end(),
                   [&](const SopClass& known) { return known.uid == header.sop_class_uid.str(); });
  if (sop_class == series.sop_classes.end())
    sop_class = series.sop_classes.insert(
        sop_class, SopClass{header.sop_class_uid.str(), 0, header.attributes});
  ++sop_class->instances;
  return {};
}

Result<StudySummary> StudySummaryBuilder::Build() const {
  if (!study_) return Error(ErrorCode::kNotFound, "no Instance was added to the summary");
  StudySummary summary{*study_, {}, {}};
  for (const Series& series : series_) {
    SeriesSummary one{
        series.uid, "", {}, 0, series.frames, series.calling_ae_title, series.called_ae_title};
    const SopClass* representative = &series.sop_classes.front();
    for (const SopClass& sop_class : series.sop_classes) {
      one.instances += sop_class.instances;
      if (sop_class.instances > representative->instances) representative = &sop_class;
    }
    one.sop_class_uid = representative->uid;
    one.attributes = representative->attributes;
    if (summary.series.empty()) summary.attributes = StudyAttributes(one.attributes);
    summary.series.push_back(std::move(one));
  }
  return summary;
}

}  // namespace axial::routing
