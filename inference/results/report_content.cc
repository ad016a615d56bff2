#include "inference/results/report_content.h"

#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmsr/cmr/tid1500.h>
#include <dcmtk/dcmsr/codes/dcm.h>
#include <dcmtk/dcmsr/codes/sct.h>
#include <dcmtk/dcmsr/dsrdoc.h>
#include <dcmtk/dcmsr/dsrimgtn.h>
#include <dcmtk/dcmsr/dsrtextn.h>
#include <fmt/core.h>

#include <set>
#include <vector>

namespace axial::results {
namespace {

using Groups = TID1500_MeasurementReport::TID1411_Measurements;

// Our text is already cleaned and fitted to the character set; DCMTK's own check knows ASCII only.
constexpr OFBool kUnchecked = OFFalse;

const CodedConcept kAnatomicalStructure = {"91723000", "SCT", "Anatomical Structure"};
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
  const config::ModelCard::Algorithm& algorithm = run.card.algorithm;
  AXIAL_RETURN_IF_ERROR(
      Check(report.setLanguage(DSRCodedEntryValue("eng", "RFC5646", "English")), "language"));
  AXIAL_RETURN_IF_ERROR(
      Check(report.getObservationContext().addDeviceObserver(
                AlgorithmDeviceUid(run).str().c_str(),
                run.text.Own(algorithm.name, 64, run.card.name).c_str(),
                run.text.Own(algorithm.manufacturer, 64).c_str(),
                run.text.Own(algorithm.name, 64, run.card.name).c_str(),
                Sha256Hex(AlgorithmDeviceUid(run).str()).substr(0, 16).c_str(), "",
                TID1001_ObservationContext::DeviceParticipatingRolesList(), "", kUnchecked),
            "observer"));
  return Check(report.addProcedureReported(Entry(run, ProcedureReported(run)), kUnchecked),
               "procedure");
}

/// Removes from a header in memory the values that its own rules forbid (dates of another form,
/// text for numbers): the image library copies such values, and a reader then refuses the report.
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
        if (static_cast<DcmElement*>(object)->checkValue("1-n").bad())
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
    AXIAL_RETURN_IF_ERROR(
        Check(library.addImageEntry(*file->getDataset(), TID1600_ImageLibrary::withAllDescriptors,
                                    TID1600_ImageLibrary::ConceptNameList(), kUnchecked),
              "image library entry"));
  }
  static_cast<void>(library.moveCommonImageDescriptorsToImageGroups());  // bad when none is common
  return {};
}

Status AddFindingSite(const ResultRun& run, const config::SegmentSpec& spec, Groups& group) {
  // A structure is its own site; a lesion has one only when the card says where.
  const bool structure = spec.category.value == kAnatomicalStructure.value &&
                         spec.category.scheme == kAnatomicalStructure.scheme;
  if (!spec.anatomic_region && !structure) return {};
  const CodedConcept& site = spec.anatomic_region ? *spec.anatomic_region : spec.type;
  static const std::set<std::string> kLateralities = {"7771000", "24028007", "51440002",
                                                      "66459002"};
  const bool lateral = spec.modifier && kLateralities.contains(spec.modifier->value);
  const DSRCodedEntryValue modifier =
      spec.modifier ? Entry(run, *spec.modifier) : DSRCodedEntryValue();
  return Check(group.addFindingSite(Entry(run, site), lateral ? modifier : DSRCodedEntryValue(),
                                    lateral ? DSRCodedEntryValue() : modifier, kUnchecked),
               "finding site");
}

Status AddMeasurement(const ResultRun& run, const Measurement& measurement, Groups& group) {
  const CMR_SRNumericMeasurementValue value(FormatMeasuredValue(measurement.value).c_str(),
                                            Entry(run, measurement.unit), kUnchecked);
  AXIAL_RETURN_IF_ERROR(
      Check(group.addMeasurement(Entry(run, measurement.quantity), value, OFTrue, kUnchecked),
            "measurement"));
  if (measurement.derivation)
    AXIAL_RETURN_IF_ERROR(
        Check(group.getMeasurement().setDerivation(Entry(run, *measurement.derivation), kUnchecked),
              "derivation"));
  const config::ModelCard::Algorithm& algorithm = run.card.algorithm;
  return Check(group.getMeasurement().setAlgorithmIdentification(
                   run.text.Own(algorithm.name, 64, run.card.name).c_str(),
                   run.text.Own(algorithm.version, 64).c_str(), kUnchecked),
               "algorithm of the measurement");
}

