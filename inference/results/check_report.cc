#include "inference/results/check_report.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <set>

#include "inference/results/check_common.h"
#include "inference/results/check_report_groups.h"
#include "inference/results/composite_context.h"
#include "inference/results/report_content.h"
#include "inference/results/report_reading.h"
#include "inference/results/structured_report.h"
#include "inference/results/written_object.h"

namespace axial::results {
namespace {

template <typename... Args>
Error Wrong(fmt::format_string<Args...> format, Args&&... args) {
  return Error(ErrorCode::kCorrupt, "report: " + fmt::format(format, std::forward<Args>(args)...));
}

Status Expect(DcmItem& item, const DcmTagKey& tag, const std::string& expected) {
  return ExpectValue(item, tag, expected, "report");
}

Status CheckDocument(const ResultRun& run, const ObjectRequest& request, DcmItem& dataset) {
  AXIAL_RETURN_IF_ERROR(Expect(dataset, DCM_SOPClassUID, ReportClass(request.profile)));
  AXIAL_RETURN_IF_ERROR(Expect(dataset, DCM_Modality, "SR"));
  AXIAL_RETURN_IF_ERROR(
      Expect(dataset, DCM_CompletionFlag, run.options.failure ? "PARTIAL" : "COMPLETE"));
  AXIAL_RETURN_IF_ERROR(Expect(dataset, DCM_VerificationFlag, "UNVERIFIED"));
  for (const DcmTagKey& tag : {DCM_ContentDate, DCM_ContentTime})
    if (!dataset.tagExistsWithValue(tag)) return Wrong("{} has no value", DcmTag(tag).getTagName());
  AXIAL_RETURN_IF_ERROR(CheckCommonModules(run, dataset, "report"));
  DcmItem* content_template = nullptr;
  if (dataset.findAndGetSequenceItem(DCM_ContentTemplateSequence, content_template, 0).bad())
    return Wrong("Content Template is missing");
  AXIAL_RETURN_IF_ERROR(Expect(*content_template, DCM_TemplateIdentifier, "1500"));
  if (ConceptOf(dataset) != "126000") return Wrong("root is not an Imaging Measurement Report");
  return {};
}

std::string Named(const SourceSeries& source, const std::string& series,
                  const std::string& sop_class, const std::string& instance) {
  return fmt::format("{} {} {} {}", source.study_instance_uid.str(), series, sop_class, instance);
}

Status CheckEvidence(const ResultRun& run, const std::optional<protocol::Artifact>& segmentation,
                     const ReportContentTree& tree, DcmItem& dataset) {
  const SourceSeries& source = run.findings.source;
  std::set<std::string> expected;
  std::set<std::string> instances;
  for (const SourceFrame& frame : source.frames) {
    expected.insert(Named(source, source.series_instance_uid.str(), frame.sop_class_uid.str(),
                          frame.sop_instance_uid.str()));
    instances.insert(frame.sop_instance_uid.str());
  }
  if (segmentation) {
    expected.insert(Named(source, segmentation->series_instance_uid, segmentation->sop_class_uid,
                          segmentation->sop_instance_uid));
    instances.insert(segmentation->sop_instance_uid);
  }
  const std::set<std::string> evidence =
      InstancesIn(dataset, DCM_CurrentRequestedProcedureEvidenceSequence);
  if (evidence != expected)
    return Wrong("evidence names {} Instances, not the {} that the run used", evidence.size(),
                 expected.size());
  for (const std::string& instance : tree.referenced_instances)
    if (!instances.contains(instance))
      return Wrong("the tree refers to {}, which is not in the evidence", instance);
  return {};
}

/// A failure says that it is one, and nothing that could be read as a result.
Status CheckFailure(const protocol::RunFailure& failure, const ReportContentTree& tree) {
  if (!tree.concepts.contains("111065")) return Wrong("the failure is not coded");
  if (!tree.codes.contains(failure.not_applicable ? "111225" : "111224"))
    return Wrong("the failure has another code");
  if (tree.concepts.contains("121071") || tree.codes.contains("2667000") || !tree.numbers.empty() ||
      !tree.groups.empty())
    return Wrong("a failure with findings");
  return {};
}

/// PS3.3 C.17.2: exactly the replaced reports are named as predecessors.
Status CheckPredecessors(const ResultRun& run, const ObjectRequest& request, DcmItem& dataset) {
  std::set<std::string> expected;
  for (const protocol::Predecessor& predecessor : request.replaced)
    if (predecessor.kind == "sr")
      expected.insert(Named(run.findings.source, predecessor.series_instance_uid,
                            predecessor.sop_class_uid, predecessor.sop_instance_uid));
  if (InstancesIn(dataset, DCM_PredecessorDocumentsSequence) != expected)
    return Wrong("its predecessors are not the {} reports that it replaces", expected.size());
  return {};
}

Status CheckContent(const ResultRun& run, const ObjectRequest& request,
                    const ReportContentTree& tree, DcmItem& dataset) {
  if (tree.image_library_entries == 0) return Wrong("Image Library is empty");
  for (const char* needed : {"126010", "121049", "121005", "121012", "121058"})
    if (!tree.concepts.contains(needed)) return Wrong("content item {} is missing", needed);
  if (run.options.failure) return CheckFailure(*run.options.failure, tree);
  AXIAL_RETURN_IF_ERROR(CheckReportGroups(run, request, tree, dataset));
  const Findings& findings = run.findings;
  const bool nothing = findings.segments.empty() && findings.classifications.empty();
  if (nothing != tree.says_absent)
    return nothing ? Wrong("nothing was found and the report does not say so")
                   : Wrong("something was found and the report says that nothing was");
  return {};
}

}  // namespace

Status CheckReport(const ResultRun& run, const ObjectRequest& request) {
  const std::optional<protocol::Artifact>& segmentation = request.segmentation;
  AXIAL_ASSIGN_OR_RETURN(const std::unique_ptr<DcmFileFormat> file,
                         ReadWrittenObject(request.path, "report"));
  DcmDataset& dataset = *file->getDataset();
  AXIAL_RETURN_IF_ERROR(CheckDocument(run, request, dataset));
  AXIAL_ASSIGN_OR_RETURN(const ReportContentTree tree, ReadContentTree(dataset));
  AXIAL_RETURN_IF_ERROR(CheckEvidence(run, segmentation, tree, dataset));
  AXIAL_RETURN_IF_ERROR(CheckPredecessors(run, request, dataset));
  AXIAL_RETURN_IF_ERROR(CheckContent(run, request, tree, dataset));
  if (segmentation)
    NameClassOfInstance(segmentation->sop_instance_uid, kSegmentationClass, dataset);
  return CheckIsDocument(run, dataset, "report");
}

}  // namespace axial::results
