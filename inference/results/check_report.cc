#include "inference/results/check_report.h"

#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmsr/dsrdoc.h>
#include <fmt/core.h>

#include <set>

#include "inference/results/composite_context.h"
#include "inference/results/report_content.h"
#include "inference/results/structured_report.h"
#include "inference/results/written_object.h"

namespace axial::results {
namespace {

constexpr int kMaxTreeDepth = 16;

template <typename... Args>
Error Wrong(fmt::format_string<Args...> format, Args&&... args) {
  return Error(ErrorCode::kCorrupt, "report: " + fmt::format(format, std::forward<Args>(args)...));
}

Status Expect(DcmItem& item, const DcmTagKey& tag, const std::string& expected) {
  return ExpectValue(item, tag, expected, "report");
}

/// Calls `visit(DcmItem&)` for each item of a sequence until it fails.
template <typename Visit>
Status ForEachItem(DcmItem& item, const DcmTagKey& sequence, const Visit& visit) {
  DcmSequenceOfItems* items = nullptr;
  if (item.findAndGetSequence(sequence, items).bad()) return {};
  // Not nextInContainer: the visitor may walk the same list again.
  for (unsigned long i = 0; i < items->card(); ++i)
    AXIAL_RETURN_IF_ERROR(visit(*items->getItem(i)));
  return {};
}

std::string ConceptOf(DcmItem& item) {
  DcmItem* code = nullptr;
  if (item.findAndGetSequenceItem(DCM_ConceptNameCodeSequence, code, 0).bad()) return "";
  return TextOf(*code, DCM_CodeValue);
}

/// What the content tree says, gathered in one walk.
struct Tree {
  std::set<std::string> referenced_instances;
  std::set<std::string> concepts;        ///< code values of all concept names
  std::set<std::string> codes;           ///< code values of all answers (value type CODE)
  int measurements = 0;                  ///< content items NUM outside the image library
  std::vector<DcmItem*> segment_groups;  ///< measurement groups with a Referenced Segment
  int image_library_entries = 0;
};

Status Walk(DcmItem& item, int depth, bool in_library, Tree& tree) {
  if (depth > kMaxTreeDepth) return Wrong("content tree is deeper than {}", kMaxTreeDepth);
  const std::string name = ConceptOf(item);
  tree.concepts.insert(name);
  const bool library = in_library || name == "111028";
  if (!library && TextOf(item, DCM_ValueType) == "NUM") ++tree.measurements;
  DcmItem* answer = nullptr;
  if (item.findAndGetSequenceItem(DCM_ConceptCodeSequence, answer, 0).good())
    tree.codes.insert(TextOf(*answer, DCM_CodeValue));
  AXIAL_RETURN_IF_ERROR(
      ForEachItem(item, DCM_ReferencedSOPSequence, [&](DcmItem& reference) -> Status {
        tree.referenced_instances.insert(TextOf(reference, DCM_ReferencedSOPInstanceUID));
        if (library) ++tree.image_library_entries;
        if (name == "121191") tree.segment_groups.push_back(item.getParentItem());
        return {};
      }));
  for (const DcmTagKey& sequence : {DCM_ConceptNameCodeSequence, DCM_ConceptCodeSequence})
    AXIAL_RETURN_IF_ERROR(ForEachItem(item, sequence, [&](DcmItem& code) -> Status {
      if (TextOf(code, DCM_CodeMeaning).empty() || TextOf(code, DCM_CodingSchemeDesignator).empty())
        return Wrong("a code without scheme or meaning");
      return {};
    }));
  return ForEachItem(item, DCM_ContentSequence,
                     [&](DcmItem& child) { return Walk(child, depth + 1, library, tree); });
}

Status CheckDocument(const ResultRun& run, const ObjectRequest& request, DcmItem& dataset) {
  AXIAL_RETURN_IF_ERROR(Expect(dataset, DCM_SOPClassUID, ReportClass(request.profile)));
  AXIAL_RETURN_IF_ERROR(Expect(dataset, DCM_Modality, "SR"));
  AXIAL_RETURN_IF_ERROR(
      Expect(dataset, DCM_StudyInstanceUID, run.findings.source.study_instance_uid.str()));
  AXIAL_RETURN_IF_ERROR(
      Expect(dataset, DCM_CompletionFlag, run.options.failure ? "PARTIAL" : "COMPLETE"));
  AXIAL_RETURN_IF_ERROR(Expect(dataset, DCM_VerificationFlag, "UNVERIFIED"));
  AXIAL_RETURN_IF_ERROR(Expect(dataset, DCM_SpecificCharacterSet, run.text.character_set()));
  for (const DcmTagKey& tag :
       {DCM_SOPInstanceUID, DCM_SeriesInstanceUID, DCM_SeriesNumber, DCM_InstanceNumber,
        DCM_ContentDate, DCM_ContentTime, DCM_Manufacturer, DCM_ContributingEquipmentSequence})
    if (!dataset.tagExistsWithValue(tag)) return Wrong("{} has no value", DcmTag(tag).getTagName());
  if (const Status same = CompareCompositeContext(run.source, dataset); !same.ok())
    return same.error().WithContext("report");
  DcmItem* content_template = nullptr;
  if (dataset.findAndGetSequenceItem(DCM_ContentTemplateSequence, content_template, 0).bad())
    return Wrong("Content Template is missing");
  AXIAL_RETURN_IF_ERROR(Expect(*content_template, DCM_TemplateIdentifier, "1500"));
  if (ConceptOf(dataset) != "126000") return Wrong("root is not an Imaging Measurement Report");
  return {};
}

/// The Instances that a sequence of studies (PS3.3 C.17.2.1) names.
std::set<std::string> InstancesIn(DcmItem& dataset, const DcmTagKey& studies) {
  std::set<std::string> instances;
  const auto study = [&](DcmItem& study_item) {
    return ForEachItem(study_item, DCM_ReferencedSeriesSequence, [&](DcmItem& series) {
      return ForEachItem(series, DCM_ReferencedSOPSequence, [&](DcmItem& reference) -> Status {
        instances.insert(TextOf(reference, DCM_ReferencedSOPInstanceUID));
        return {};
      });
    });
  };
  static_cast<void>(ForEachItem(dataset, studies, study).ok());
  return instances;
}

Status CheckEvidence(const ResultRun& run, const std::optional<protocol::Artifact>& segmentation,
                     const Tree& tree, DcmItem& dataset) {
  std::set<std::string> expected;
  for (const SourceFrame& frame : run.findings.source.frames)
    expected.insert(frame.sop_instance_uid.str());
  if (segmentation) expected.insert(segmentation->sop_instance_uid);
  const std::set<std::string> evidence =
      InstancesIn(dataset, DCM_CurrentRequestedProcedureEvidenceSequence);
  if (evidence != expected)
    return Wrong("evidence names {} Instances instead of {}", evidence.size(), expected.size());
  for (const std::string& instance : tree.referenced_instances)
    if (!evidence.contains(instance))
      return Wrong("the tree refers to {}, which is not in the evidence", instance);
  return {};
}

/// The group's direct children with that concept name.
std::vector<DcmItem*> Children(DcmItem& group, const std::string& concept_code) {
  std::vector<DcmItem*> children;
  static_cast<void>(ForEachItem(group, DCM_ContentSequence, [&](DcmItem& child) -> Status {
                      if (ConceptOf(child) == concept_code) children.push_back(&child);
                      return {};
                    }).ok());
  return children;
}

Status CheckMeasurements(const SegmentFinding& segment, DcmItem& group) {
  std::multiset<std::string> expected;
  for (const Measurement& measurement : segment.measurements)
    expected.insert(measurement.quantity.value + "=" + FormatMeasuredValue(measurement.value) +
                    " " + measurement.unit.value);
  std::multiset<std::string> found;
  AXIAL_RETURN_IF_ERROR(ForEachItem(group, DCM_ContentSequence, [&](DcmItem& child) -> Status {
    if (TextOf(child, DCM_ValueType) != "NUM") return {};
    DcmItem* value = nullptr;
    DcmItem* unit = nullptr;
    if (child.findAndGetSequenceItem(DCM_MeasuredValueSequence, value, 0).bad() ||
        value->findAndGetSequenceItem(DCM_MeasurementUnitsCodeSequence, unit, 0).bad())
      return Wrong("a measurement without value or unit");
    found.insert(ConceptOf(child) + "=" + TextOf(*value, DCM_NumericValue) + " " +
                 TextOf(*unit, DCM_CodeValue));
    return {};
  }));
  if (found != expected)
    return Wrong("measurements of segment {} are not those found", segment.segment_number);
  return {};
}

Status CheckSegmentGroup(const SegmentFinding& segment, const protocol::Artifact& segmentation,
                         DcmItem& group) {
  const std::vector<DcmItem*> uids = Children(group, "112040");
  if (uids.size() != 1 || Children(group, "112039").size() != 1)
    return Wrong("segment {} without Tracking Identifier and UID", segment.segment_number);
  AXIAL_RETURN_IF_ERROR(Expect(*uids.front(), DCM_UID, segment.tracking_uid.str()));
  DcmItem* reference = nullptr;
  const std::vector<DcmItem*> segments = Children(group, "121191");
  if (segments.size() != 1 ||
      segments.front()->findAndGetSequenceItem(DCM_ReferencedSOPSequence, reference, 0).bad())
    return Wrong("segment {} without Referenced Segment", segment.segment_number);
  AXIAL_RETURN_IF_ERROR(
      Expect(*reference, DCM_ReferencedSOPInstanceUID, segmentation.sop_instance_uid));
  AXIAL_RETURN_IF_ERROR(Expect(*reference, DCM_ReferencedSOPClassUID, segmentation.sop_class_uid));
  AXIAL_RETURN_IF_ERROR(
      Expect(*reference, DCM_ReferencedSegmentNumber, fmt::format("{}", segment.segment_number)));
  return CheckMeasurements(segment, group);
}

/// A failure says that it is one, and nothing that could be read as a result.
Status CheckFailure(const protocol::RunFailure& failure, const Tree& tree) {
  if (!tree.concepts.contains("111065")) return Wrong("the failure is not coded");
  if (!tree.codes.contains(failure.not_applicable ? "111225" : "111224"))
    return Wrong("the failure has another code");
  if (tree.concepts.contains("121071") || tree.codes.contains("2667000") || tree.measurements > 0 ||
      !tree.segment_groups.empty())
    return Wrong("a failure with findings");
  return {};
}

/// PS3.3 C.17.2: exactly the replaced reports are named as predecessors.
Status CheckPredecessors(const ObjectRequest& request, DcmItem& dataset) {
  std::set<std::string> expected;
  for (const protocol::Predecessor& predecessor : request.replaced)
    if (predecessor.kind == "sr") expected.insert(predecessor.sop_instance_uid);
  if (InstancesIn(dataset, DCM_PredecessorDocumentsSequence) != expected)
    return Wrong("its predecessors are not the {} reports that it replaces", expected.size());
  return {};
}

Status CheckContent(const ResultRun& run, const std::optional<protocol::Artifact>& segmentation,
                    const Tree& tree) {
  if (tree.image_library_entries == 0) return Wrong("Image Library is empty");
  for (const char* needed : {"126010", "121005", "121012", "121058"})
    if (!tree.concepts.contains(needed)) return Wrong("content item {} is missing", needed);
  if (run.options.failure) return CheckFailure(*run.options.failure, tree);
  const Findings& findings = run.findings;
  const std::size_t expected = segmentation ? findings.segments.size() : 0;
  if (tree.segment_groups.size() != expected)
    return Wrong("{} segment groups instead of {}", tree.segment_groups.size(), expected);
  for (std::size_t i = 0; i < expected; ++i)
    AXIAL_RETURN_IF_ERROR(
        CheckSegmentGroup(findings.segments[i], *segmentation, *tree.segment_groups[i]));
  if (findings.segments.empty() && findings.classifications.empty() &&
      !tree.concepts.contains("121071"))
    return Wrong("nothing was found and the report does not say so");
  for (const ClassificationFinding& answer : findings.classifications)
    if (!tree.concepts.contains(answer.concept_name.value))
      return Wrong("answer {} is missing", answer.concept_name.value);
  return {};
}

/// dcmsr warns about every character set and every odd value of the source; it is here to judge the
/// document, and the composite context has been compared already.
void RemoveForeignText(const ResultRun& run, DcmItem& dataset) {
  for (DcmElement* element : CompositeContextElements(dataset)) {
    const DcmTagKey tag = element->getTag();
    if (tag != DCM_StudyInstanceUID) dataset.insertEmptyElement(tag);
  }
  if (!run.text.own_unicode()) dataset.findAndDeleteElement(DCM_SpecificCharacterSet);
}

}  // namespace

Status CheckReport(const ResultRun& run, const ObjectRequest& request) {
  const std::optional<protocol::Artifact>& segmentation = request.segmentation;
  AXIAL_ASSIGN_OR_RETURN(const std::unique_ptr<DcmFileFormat> file,
                         ReadWrittenObject(request.path, "report"));
  DcmDataset& dataset = *file->getDataset();
  AXIAL_RETURN_IF_ERROR(CheckDocument(run, request, dataset));
  Tree tree;
  AXIAL_RETURN_IF_ERROR(Walk(dataset, 0, false, tree));
  AXIAL_RETURN_IF_ERROR(CheckEvidence(run, segmentation, tree, dataset));
  AXIAL_RETURN_IF_ERROR(CheckPredecessors(request, dataset));
  AXIAL_RETURN_IF_ERROR(CheckContent(run, segmentation, tree));
  RemoveForeignText(run, dataset);
  if (segmentation)
    NameClassOfInstance(segmentation->sop_instance_uid, kSegmentationClass, dataset);
  DSRDocument document;
  if (const OFCondition read = document.read(dataset); read.bad() || !document.isValid())
    return Wrong("not a valid document: {}", read.text());
  return {};
}

}  // namespace axial::results