Status AddSegmentGroup(const ResultRun& run, const SegmentFinding& segment,
                       const protocol::Artifact& segmentation, TID1500_MeasurementReport& report) {
  AXIAL_RETURN_IF_ERROR(Check(report.addVolumetricROIMeasurements(), "measurement group"));
  Groups& group = report.getVolumetricROIMeasurements();
  AXIAL_RETURN_IF_ERROR(Check(
      group.setTrackingIdentifier(run.text.OwnLong(segment.tracking_id, 1024).c_str(), kUnchecked),
      "tracking identifier"));
  AXIAL_RETURN_IF_ERROR(
      Check(group.setTrackingUniqueIdentifier(segment.tracking_uid.str().c_str()), "tracking UID"));
  AXIAL_RETURN_IF_ERROR(
      Check(group.setFinding(Entry(run, segment.spec.type), kUnchecked), "finding"));
  // dcmsr lets no other class have segments; NameClassOfInstance puts the true one in.
  DSRImageReferenceValue reference(kSegmentationClass, segmentation.sop_instance_uid.c_str());
  reference.getSegmentList().addItem(static_cast<Uint16>(segment.segment_number));
  AXIAL_RETURN_IF_ERROR(Check(group.setReferencedSegment(reference), "referenced segment"));
  AXIAL_RETURN_IF_ERROR(
      Check(group.setSourceSeriesForSegmentation(
                run.findings.source.series_instance_uid.str().c_str(), kUnchecked),
            "source series"));
  AXIAL_RETURN_IF_ERROR(AddFindingSite(run, segment.spec, group));
  for (const Measurement& measurement : segment.measurements)
    AXIAL_RETURN_IF_ERROR(AddMeasurement(run, measurement, group));
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

std::string ConfidenceSentence(const ResultRun& run, const ClassificationFinding& answer) {
  return fmt::format("{}: {} (model confidence {:.2f}).",
                     run.text.Own(answer.concept_name.meaning, 64, answer.concept_name.value),
                     run.text.Own(answer.value.meaning, 64, answer.value.value),
                     answer.probability);
}

/// The model did not run: coded so that no reader takes it for an absent finding.
Status FillFailure(const ResultRun& run, TID1500_MeasurementReport& report) {
  const protocol::RunFailure& failure = *run.options.failure;
  AXIAL_RETURN_IF_ERROR(
      Check(report.addQualitativeEvaluation(
                CODE_DCM_SummaryOfAnalyses,
                failure.not_applicable ? CODE_DCM_NotAttempted : CODE_DCM_Failed, kUnchecked),
            "failure"));
  AXIAL_RETURN_IF_ERROR(AddComment(
      run,
      fmt::format("{} could not run on this series. This is no result: nothing is said about what "
                  "the images show.",
                  AlgorithmTitle(run.card)),
      report));
  return AddComment(run, "Reason: " + failure.reason, report);
}

Status FillEvaluations(const ResultRun& run, TID1500_MeasurementReport& report) {
  if (run.options.failure) return FillFailure(run, report);
  const Findings& findings = run.findings;
  if (findings.segments.empty() && findings.classifications.empty())
    AXIAL_RETURN_IF_ERROR(
        Check(report.addQualitativeEvaluation(kFinding, kAbsent), "absence of a finding"));
  for (const ClassificationFinding& answer : findings.classifications) {
    if (answer.frame_index >= 0 && findings.source.frames.size() > 1) continue;  // see ExtendTree
    AXIAL_RETURN_IF_ERROR(
        Check(report.addQualitativeEvaluation(Entry(run, answer.concept_name),
                                              Entry(run, answer.value), kUnchecked),
              "answer"));
    AXIAL_RETURN_IF_ERROR(AddComment(run, ConfidenceSentence(run, answer), report));
  }
  if (findings.classifications.empty() && findings.segments.empty() && run.card.segments.empty())
    AXIAL_RETURN_IF_ERROR(
        AddComment(run, "The algorithm gave no answer above its threshold.", report));
  if (const std::string sentence = NotFoundSentence(run); !sentence.empty())
    AXIAL_RETURN_IF_ERROR(AddComment(run, sentence, report));
  std::string made_by = "Made by " + AlgorithmTitle(run.card) + ".";
  if (!Notice(run.card).empty()) made_by += " " + Notice(run.card);
  return AddComment(run, made_by, report);
}

DSRDocumentTreeNode* SetText(DSRTextTreeNode* node, const std::string& text) {
  static_cast<void>(node->setValue(text.c_str(), kUnchecked));
  return node;
}

Status AddText(const ResultRun& run, DSRTypes::E_RelationshipType relationship,
               const DSRCodedEntryValue& name, const std::string& text, DSRDocumentTree& tree) {
  auto* node = SetText(new DSRTextTreeNode(relationship), run.text.OwnLong(text, 1024));
  AXIAL_RETURN_IF_ERROR(Check(node->setConceptName(name, kUnchecked), "concept name"));
  AXIAL_RETURN_IF_ERROR(
      Check(tree.addContentItem(node, DSRTypes::AM_belowCurrent, OFTrue), "text item"));
  tree.goUp();
  return {};
}

Status AddAlgorithm(const ResultRun& run, DSRDocumentTree& tree) {
  AXIAL_RETURN_IF_ERROR(AddText(run, DSRTypes::RT_hasConceptMod, CODE_DCM_AlgorithmName,
                                run.card.algorithm.name, tree));
  return AddText(run, DSRTypes::RT_hasConceptMod, CODE_DCM_AlgorithmVersion,
                 run.card.algorithm.version, tree);
}

/// One answer about one image of several: TID 1501 with the image as its source.
Status AddImageGroup(const ResultRun& run, const ClassificationFinding& answer,
                     DSRDocumentTree& tree) {
  const SourceSeries& source = run.findings.source;
  const SourceFrame& frame = source.frames[static_cast<std::size_t>(answer.frame_index)];
  const auto add = [&](DSRTypes::E_RelationshipType relationship, DSRTypes::E_ValueType type,
                       const DSRCodedEntryValue& name) {
    return Check(tree.addChildContentItem(relationship, type, name, kUnchecked), "image group");
  };
  AXIAL_RETURN_IF_ERROR(
      add(DSRTypes::RT_contains, DSRTypes::VT_Container, CODE_DCM_MeasurementGroup));
  const std::string tracking = fmt::format("image|{}|{}|{}", frame.sop_instance_uid.str(),
                                           frame.frame_number, answer.concept_name.value);
  AXIAL_RETURN_IF_ERROR(
      AddText(run, DSRTypes::RT_hasObsContext, CODE_DCM_TrackingIdentifier,
              fmt::format("{} {}", answer.concept_name.meaning, answer.frame_index + 1), tree));
  AXIAL_RETURN_IF_ERROR(
      add(DSRTypes::RT_hasObsContext, DSRTypes::VT_UIDRef, CODE_DCM_TrackingUniqueIdentifier));
  tree.getCurrentContentItem().setStringValue(RunUid(run, tracking).str().c_str(), kUnchecked);
  tree.goUp();
  AXIAL_RETURN_IF_ERROR(AddAlgorithm(run, tree));
  AXIAL_RETURN_IF_ERROR(add(DSRTypes::RT_contains, DSRTypes::VT_Image,
                            DSRCodedEntryValue("260753009", "SCT", "Source")));
  DSRImageReferenceValue image(frame.sop_class_uid.str().c_str(),
                               frame.sop_instance_uid.str().c_str());
  if (frame.multi_frame) image.getFrameList().addItem(frame.frame_number);
  AXIAL_RETURN_IF_ERROR(
      Check(tree.getCurrentContentItem().setImageReference(image, kUnchecked), "image reference"));
  tree.goUp();
  AXIAL_RETURN_IF_ERROR(
      add(DSRTypes::RT_contains, DSRTypes::VT_Code, Entry(run, answer.concept_name)));
  tree.getCurrentContentItem().setCodeValue(Entry(run, answer.value), kUnchecked);
  tree.goUp();
  AXIAL_RETURN_IF_ERROR(
      AddText(run, DSRTypes::RT_contains, kComment, ConfidenceSentence(run, answer), tree));
  tree.goUp();
  return {};
}

}  // namespace

