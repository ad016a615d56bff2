#include "inference/results/rt_structure_set.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <filesystem>
#include <set>

#include "inference/results/frame_plane.h"
#include "inference/results/functional_groups.h"
#include "inference/results/picture_objects.h"
#include "inference/results/result_file.h"
#include "inference/results/roi_outlines.h"

namespace axial::results {
namespace {

constexpr const char* kStudyClass = "1.2.840.10008.3.1.2.3.1";  // PS3.3 C.8.8.5: the Study

void PutImage(const SourceFrame& frame, AttributeWriter& writer) {
  AttributeWriter image = writer.AddItem(DCM_ContourImageSequence);
  PutFrameReference(frame, image);
}

/// PS3.3 C.8.8.5: the whole source Series, each Instance once.
void PutReferences(const SourceSeries& source, AttributeWriter& writer) {
  AttributeWriter frame_of_reference = writer.AddItem(DCM_ReferencedFrameOfReferenceSequence);
  frame_of_reference.Put(DCM_FrameOfReferenceUID, source.frame_of_reference_uid);
  AttributeWriter study = frame_of_reference.AddItem(DCM_RTReferencedStudySequence);
  study.Put(DCM_ReferencedSOPClassUID, kStudyClass);
  study.Put(DCM_ReferencedSOPInstanceUID, source.study_instance_uid.str());
  AttributeWriter series = study.AddItem(DCM_RTReferencedSeriesSequence);
  series.Put(DCM_SeriesInstanceUID, source.series_instance_uid.str());
  std::set<std::string> named;
  for (const SourceFrame& frame : source.frames) {
    if (!named.insert(frame.sop_instance_uid.str()).second) continue;
    AttributeWriter image = series.AddItem(DCM_ContourImageSequence);
    image.Put(DCM_ReferencedSOPClassUID, frame.sop_class_uid.str());
    image.Put(DCM_ReferencedSOPInstanceUID, frame.sop_instance_uid.str());
  }
}

/// ROI Names: planning systems tell regions apart by them.
std::vector<std::string> RoiNames(const ResultRun& run) {
  constexpr std::size_t kMaxCharacters = 64;
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (const SegmentFinding& segment : run.findings.segments) {
    const std::string name =
        run.text.Own(segment.spec.name, kMaxCharacters, segment.spec.type.meaning);
    names.push_back(name);
    for (int n = 2; !taken.insert(names.back()).second; ++n) {
      const std::string number = fmt::format(" {}", n);
      names.back() = run.text.Own(name, kMaxCharacters - number.size()) + number;
    }
  }
  return names;
}

void PutRoi(const ResultRun& run, const SegmentFinding& segment, const std::string& name,
            AttributeWriter& writer) {
  const std::string number = fmt::format("{}", segment.segment_number);
  AttributeWriter roi = writer.AddItem(DCM_StructureSetROISequence);
  roi.Put(DCM_ROINumber, number);
  roi.Put(DCM_ReferencedFrameOfReferenceUID, run.findings.source.frame_of_reference_uid);
  roi.Put(DCM_ROIName, name);
  roi.Put(DCM_ROIGenerationAlgorithm, "AUTOMATIC");
  AttributeWriter observation = writer.AddItem(DCM_RTROIObservationsSequence);
  observation.Put(DCM_ObservationNumber, number);
  observation.Put(DCM_ReferencedROINumber, number);
  observation.Put(DCM_RTROIInterpretedType, segment.spec.IsStructure() ? "ORGAN" : "");
  observation.Put(DCM_ROIInterpreter, "");
}

void PutContour(const ResultRun& run, const PlacedOutline& placed, const FramePlane& plane,
                AttributeWriter& roi) {
  const SegmentFrame& place = run.frames[placed.place];
  AttributeWriter item = roi.AddItem(DCM_ContourSequence);
  PutImage(run.findings.source.frames[static_cast<std::size_t>(place.slice)], item);
  item.Put(DCM_ContourGeometricType, kContourGeometricType);
  item.Put(DCM_NumberOfContourPoints, fmt::format("{}", placed.outline.points.size()));
  item.Put(DCM_ContourData, ContourData(plane, placed.outline.points));
}

Status PutRoiContours(const ResultRun& run, const std::vector<PlacedOutline>& outlines,
                      AttributeWriter& writer) {
  auto next = outlines.begin();
  for (const SegmentFinding& segment : run.findings.segments) {
    AttributeWriter roi = writer.AddItem(DCM_ROIContourSequence);
    const auto& [red, green, blue] = segment.spec.colour;
    roi.Put(DCM_ROIDisplayColor, fmt::format("{}\\{}\\{}", red, green, blue));
    roi.Put(DCM_ReferencedROINumber, fmt::format("{}", segment.segment_number));
    for (; next != outlines.end(); ++next) {
      const SegmentFrame& place = run.frames[next->place];
      if (place.segment_number != segment.segment_number) break;
      AXIAL_ASSIGN_OR_RETURN(
          const FramePlane plane,
          PlaneOf(run.findings.source.frames[static_cast<std::size_t>(place.slice)]));
      PutContour(run, *next, plane, roi);
    }
  }
  return {};
}

}  // namespace

std::string StructureSetDescription(const ResultRun& run, std::int64_t pixels_left_out) {
  std::string description = "Made by " + AlgorithmTitle(run.card) + "; not reviewed";
  if (pixels_left_out > 0)
    description += fmt::format("; small parts of {} pixels in all are left out", pixels_left_out);
  return run.text.OwnLong(description, 1024);
}

std::optional<std::string> RtStructureSetVariant(const ResultRun& run,
                                                 const config::ResultProfile& profile) {
  if (!profile.also.contains(config::ExtraResult::kRtStructureSet)) return std::nullopt;
  const SourceSeries& source = run.findings.source;
  if (!HasPlaneGeometry(source) || run.frames.empty()) return std::nullopt;
  for (const SourceFrame& frame : source.frames)
    if (!PlaneOf(frame).ok()) return std::nullopt;
  return "contours";
}

Result<protocol::Artifact> WriteRtStructureSet(const ResultRun& run, const ObjectRequest& request) {
  const ResultIdentity identity{kRtStructureSetClass, "RTSTRUCT", request.series_number,
                                RunUid(run, "rt_structure_set-series|" + request.variant)};
  DcmDataset dataset;
  AXIAL_RETURN_IF_ERROR(WriteCommonModules(run, identity, dataset));
  Status status;
  AttributeWriter writer(dataset, run.text, status);
  PutSeriesTitle(run, "contours", writer);
  writer.Put(DCM_OperatorsName, "");
  writer.Put(DCM_FrameOfReferenceUID, run.findings.source.frame_of_reference_uid);
  writer.Put(DCM_PositionReferenceIndicator, TextOf(run.source, DCM_PositionReferenceIndicator));
  writer.Put(DCM_StructureSetLabel,
             run.text.Own("AI " + AlgorithmTitle(run.card), 16, "AI " + run.card.name));
  PutReferences(run.findings.source, writer);
  const std::vector<std::string> names = RoiNames(run);
  for (std::size_t i = 0; i < names.size(); ++i)
    PutRoi(run, run.findings.segments[i], names[i], writer);
  AXIAL_ASSIGN_OR_RETURN(const RoiOutlines outlines, PlanRoiOutlines(run));
  AXIAL_RETURN_IF_ERROR(PutRoiContours(run, outlines.placed, writer));
  writer.Put(DCM_StructureSetDescription, StructureSetDescription(run, outlines.pixels_left_out));
  writer.Put(DCM_ApprovalStatus, "UNAPPROVED");
  AXIAL_RETURN_IF_ERROR(status);
  AXIAL_ASSIGN_OR_RETURN(const std::string digest, DigestOf(dataset));
  AXIAL_ASSIGN_OR_RETURN(const Uid instance,
                         WriteTimesAndInstanceUid(run, kRtStructureSetKind, digest, dataset));
  writer.Put(DCM_StructureSetDate, TextOf(dataset, DCM_ContentDate));
  writer.Put(DCM_StructureSetTime, TextOf(dataset, DCM_ContentTime));
  AXIAL_RETURN_IF_ERROR(status);
  AXIAL_RETURN_IF_ERROR(SaveDataset(dataset, request.path));
  return protocol::Artifact{std::filesystem::path(request.path).filename().string(),
                            kRtStructureSetKind, kRtStructureSetClass,
                            identity.series_instance_uid.str(), instance.str()};
}

}  // namespace axial::results
