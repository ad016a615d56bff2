#include "inference/results/report_content.h"

#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmsr/cmr/tid1500.h>
#include <dcmtk/dcmsr/codes/dcm.h>
#include <dcmtk/dcmsr/codes/sct.h>
#include <dcmtk/dcmsr/dsrdoc.h>
#include <fmt/core.h>

#include <set>
#include <vector>

#include "inference/results/failure_words.h"
#include "inference/results/picture_text.h"
#include "inference/results/report_regions.h"
#include "inference/results/retired_codes.h"

namespace axial::results {
namespace {

// Our text is already cleaned and fitted to the character set; DCMTK's own check knows ASCII only.
constexpr OFBool kUnchecked = OFFalse;

const DSRCodedEntryValue kAbsent("2667000", "SCT", "Absent");
const DSRCodedEntryValue kFinding("121071", "DCM", "Finding");
const DSRCodedEntryValue kComment("121106", "DCM", "Comment");

/// Turns the first bad condition of a list of steps into an Error that names the step.
Status Check(const OFCondition& condition, const char* what) {
  if (condition.good()) return {};
  return MakeError(ErrorCode::kInternal, "report: {}: {}", what, condition.text());
}

DSRCodedEntryValue Entry(const ResultRun& run, const CodedConcept& code) {
  return {code.value.c_str(), code.scheme.c_str(),
          run.text.Own(code.meaning, 64, code.value).c_str()};
}

/// A procedure for TID 1500 row 4 by modality (CID 100), when the study does not name its own.
CodedConcept ProcedureByModality(const std::string& modality) {
  if (modality == "CT") return {"25045-6", "LN", "CT unspecified body region"};
  if (modality == "MR") return {"25056-3", "LN", "MRI unspecified body region"};
  if (modality == "PT") return {"44136-0", "LN", "PET unspecified body region"};
  if (modality == "NM") return {"49118-3", "LN", "NM unspecified body region"};
  return {"363679005", "SCT", "Imaging procedure"};
}

/// The imaging procedure the study was made for, not the algorithm (IHE AIR): the study's own code
/// when the context group knows it, else the group's code for the modality.
CodedConcept ProcedureReported(const ResultRun& run) {
  DcmItem* item = nullptr;
  if (run.source.findAndGetSequenceItem(DCM_ProcedureCodeSequence, item, 0).good()) {
    const CodedConcept code{TextOf(*item, DCM_CodeValue), TextOf(*item, DCM_CodingSchemeDesignator),
                            TextOf(*item, DCM_CodeMeaning)};
    const CMR_CID100 group;  // the name that DCMTK 3.6.7 and 3.6.9 share
    // The meaning is in the source's character set; only ASCII is safe to say again.
    if (IsAscii(code.meaning) &&
        group.hasCodedEntry({code.value.c_str(), code.scheme.c_str(), code.meaning.c_str()}))
      return code;
  }
  return ProcedureByModality(run.findings.source.modality);
}

Status FillContext(const ResultRun& run, TID1500_MeasurementReport& report) {
  AXIAL_RETURN_IF_ERROR(
      Check(report.setLanguage(DSRCodedEntryValue("eng", "RFC5646", "English")), "language"));
  AXIAL_RETURN_IF_ERROR(
      Check(report.getObservationContext().addDeviceObserver(
                AlgorithmDeviceUid(run).str().c_str(), AlgorithmName(run).c_str(),
                AlgorithmManufacturer(run).c_str(), AlgorithmName(run).c_str(),
                Sha256Hex(AlgorithmDeviceUid(run).str()).substr(0, 16).c_str(), "",
                TID1001_ObservationContext::DeviceParticipatingRolesList(), "", kUnchecked),
            "observer"));
  return Check(report.addProcedureReported(Entry(run, ProcedureReported(run)), kUnchecked),
               "procedure");
}

/// Removes from a header in memory the values that its own rules forbid (dates of another form,
/// text for numbers): the image library copies such values, and a reader then refuses the report.
/// What the images are called stays: an entry is nothing without it.
void RemoveBrokenValues(DcmItem& header) {
  std::vector<DcmTagKey> broken;
  for (DcmObject* object = header.nextInContainer(nullptr); object != nullptr;
       object = header.nextInContainer(object)) {
    switch (object->ident()) {
      case EVR_DA:
      case EVR_TM:
      case EVR_DT:
      case EVR_DS:
      case EVR_IS:
      case EVR_UI:
        if (object->getTag() != DCM_SOPInstanceUID &&
            static_cast<DcmElement*>(object)->checkValue("1-n").bad())
          broken.push_back(object->getTag());
        break;
      default:
        break;
    }
  }
  for (const DcmTagKey& tag : broken) header.findAndDeleteElement(tag);
}

/// One entry per source Instance, common descriptors moved to the group (TID 1600).
Status FillImageLibrary(const ResultRun& run, TID1500_MeasurementReport& report) {
  TID1600_ImageLibrary& library = report.getImageLibrary();
  AXIAL_RETURN_IF_ERROR(Check(library.createNewImageLibrary(), "image library"));
  AXIAL_RETURN_IF_ERROR(Check(library.addImageGroup(), "image library group"));
  std::set<std::string> written;
  for (const SourceFrame& frame : run.findings.source.frames) {
    if (!written.insert(frame.sop_instance_uid.str()).second) continue;
    AXIAL_ASSIGN_OR_RETURN(const std::unique_ptr<DcmFileFormat> file,
                           ReadSourceHeader(run.findings.source, frame));
    RemoveBrokenValues(*file->getDataset());
    RenewCodes(*file->getDataset());
    AXIAL_RETURN_IF_ERROR(
        Check(library.addImageEntry(*file->getDataset(), TID1600_ImageLibrary::withAllDescriptors,
                                    TID1600_ImageLibrary::ConceptNameList(), kUnchecked),
              "image library entry"));
  }
  static_cast<void>(library.moveCommonImageDescriptorsToImageGroups());  // bad when none is common
  return {};
}

/// "The algorithm also looked for: Left lung, Right lung. It did not find them." or "".
std::string NotFoundSentence(const ResultRun& run) {
  std::set<int> found;
  for (const SegmentFinding& segment : run.findings.segments) found.insert(segment.spec.label);
  std::string missing;
  for (const config::SegmentSpec& spec : run.card.segments) {
    if (found.contains(spec.label)) continue;
    missing += (missing.empty() ? "" : ", ") + run.text.Own(spec.name, 64, spec.type.meaning);
  }
  if (missing.empty()) return "";
  return "The algorithm looked for and did not find: " + missing + ".";
}

Status AddComment(const ResultRun& run, const std::string& text,
                  TID1500_MeasurementReport& report) {
  return Check(report.addQualitativeEvaluation(
                   kComment, OFString(run.text.OwnLong(text, 1024).c_str()), kUnchecked),
               "comment");
}

/// The model did not run: coded so that no reader takes it for an absent finding.
Status FillFailure(const ResultRun& run, TID1500_MeasurementReport& report) {
  const protocol::RunFailure& failure = *run.options.failure;
  AXIAL_RETURN_IF_ERROR(
      Check(report.addQualitativeEvaluation(
                CODE_DCM_SummaryOfAnalyses,
                failure.not_applicable ? CODE_DCM_NotAttempted : CODE_DCM_Failed, kUnchecked),
            "failure"));
  AXIAL_RETURN_IF_ERROR(AddComment(run, FailureStatement(run), report));
  return AddComment(run, FailureReason(run), report);
}

Status FillEvaluations(const ResultRun& run, const ReportRegions& regions,
                       TID1500_MeasurementReport& report) {
  if (run.options.failure) return FillFailure(run, report);
  const Findings& findings = run.findings;
  if (findings.segments.empty() && findings.classifications.empty())
    AXIAL_RETURN_IF_ERROR(
        Check(report.addQualitativeEvaluation(kFinding, kAbsent), "absence of a finding"));
  if (findings.classifications.empty() && findings.segments.empty() && run.card.segments.empty())
    AXIAL_RETURN_IF_ERROR(
        AddComment(run, "The algorithm gave no answer above its threshold.", report));
  if (const std::string sentence = NotAnalysedText(run); !sentence.empty())
    AXIAL_RETURN_IF_ERROR(AddComment(run, sentence, report));
  if (const std::string sentence = NotFoundSentence(run); !sentence.empty())
    AXIAL_RETURN_IF_ERROR(AddComment(run, sentence, report));
  if (regions.small > 0)
    AXIAL_RETURN_IF_ERROR(AddComment(
        run,
        fmt::format("{} small parts of segments are not outlined in this report.", regions.small),
        report));
  if (regions.cut > 0)
    AXIAL_RETURN_IF_ERROR(AddComment(
        run,
        fmt::format("{} parts of segments are too intricate for one outline: each is drawn in "
                    "several regions, cut along straight lines.",
                    regions.cut),
        report));
  if (regions.skipped > 0)
    AXIAL_RETURN_IF_ERROR(
        AddComment(run, fmt::format("{}{}", regions.skipped, kSkippedRegions), report));
  std::string made_by = "Made by " + AlgorithmTitle(run.card) + ".";
  if (!Notice(run.card).empty()) made_by += " " + Notice(run.card);
  return AddComment(run, made_by, report);
}

}  // namespace

Status FillReport(const ResultRun& run, const ReportRegions& regions,
                  TID1500_MeasurementReport& report) {
  AXIAL_RETURN_IF_ERROR(FillContext(run, report));
  AXIAL_RETURN_IF_ERROR(FillImageLibrary(run, report));
  return FillEvaluations(run, regions, report);
}

void NameClassOfInstance(const std::string& instance, const std::string& sop_class, DcmItem& item) {
  if (TextOf(item, DCM_ReferencedSOPInstanceUID) == instance)
    item.putAndInsertString(DCM_ReferencedSOPClassUID, sop_class.c_str());
  for (unsigned long e = 0; e < item.card(); ++e) {
    auto* sequence = dynamic_cast<DcmSequenceOfItems*>(item.getElement(e));
    for (unsigned long i = 0; sequence != nullptr && i < sequence->card(); ++i)
      NameClassOfInstance(instance, sop_class, *sequence->getItem(i));
  }
}

}  // namespace axial::results
