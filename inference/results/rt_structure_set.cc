#include "inference/results/rt_structure_set.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "inference/results/composite_context.h"
#include "inference/results/contours.h"
#include "inference/results/functional_groups.h"
#include "inference/results/picture_objects.h"
#include "inference/results/result_file.h"
#include "inference/results/written_object.h"
#include "inference/volume/vector3.h"

namespace axial::results {
namespace {

constexpr const char* kKind = "rt_structure_set";
constexpr const char* kObject = "structure set";
constexpr const char* kClass = "1.2.840.10008.5.1.4.1.1.481.3";  // RT Structure Set Storage
constexpr const char* kStudyClass = "1.2.840.10008.3.1.2.3.1";   // PS3.3 C.8.8.5: the Study
constexpr std::size_t kMaxPoints = 1'900;
constexpr std::size_t kMaxContours = 10'000;      ///< of a segment on a frame
constexpr std::size_t kMaxContourBytes = 65'534;  // PS3.5 7.1.2: DS has a length of 16 bits

/// Where the pixels of one frame are.
struct Plane {
  Vector3 origin{};       ///< centre of the first pixel
  Vector3 column_step{};  ///< from one column to the next
  Vector3 row_step{};     ///< from one row to the next
};

Result<Plane> PlaneOf(const SourceFrame& frame) {
  const std::vector<double> origin = NumbersOf(frame.image_position_patient);
  const std::vector<double> axes = NumbersOf(frame.image_orientation_patient);
  const std::vector<double> spacing = NumbersOf(frame.pixel_spacing);
  if (origin.size() != 3 || axes.size() != 6 || spacing.size() != 2)
    return Error(ErrorCode::kInvalidInput, "structure set: a frame's geometry is not numbers");
  return Plane{{origin[0], origin[1], origin[2]},
               spacing[1] * Vector3{axes[0], axes[1], axes[2]},
               spacing[0] * Vector3{axes[3], axes[4], axes[5]}};
}

Vector3 PatientPoint(const Plane& plane, const ContourPoint& point) {
  return plane.origin + (point.column - 0.5) * plane.column_step +
         (point.row - 0.5) * plane.row_step;
}

/// Contour Data: x\y\z of every point, at most 16 characters a value.
std::string ContourData(const Plane& plane, const Contour& contour) {
  std::string data;
  for (const ContourPoint& point : contour.points)
    for (const double mm : PatientPoint(plane, point)) {
      if (!data.empty()) data += '\\';
      data += FormatDecimal(std::round(mm * 1e4) / 1e4 + 0.0);
    }
  return data;
}

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

void PutRoi(const ResultRun& run, const SegmentFinding& segment, AttributeWriter& writer) {
  const std::string number = fmt::format("{}", segment.segment_number);
  AttributeWriter roi = writer.AddItem(DCM_StructureSetROISequence);
  roi.Put(DCM_ROINumber, number);
  roi.Put(DCM_ReferencedFrameOfReferenceUID, run.findings.source.frame_of_reference_uid);
  roi.Put(DCM_ROIName, run.text.Own(segment.spec.name, 64, segment.spec.type.meaning));
  roi.Put(DCM_ROIGenerationAlgorithm, "AUTOMATIC");
  AttributeWriter observation = writer.AddItem(DCM_RTROIObservationsSequence);
  observation.Put(DCM_ObservationNumber, number);
  observation.Put(DCM_ReferencedROINumber, number);
  const CodedConcept& category = segment.spec.category;
  const bool organ =
      category.scheme == "SCT" && (category.value == "123037004" || category.value == "91723000");
  observation.Put(DCM_RTROIInterpretedType, organ ? "ORGAN" : "");
  observation.Put(DCM_ROIInterpreter, "");
}

/// The outlines of one segment on one slice. Gives how many were left out.
Result<std::size_t> PutContours(const ResultRun& run, const SegmentFrame& place,
                                AttributeWriter& roi) {
  const SegmentFinding& segment =
      run.findings.segments[static_cast<std::size_t>(place.segment_number - 1)];
  const SourceFrame& frame = run.findings.source.frames[static_cast<std::size_t>(place.slice)];
  AXIAL_ASSIGN_OR_RETURN(const Plane plane, PlaneOf(frame));
  const Contours traced = SegmentContours(run.findings, segment, place.slice,
                                          {.max_points = kMaxPoints, .max_contours = kMaxContours});
  for (const Contour& contour : traced.contours) {
    const std::string data = ContourData(plane, contour);
    if (data.size() > kMaxContourBytes)
      return MakeError(ErrorCode::kInternal, "structure set: a contour of {} points takes {} bytes",
                       contour.points.size(), data.size());
    AttributeWriter item = roi.AddItem(DCM_ContourSequence);
    PutImage(frame, item);
    item.Put(DCM_ContourGeometricType, "CLOSED_PLANAR");
    item.Put(DCM_NumberOfContourPoints, fmt::format("{}", contour.points.size()));
    item.Put(DCM_ContourData, data);
  }
  return traced.left_out;
}

Result<std::size_t> PutRoiContours(const ResultRun& run, AttributeWriter& writer) {
  std::size_t left_out = 0;
  for (const SegmentFinding& segment : run.findings.segments) {
    AttributeWriter roi = writer.AddItem(DCM_ROIContourSequence);
    const auto& [red, green, blue] = segment.spec.colour;
    roi.Put(DCM_ROIDisplayColor, fmt::format("{}\\{}\\{}", red, green, blue));
    roi.Put(DCM_ReferencedROINumber, fmt::format("{}", segment.segment_number));
    for (const SegmentFrame& place : run.frames) {
      if (place.segment_number != segment.segment_number || place.voxels == 0) continue;
      AXIAL_ASSIGN_OR_RETURN(const std::size_t more, PutContours(run, place, roi));
      left_out += more;
    }
  }
  return left_out;
}

/// One contour against the frame it names: counts, and that its points lie in the plane.
Status CheckContour(const std::map<std::pair<std::string, std::string>, Plane>& planes,
                    DcmItem& contour) {
  AXIAL_RETURN_IF_ERROR(ExpectValue(contour, DCM_ContourGeometricType, "CLOSED_PLANAR", kObject));
  DcmItem* image = ItemOf(contour, DCM_ContourImageSequence);
  const auto plane = image == nullptr ? planes.end()
                                      : planes.find({TextOf(*image, DCM_ReferencedSOPInstanceUID),
                                                     TextOf(*image, DCM_ReferencedFrameNumber)});
  if (plane == planes.end())
    return MakeError(ErrorCode::kCorrupt, "{}: a contour names no frame of the source", kObject);
  const std::vector<double> numbers = NumbersOf(TextOf(contour, DCM_ContourData));
  if (numbers.size() < 9 || numbers.size() % 3 != 0)
    return MakeError(ErrorCode::kCorrupt, "{}: Contour Data are not points", kObject);
  AXIAL_RETURN_IF_ERROR(ExpectValue(contour, DCM_NumberOfContourPoints,
                                    fmt::format("{}", numbers.size() / 3), kObject));
  const Vector3 normal = Unit(Cross(plane->second.column_step, plane->second.row_step));
  for (std::size_t i = 0; i < numbers.size(); i += 3) {
    const Vector3 point = {numbers[i], numbers[i + 1], numbers[i + 2]};
    if (!(std::abs(Dot(point - plane->second.origin, normal)) < 0.01))
      return MakeError(ErrorCode::kCorrupt, "{}: a contour leaves the plane of its frame", kObject);
  }
  return {};
}

Status CheckRois(const ResultRun& run, DcmItem& dataset) {
  std::map<std::pair<std::string, std::string>, Plane> planes;
  for (const SourceFrame& frame : run.findings.source.frames) {
    AXIAL_ASSIGN_OR_RETURN(const Plane plane, PlaneOf(frame));
    planes.insert({{frame.sop_instance_uid.str(),
                    frame.multi_frame ? fmt::format("{}", frame.frame_number) : ""},
                   plane});
  }
  const std::size_t count = run.findings.segments.size();
  for (const DcmTagKey& tag :
       {DCM_StructureSetROISequence, DCM_ROIContourSequence, DCM_RTROIObservationsSequence})
    if (ItemCount(dataset, tag) != count)
      return MakeError(ErrorCode::kCorrupt, "{}: {} has {} items instead of {}", kObject,
                       DcmTag(tag).getTagName(), ItemCount(dataset, tag), count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string number = fmt::format("{}", i + 1);
    DcmItem& roi = *ItemOf(dataset, DCM_StructureSetROISequence, static_cast<long>(i));
    AXIAL_RETURN_IF_ERROR(ExpectValue(roi, DCM_ROINumber, number, kObject));
    AXIAL_RETURN_IF_ERROR(ExpectValue(roi, DCM_ReferencedFrameOfReferenceUID,
                                      run.findings.source.frame_of_reference_uid, kObject));
    DcmItem& drawn = *ItemOf(dataset, DCM_ROIContourSequence, static_cast<long>(i));
    AXIAL_RETURN_IF_ERROR(ExpectValue(drawn, DCM_ReferencedROINumber, number, kObject));
    const unsigned long contours = ItemCount(drawn, DCM_ContourSequence);
    if (contours == 0) return MakeError(ErrorCode::kCorrupt, "{}: ROI {} is empty", kObject, i + 1);
    for (unsigned long c = 0; c < contours; ++c)
      AXIAL_RETURN_IF_ERROR(
          CheckContour(planes, *ItemOf(drawn, DCM_ContourSequence, static_cast<long>(c))));
  }
  return {};
}

}  // namespace

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
  const ResultIdentity identity{kClass, "RTSTRUCT", request.series_number,
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
  for (const SegmentFinding& segment : run.findings.segments) PutRoi(run, segment, writer);
  AXIAL_ASSIGN_OR_RETURN(const std::size_t left_out, PutRoiContours(run, writer));
  std::string description = "Made by " + AlgorithmTitle(run.card) + "; not reviewed";
  if (left_out > 0) description += fmt::format("; {} small contours left out", left_out);
  writer.Put(DCM_StructureSetDescription, run.text.OwnLong(description, 1024));
  writer.Put(DCM_ApprovalStatus, "UNAPPROVED");
  AXIAL_RETURN_IF_ERROR(status);
  AXIAL_ASSIGN_OR_RETURN(const std::string digest, DigestOf(dataset));
  AXIAL_ASSIGN_OR_RETURN(const Uid instance, WriteTimesAndInstanceUid(run, kKind, digest, dataset));
  writer.Put(DCM_StructureSetDate, TextOf(dataset, DCM_ContentDate));
  writer.Put(DCM_StructureSetTime, TextOf(dataset, DCM_ContentTime));
  AXIAL_RETURN_IF_ERROR(status);
  AXIAL_RETURN_IF_ERROR(SaveDataset(dataset, request.path));
  return protocol::Artifact{std::filesystem::path(request.path).filename().string(), kKind, kClass,
                            identity.series_instance_uid.str(), instance.str()};
}

Status CheckRtStructureSet(const ResultRun& run, const ObjectRequest& request) {
  AXIAL_ASSIGN_OR_RETURN(const std::unique_ptr<DcmFileFormat> file,
                         ReadWrittenObject(request.path, kObject));
  DcmDataset& dataset = *file->getDataset();
  const std::pair<DcmTagKey, std::string> expected[] = {
      {DCM_SOPClassUID, kClass},
      {DCM_Modality, "RTSTRUCT"},
      {DCM_ApprovalStatus, "UNAPPROVED"},
      {DCM_FrameOfReferenceUID, run.findings.source.frame_of_reference_uid},
      {DCM_StructureSetDate, TextOf(dataset, DCM_ContentDate)},
      {DCM_StructureSetTime, TextOf(dataset, DCM_ContentTime)},
  };
  for (const auto& [tag, value] : expected)
    AXIAL_RETURN_IF_ERROR(ExpectValue(dataset, tag, value, kObject));
  AXIAL_RETURN_IF_ERROR(CheckPictureObject(run, dataset, kObject));
  AXIAL_RETURN_IF_ERROR(CheckRois(run, dataset));
  dataset.findAndDeleteElement(DCM_StructureSetDate);
  dataset.findAndDeleteElement(DCM_StructureSetTime);
  return CheckContentUid(run, kKind, dataset, kObject);
}

}  // namespace axial::results