Status FillReport(const ResultRun& run, const std::optional<protocol::Artifact>& segmentation,
                  TID1500_MeasurementReport& report) {
  AXIAL_RETURN_IF_ERROR(FillContext(run, report));
  AXIAL_RETURN_IF_ERROR(FillImageLibrary(run, report));
  if (segmentation) {
    for (const SegmentFinding& segment : run.findings.segments)
      AXIAL_RETURN_IF_ERROR(AddSegmentGroup(run, segment, *segmentation, report));
  }
  return FillEvaluations(run, report);
}

Status ExtendTree(const ResultRun& run, DSRDocumentTree& tree) {
  if (tree.gotoNamedNode(CODE_DCM_MeasurementGroup) > 0) {
    do {
      AXIAL_RETURN_IF_ERROR(AddAlgorithm(run, tree));
    } while (tree.gotoNextNamedNode(CODE_DCM_MeasurementGroup) > 0);
  }
  if (run.findings.source.frames.size() <= 1) return {};
  for (const ClassificationFinding& answer : run.findings.classifications) {
    if (answer.frame_index < 0) continue;
    if (tree.gotoNamedNode(CODE_DCM_ImagingMeasurements) == 0)
      return Error(ErrorCode::kInternal, "report: no Imaging Measurements");
    AXIAL_RETURN_IF_ERROR(AddImageGroup(run, answer, tree));
  }
  return {};
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
