#include "inference/results/composite_context.h"

#include <dcmtk/dcmdata/dctk.h>

#include <array>
#include <memory>

#include "inference/results/result_text.h"

namespace axial::results {
namespace {

struct ContextAttribute {
  DcmTagKey tag;
  bool type2 = false;  ///< written empty when the source lacks it
};

const std::vector<ContextAttribute>& ContextAttributes() {
  static const std::vector<ContextAttribute> kAttributes = {
      // Patient (C.7.1.1). Patient Comments and Institution stay with the images.
      {DCM_PatientName, true},
      {DCM_PatientID, true},
      {DCM_IssuerOfPatientID},
      {DCM_TypeOfPatientID},
      {DCM_IssuerOfPatientIDQualifiersSequence},
      {DCM_PatientBirthDate, true},
      {DCM_PatientBirthTime},
      {DCM_PatientSex, true},
      {DCM_RETIRED_OtherPatientIDs},
      {DCM_OtherPatientIDsSequence},
      {DCM_OtherPatientNames},
      {DCM_EthnicGroup},
      {DCM_QualityControlSubject},
      {DCM_ReferencedPatientPhotoSequence},
      {DCM_PatientSpeciesDescription},
      {DCM_PatientSpeciesCodeSequence},
      {DCM_PatientBreedDescription},
      {DCM_PatientBreedCodeSequence},
      {DCM_BreedRegistrationSequence},
      {DCM_ResponsiblePerson},
      {DCM_ResponsiblePersonRole},
      {DCM_ResponsibleOrganization},
      {DCM_PatientIdentityRemoved},
      {DCM_DeidentificationMethod},
      {DCM_DeidentificationMethodCodeSequence},
      // Clinical Trial Subject and Study (C.7.1.3, C.7.2.3)
      {DCM_ClinicalTrialSponsorName},
      {DCM_ClinicalTrialProtocolID},
      {DCM_ClinicalTrialProtocolName},
      {DCM_ClinicalTrialSiteID},
      {DCM_ClinicalTrialSiteName},
      {DCM_ClinicalTrialSubjectID},
      {DCM_ClinicalTrialSubjectReadingID},
      {DCM_ClinicalTrialTimePointID},
      {DCM_ClinicalTrialTimePointDescription},
      // General Study (C.7.2.1)
      {DCM_StudyInstanceUID},
      {DCM_StudyDate, true},
      {DCM_StudyTime, true},
      {DCM_StudyID, true},
      {DCM_AccessionNumber, true},
      {DCM_IssuerOfAccessionNumberSequence},
      {DCM_ReferringPhysicianName, true},
      {DCM_ReferringPhysicianIdentificationSequence},
      {DCM_ConsultingPhysicianName},
      {DCM_StudyDescription},
      {DCM_ProcedureCodeSequence},
      {DCM_PhysiciansOfRecord},
      {DCM_NameOfPhysiciansReadingStudy},
      {DCM_ReferencedStudySequence},
      // Patient Study (C.7.2.2)
      {DCM_PatientAge},
      {DCM_PatientSize},
      {DCM_PatientWeight},
      {DCM_PatientSexNeutered},
      {DCM_AdmissionID},
      {DCM_IssuerOfAdmissionIDSequence},
      {DCM_ServiceEpisodeID},
      {DCM_IssuerOfServiceEpisodeIDSequence},
      // SOP Common (C.12.1): dates of the study and of the result are told in the same zone.
      {DCM_TimezoneOffsetFromUTC},
  };
  return kAttributes;
}

DcmElement* Find(DcmItem& item, const DcmTagKey& tag) {
  DcmElement* element = nullptr;
  return item.findAndGetElement(tag, element).good() ? element : nullptr;
}

/// PS3.5 6.2: the character repertoire does not follow Specific Character Set.
bool KnowsAsciiOnly(DcmEVR vr) {
  switch (vr) {
    case EVR_AS:
    case EVR_CS:
    case EVR_DA:
    case EVR_DS:
    case EVR_DT:
    case EVR_IS:
    case EVR_TM:
    case EVR_UI:
      return true;
    default:
      return false;
  }
}

/// A sequence without items, or with an empty one, says nothing and is illegal in many places.
bool SaysNothing(DcmElement& element) {
  if (element.ident() != EVR_SQ) return false;
  auto& sequence = static_cast<DcmSequenceOfItems&>(element);
  for (unsigned long i = 0; i < sequence.card(); ++i)
    if (sequence.getItem(i)->card() == 0) return true;
  return sequence.card() == 0;
}

}  // namespace

std::vector<DcmElement*> CompositeContextElements(DcmItem& source) {
  std::vector<DcmElement*> elements;
  for (const ContextAttribute& attribute : ContextAttributes()) {
    DcmElement* element = Find(source, attribute.tag);
    if (element != nullptr && !SaysNothing(*element)) elements.push_back(element);
  }
  return elements;
}

std::vector<std::string> DropForeignBytes(DcmItem& source) {
  std::vector<std::string> dropped;
  for (const ContextAttribute& attribute : ContextAttributes()) {
    DcmElement* element = Find(source, attribute.tag);
    if (element == nullptr || !KnowsAsciiOnly(element->ident())) continue;
    OFString text;
    if (element->getOFStringArray(text).bad() || IsAscii({text.data(), text.size()})) continue;
    dropped.emplace_back(DcmTag(attribute.tag).getTagName());
    source.findAndDeleteElement(attribute.tag);
  }
  return dropped;
}

Status CopyCompositeContext(DcmItem& source, DcmItem& target) {
  if (!source.tagExistsWithValue(DCM_StudyInstanceUID))
    return Error(ErrorCode::kInvalidInput, "the source has no Study Instance UID");
  for (const ContextAttribute& attribute : ContextAttributes()) {
    target.findAndDeleteElement(attribute.tag);
    DcmElement* element = Find(source, attribute.tag);
    if (element == nullptr || SaysNothing(*element)) {
      if (attribute.type2 && target.insertEmptyElement(attribute.tag).bad())
        return MakeError(ErrorCode::kInternal, "{} cannot be written empty",
                         attribute.tag.toString().c_str());
      continue;
    }
    std::unique_ptr<DcmElement> copy(static_cast<DcmElement*>(element->clone()));
    if (target.insert(copy.get(), OFTrue).bad())
      return MakeError(ErrorCode::kInternal, "{} cannot be copied",
                       attribute.tag.toString().c_str());
    static_cast<void>(copy.release());
  }
  return {};
}

Status CompareCompositeContext(DcmItem& source, DcmItem& result) {
  for (const ContextAttribute& attribute : ContextAttributes()) {
    DcmElement* expected = Find(source, attribute.tag);
    if (expected != nullptr && SaysNothing(*expected)) expected = nullptr;
    DcmElement* found = Find(result, attribute.tag);
    const bool expected_value = expected != nullptr && expected->getLength() > 0;
    const bool found_value = found != nullptr && found->getLength() > 0;
    if (expected_value != found_value || (expected_value && expected->compare(*found) != 0))
      return MakeError(ErrorCode::kCorrupt, "composite context: {} is not the source's",
                       DcmTag(attribute.tag).getTagName());
  }
  return {};
}

}  // namespace axial::results
