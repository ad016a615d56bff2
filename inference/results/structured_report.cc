#include "inference/results/structured_report.h"

#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmsr/cmr/tid1500.h>
#include <dcmtk/dcmsr/dsrdoc.h>

#include <fmt/core.h>

#include <filesystem>
#include <set>

#include "inference/results/composite_context.h"
#include "inference/results/failure_words.h"
#include "inference/results/report_content.h"
#include "inference/results/report_groups.h"
#include "inference/results/report_regions.h"
#include "inference/results/result_file.h"
#include "inference/results/segmentation.h"

namespace axial::results {
namespace {

/// Every Instance the tree refers to (PS3.3 C.17.2: Current Requested Procedure Evidence).
Status AddEvidence(const ResultRun& run, const std::optional<protocol::Artifact>& segmentation,
                   DSRSOPInstanceReferenceList& evidence) {
  const SourceSeries& source = run.findings.source;
  const auto add = [&](const std::string& series, const std::string& sop_class,
                       const std::string& instance) -> Status {
    const OFCondition added =
        evidence.addItem(source.study_instance_uid.str().c_str(), series.c_str(), sop_class.c_str(),
                         instance.c_str(), OFFalse);
    if (added.bad()) return MakeError(ErrorCode::kInternal, "report: evidence: {}", added.text());
    return {};
  };
  std::set<std::string> written;
  for (const SourceFrame& frame : source.frames) {
    if (!written.insert(frame.sop_instance_uid.str()).second) continue;
    AXIAL_RETURN_IF_ERROR(add(source.series_instance_uid.str(), frame.sop_class_uid.str(),
                              frame.sop_instance_uid.str()));
  }
  if (!segmentation) return {};
  return add(segmentation->series_instance_uid, segmentation->sop_class_uid,
             segmentation->sop_instance_uid);
}

/// dcmsr draws UIDs and times of its own; they must not take part in the digest.
void RemoveDrawnValues(DcmItem& dataset) {
  for (const DcmTagKey& tag :
       {DCM_SOPInstanceUID, DCM_InstanceCreationDate, DCM_InstanceCreationTime, DCM_ContentDate,
        DCM_ContentTime, DCM_SeriesDate, DCM_SeriesTime})
    dataset.findAndDeleteElement(tag);
}

/// PS3.3 C.17.2: documents whose content this one replaces.
Status AddPredecessors(const ResultRun& run, const ObjectRequest& request, DSRDocument& document) {
  for (const protocol::Predecessor& predecessor : request.replaced) {
    if (predecessor.kind != "sr") continue;
    const OFCondition added = document.getPredecessorDocuments().addItem(
        run.findings.source.study_instance_uid.str().c_str(),
        predecessor.series_instance_uid.c_str(), predecessor.sop_class_uid.c_str(),
        predecessor.sop_instance_uid.c_str(), OFFalse);
    if (added.bad())
      return MakeError(ErrorCode::kInternal, "report: predecessor: {}", added.text());
  }
  return {};
}

DSRTypes::E_DocumentType DocumentType(const config::ResultProfile& profile) {
  switch (profile.report) {
    case config::ResultProfile::Report::kComprehensive:
      return DSRTypes::DT_ComprehensiveSR;
    case config::ResultProfile::Report::kEnhanced:
      return DSRTypes::DT_EnhancedSR;
    default:
      return DSRTypes::DT_Comprehensive3DSR;
  }
}

Status BuildDataset(const ResultRun& run, const ObjectRequest& request, DcmDataset& dataset) {
  const std::optional<protocol::Artifact>& segmentation = request.segmentation;
  TID1500_MeasurementReport report(CMR_CID7021::ImagingMeasurementReport);
  const ReportRegions regions = PlanReportRegions(run, segmentation.has_value());
  AXIAL_RETURN_IF_ERROR(FillReport(run, regions, report));
  DSRDocument document;
  const auto check = [](const OFCondition& condition, const char* what) -> Status {
    if (condition.good()) return {};
    return MakeError(ErrorCode::kInternal, "report: {}: {}", what, condition.text());
  };
  AXIAL_RETURN_IF_ERROR(check(document.setTreeFromRootTemplate(report), "template"));
  AXIAL_RETURN_IF_ERROR(
      check(document.changeDocumentType(DocumentType(request.profile)), "document class"));
  AXIAL_RETURN_IF_ERROR(AddMeasurementGroups(run, segmentation, regions, document.getTree()));
  AXIAL_RETURN_IF_ERROR(
      AddEvidence(run, segmentation, document.getCurrentRequestedProcedureEvidence()));
  AXIAL_RETURN_IF_ERROR(AddPredecessors(run, request, document));
  // The character set itself comes with the composite context; dcmsr needs to know it only when our
  // text is more than ASCII.
  if (run.text.own_unicode())
    AXIAL_RETURN_IF_ERROR(
        check(document.setSpecificCharacterSetType(DSRTypes::CS_UTF8), "character set"));
  if (run.options.failure)  // a document stays PARTIAL until it is completed
    AXIAL_RETURN_IF_ERROR(
        check(document.setCompletionFlagDescription("AI could not run"), "completion"));
  else
    AXIAL_RETURN_IF_ERROR(check(document.completeDocument(), "completion"));
  AXIAL_RETURN_IF_ERROR(check(document.write(dataset), "encoding"));
  RemoveDrawnValues(dataset);
  if (segmentation)
    NameClassOfInstance(segmentation->sop_instance_uid, segmentation->sop_class_uid, dataset);
  return {};
}

}  // namespace

std::optional<std::string> ReportVariant(const ResultRun& run,
                                         const config::ResultProfile& profile) {
  if (profile.report == config::ResultProfile::Report::kNone) return std::nullopt;
  return fmt::format("{}|{}|{}", config::NameOfEnum(config::kReportNames, profile.report),
                     run.options.failure ? "failed" : "done",
                     SegmentationVariant(run, profile).value_or("none"));
}

const char* ReportClass(const config::ResultProfile& profile) {
  return config::NameOfEnum(config::kReportSopClasses, profile.report).data();
}

Result<protocol::Artifact> WriteReport(const ResultRun& run, const ObjectRequest& request) {
  DcmDataset dataset;
  AXIAL_RETURN_IF_ERROR(BuildDataset(run, request, dataset));
  const ResultIdentity identity{ReportClass(request.profile), "SR", request.series_number,
                                RunUid(run, "sr-series|" + request.variant)};
  AXIAL_RETURN_IF_ERROR(WriteCommonModules(run, identity, dataset));
  if (run.options.failure) {
    Status status;
    AttributeWriter writer(dataset, run.text, status);
    PutFailureTitle(run, writer);
    AXIAL_RETURN_IF_ERROR(status);
  }
  AXIAL_ASSIGN_OR_RETURN(const std::string digest, DigestOf(dataset));
  AXIAL_ASSIGN_OR_RETURN(const Uid instance, WriteTimesAndInstanceUid(run, "sr", digest, dataset));
  AXIAL_RETURN_IF_ERROR(SaveDataset(dataset, request.path));
  return protocol::Artifact{std::filesystem::path(request.path).filename().string(), "sr",
                            identity.sop_class, identity.series_instance_uid.str(), instance.str()};
}

}  // namespace axial::results
