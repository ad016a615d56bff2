#include "gateway/receive/performed_step_reader.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcitem.h>
#include <dcmtk/dcmdata/dcsequen.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/dicom/uid.h"
#include "gateway/receive/normalized_status.h"

namespace axial::receive {
namespace {

constexpr std::size_t kMaxStudies = 100;
constexpr std::size_t kMaxTextCharacters = 64;

/// At most 64 characters of printable ASCII: what comes from outside is shown and logged.
std::string Text(DcmItem& item, const DcmTagKey& tag) {
  OFString value;
  if (item.findAndGetOFString(tag, value).bad()) return "";
  std::string text(value.c_str(), std::min(value.size(), kMaxTextCharacters));
  std::replace_if(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

Result<std::string> RequiredUid(DcmItem& item, const DcmTagKey& tag, std::string_view name,
                                std::uint16_t& status) {
  OFString value;
  if (item.findAndGetOFString(tag, value).bad() || value.empty()) {
    status = kStatusMissingAttribute;
    return MakeError(ErrorCode::kInvalidInput, "{} is missing", name);
  }
  const Result<Uid> uid = Uid::Parse({value.data(), value.size()});
  if (uid.ok()) return uid->str();
  status = kStatusInvalidAttributeValue;
  return MakeError(ErrorCode::kInvalidInput, "{} is no UID", name);
}

/// False when the sequence is absent.
Result<bool> ForEachItem(DcmItem& item, const DcmTagKey& tag,
                         const std::function<Status(DcmItem&)>& take) {
  DcmSequenceOfItems* sequence = nullptr;
  if (item.findAndGetSequence(tag, sequence).bad() || sequence == nullptr) return false;
  DcmObject* next = nullptr;
  while ((next = sequence->nextInContainer(next)) != nullptr)
    if (next->ident() == EVR_item) AXIAL_RETURN_IF_ERROR(take(static_cast<DcmItem&>(*next)));
  return true;
}

Result<InstanceReference> ReadReference(DcmItem& item, std::uint16_t& status) {
  InstanceReference reference;
  AXIAL_ASSIGN_OR_RETURN(reference.sop_class_uid, RequiredUid(item, DCM_ReferencedSOPClassUID,
                                                              "Referenced SOP Class UID", status));
  AXIAL_ASSIGN_OR_RETURN(
      reference.sop_instance_uid,
      RequiredUid(item, DCM_ReferencedSOPInstanceUID, "Referenced SOP Instance UID", status));
  return reference;
}

/// nullopt when the Performed Series Sequence is absent.
Result<std::optional<std::vector<store::PerformedSeries>>> ReadSeries(DcmItem& attributes,
                                                                      std::uint16_t& status) {
  using Series = std::vector<store::PerformedSeries>;
  Series list;
  std::size_t references = 0;
  const auto read_one = [&](DcmItem& item) -> Status {
    store::PerformedSeries series;
    AXIAL_ASSIGN_OR_RETURN(series.series_uid,
                           RequiredUid(item, DCM_SeriesInstanceUID, "Series Instance UID", status));
    for (const DcmTagKey& tag :
         {DCM_ReferencedImageSequence, DCM_ReferencedNonImageCompositeSOPInstanceSequence}) {
      const auto read = ForEachItem(item, tag, [&](DcmItem& reference) -> Status {
        if (++references > kMaxReferences)
          return MakeError(ErrorCode::kExhausted, "more than {} Instances in one step",
                           kMaxReferences);
        AXIAL_ASSIGN_OR_RETURN(InstanceReference instance, ReadReference(reference, status));
        series.instances.push_back(std::move(instance));
        return {};
      });
      if (!read.ok()) return read.error();
    }
    if (++references > kMaxReferences)
      return MakeError(ErrorCode::kExhausted, "more than {} Series in one step", kMaxReferences);
    list.push_back(std::move(series));
    return {};
  };
  AXIAL_ASSIGN_OR_RETURN(const bool present,
                         ForEachItem(attributes, DCM_PerformedSeriesSequence, read_one));
  return present ? std::optional<Series>(std::move(list)) : std::nullopt;
}

Error WrongState(const std::string& text, std::uint16_t& status) {
  status = kStatusInvalidAttributeValue;
  return MakeError(ErrorCode::kInvalidInput, "Performed Procedure Step Status cannot be '{}'",
                   text);
}

}  // namespace

Result<store::NewPerformedStep> ReadNewPerformedStep(DcmItem& attributes, std::uint16_t& status) {
  const std::string state = Text(attributes, DCM_PerformedProcedureStepStatus);
  if (state.empty()) {
    status = kStatusMissingAttribute;
    return Error(ErrorCode::kInvalidInput, "Performed Procedure Step Status is missing");
  }
  if (state != "IN PROGRESS") return WrongState(state, status);
  store::NewPerformedStep step;
  const auto read_study = [&](DcmItem& item) -> Status {
    if (step.study_uids.size() == kMaxStudies)
      return MakeError(ErrorCode::kExhausted, "more than {} studies in one step", kMaxStudies);
    AXIAL_ASSIGN_OR_RETURN(std::string uid,
                           RequiredUid(item, DCM_StudyInstanceUID, "Study Instance UID", status));
    step.study_uids.push_back(std::move(uid));
    return {};
  };
  const auto scheduled = ForEachItem(attributes, DCM_ScheduledStepAttributesSequence, read_study);
  if (!scheduled.ok()) return scheduled.error();
  if (step.study_uids.empty()) {
    status = kStatusMissingAttribute;
    return Error(ErrorCode::kInvalidInput, "Scheduled Step Attributes Sequence is missing");
  }
  step.station_ae_title = Text(attributes, DCM_PerformedStationAETitle);
  step.modality = Text(attributes, DCM_Modality);
  AXIAL_ASSIGN_OR_RETURN(auto series, ReadSeries(attributes, status));
  if (series) step.series = std::move(*series);
  return step;
}

Result<store::PerformedStepChange> ReadPerformedStepChange(DcmItem& attributes,
                                                           std::uint16_t& status) {
  store::PerformedStepChange change;
  const std::string state = Text(attributes, DCM_PerformedProcedureStepStatus);
  if (state == "COMPLETED")
    change.event = store::PerformedStepEvent::kComplete;
  else if (state == "DISCONTINUED")
    change.event = store::PerformedStepEvent::kDiscontinue;
  else if (!state.empty() && state != "IN PROGRESS")
    return WrongState(state, status);
  AXIAL_ASSIGN_OR_RETURN(change.series, ReadSeries(attributes, status));
  DcmItem* reason = nullptr;
  if (attributes
          .findAndGetSequenceItem(DCM_PerformedProcedureStepDiscontinuationReasonCodeSequence,
                                  reason)
          .good() &&
      reason != nullptr)
    change.discontinuation_reason = Text(*reason, DCM_CodeMeaning);
  return change;
}

}  // namespace axial::receive
