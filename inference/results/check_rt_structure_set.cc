#include "inference/results/check_rt_structure_set.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "inference/results/frame_plane.h"
#include "inference/results/picture_objects.h"
#include "inference/results/rt_structure_set.h"
#include "inference/results/written_object.h"

namespace axial::results {
namespace {

constexpr const char* kObject = "structure set";

/// Calls `fill(row, first column, column after the last)` for the pixels whose centres are inside a
/// polygon by the even-odd rule. An edge gives the same crossings in both directions, so that ways
/// there and back cancel.
template <typename Fill>
void FillPolygon(const std::vector<ContourPoint>& points, Fill fill) {
  std::vector<std::pair<int, double>> crossings;
  for (std::size_t i = 0; i < points.size(); ++i) {
    ContourPoint a = points[i];
    ContourPoint b = points[(i + 1) % points.size()];
    if (b.row < a.row || (b.row == a.row && b.column < a.column)) std::swap(a, b);
    for (int row = static_cast<int>(std::ceil(a.row - 0.5)); row + 0.5 < b.row; ++row)
      crossings.emplace_back(
          row, a.column + (row + 0.5 - a.row) / (b.row - a.row) * (b.column - a.column));
  }
  std::sort(crossings.begin(), crossings.end());
  for (std::size_t i = 0; i + 1 < crossings.size(); i += 2)
    fill(crossings[i].first, static_cast<int>(std::ceil(crossings[i].second - 0.5)),
         static_cast<int>(std::ceil(crossings[i + 1].second - 0.5)));
}

/// The frames of the source by what a contour says of them.
class FrameIndex {
 public:
  static Result<FrameIndex> Of(const SourceSeries& source) {
    FrameIndex index;
    for (const SourceFrame& frame : source.frames) {
      AXIAL_ASSIGN_OR_RETURN(const FramePlane plane, PlaneOf(frame));
      index.positions_.insert({{frame.sop_instance_uid.str(),
                                frame.multi_frame ? fmt::format("{}", frame.frame_number) : ""},
                               index.planes_.size()});
      index.planes_.push_back(plane);
    }
    return index;
  }

  [[nodiscard]] Result<std::size_t> Named(DcmItem& contour) const {
    DcmItem* image = ItemOf(contour, DCM_ContourImageSequence);
    const auto found = image == nullptr
                           ? positions_.end()
                           : positions_.find({TextOf(*image, DCM_ReferencedSOPInstanceUID),
                                              TextOf(*image, DCM_ReferencedFrameNumber)});
    if (found == positions_.end())
      return MakeError(ErrorCode::kCorrupt, "{}: a contour names no frame of the source", kObject);
    return found->second;
  }
  [[nodiscard]] const FramePlane& plane(std::size_t frame) const { return planes_[frame]; }

 private:
  std::map<std::pair<std::string, std::string>, std::size_t> positions_;
  std::vector<FramePlane> planes_;
};

/// The points of one contour on its frame.
Result<std::vector<ContourPoint>> PointsOf(DcmItem& contour, const FramePlane& plane,
                                           const SourceSeries& source) {
  AXIAL_RETURN_IF_ERROR(
      ExpectValue(contour, DCM_ContourGeometricType, kContourGeometricType, kObject));
  const std::vector<double> numbers = NumbersOf(TextOf(contour, DCM_ContourData));
  if (numbers.size() < 9 || numbers.size() % 3 != 0)
    return MakeError(ErrorCode::kCorrupt, "{}: Contour Data are not points", kObject);
  AXIAL_RETURN_IF_ERROR(ExpectValue(contour, DCM_NumberOfContourPoints,
                                    fmt::format("{}", numbers.size() / 3), kObject));
  std::vector<ContourPoint> points;
  for (std::size_t i = 0; i < numbers.size(); i += 3) {
    const Vector3 point = {numbers[i], numbers[i + 1], numbers[i + 2]};
    if (!(plane.DistanceOf(point) < 0.01))
      return MakeError(ErrorCode::kCorrupt, "{}: a contour leaves the plane of its frame", kObject);
    points.push_back(plane.PlaceOf(point));
    const auto& [column, row] = points.back();
    if (!(column > -1 && column < source.columns + 1 && row > -1 && row < source.rows + 1))
      return MakeError(ErrorCode::kCorrupt, "{}: a contour leaves its frame", kObject);
  }
  return points;
}

/// Compares regions with label maps.
class RegionChecker {
 public:
  RegionChecker(const ResultRun& run, const FrameIndex& frames)
      : run_(run),
        frames_(frames),
        rows_(run.findings.source.rows),
        columns_(run.findings.source.columns),
        drawn_on_(static_cast<std::size_t>(rows_) * static_cast<std::size_t>(columns_)) {}

  /// Gives the number of the segment's pixels that no contour holds.
  Result<std::int64_t> Check(const SegmentFinding& segment, DcmItem& roi) {
    DcmSequenceOfItems* contours = nullptr;
    if (roi.findAndGetSequence(DCM_ContourSequence, contours).bad() || contours->card() == 0)
      return MakeError(ErrorCode::kCorrupt, "{}: ROI {} is empty", kObject, segment.segment_number);
    std::int64_t drawn = 0;
    std::set<std::size_t> done;
    std::size_t frame = run_.findings.source.frames.size();  // none yet
    for (DcmObject* item = contours->nextInContainer(nullptr); item != nullptr;
         item = contours->nextInContainer(item)) {
      auto& contour = static_cast<DcmItem&>(*item);
      AXIAL_ASSIGN_OR_RETURN(const std::size_t named, frames_.Named(contour));
      if (named != frame) {
        ++round_;
        frame = named;
        if (!done.insert(frame).second)
          return MakeError(ErrorCode::kCorrupt, "{}: contours of a frame are not in one place",
                           kObject);
      }
      AXIAL_ASSIGN_OR_RETURN(const std::vector<ContourPoint> points,
                             PointsOf(contour, frames_.plane(frame), run_.findings.source));
      AXIAL_ASSIGN_OR_RETURN(const std::int64_t more, Draw(segment, frame, points));
      drawn += more;
    }
    return segment.voxels - drawn;
  }

 private:
  Result<std::int64_t> Draw(const SegmentFinding& segment, std::size_t frame,
                            const std::vector<ContourPoint>& points) {
    const std::uint8_t* labels =
        run_.findings.layers[static_cast<std::size_t>(segment.layer)].labels.data() +
        frame * drawn_on_.size();
    std::int64_t drawn = 0;
    std::int64_t wrong = 0;
    FillPolygon(points, [&](int row, int begin, int end) {
      for (int column = begin; column < end; ++column) {
        const std::size_t pixel =
            static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_) +
            static_cast<std::size_t>(column);
        if (row < 0 || row >= rows_ || column < 0 || column >= columns_ ||
            labels[pixel] != segment.value || drawn_on_[pixel] == round_) {
          ++wrong;
          continue;
        }
        drawn_on_[pixel] = round_;
        ++drawn;
      }
    });
    if (wrong > 0)
      return MakeError(ErrorCode::kCorrupt, "{}: a contour of ROI {} holds {} pixels too many",
                       kObject, segment.segment_number, wrong);
    return drawn;
  }

  const ResultRun& run_;
  const FrameIndex& frames_;
  const int rows_;
  const int columns_;
  std::vector<std::uint32_t> drawn_on_;  ///< by pixel: in which round it was last in a contour
  std::uint32_t round_ = 0;              ///< one for each region and frame
};

Status CheckRois(const ResultRun& run, DcmItem& dataset) {
  const std::vector<SegmentFinding>& segments = run.findings.segments;
  for (const DcmTagKey& tag :
       {DCM_StructureSetROISequence, DCM_ROIContourSequence, DCM_RTROIObservationsSequence})
    if (ItemCount(dataset, tag) != segments.size())
      return MakeError(ErrorCode::kCorrupt, "{}: {} has {} items instead of {}", kObject,
                       DcmTag(tag).getTagName(), ItemCount(dataset, tag), segments.size());
  AXIAL_ASSIGN_OR_RETURN(const FrameIndex frames, FrameIndex::Of(run.findings.source));
  RegionChecker checker(run, frames);
  std::set<std::string> names;
  std::int64_t missing = 0;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::string number = fmt::format("{}", i + 1);
    const auto index = static_cast<long>(i);
    DcmItem& roi = *ItemOf(dataset, DCM_StructureSetROISequence, index);
    AXIAL_RETURN_IF_ERROR(ExpectValue(roi, DCM_ROINumber, number, kObject));
    AXIAL_RETURN_IF_ERROR(ExpectValue(roi, DCM_ReferencedFrameOfReferenceUID,
                                      run.findings.source.frame_of_reference_uid, kObject));
    if (!names.insert(TextOf(roi, DCM_ROIName)).second)
      return MakeError(ErrorCode::kCorrupt, "{}: the ROI Name of ROI {} is taken", kObject, i + 1);
    DcmItem& drawn = *ItemOf(dataset, DCM_ROIContourSequence, index);
    AXIAL_RETURN_IF_ERROR(ExpectValue(drawn, DCM_ReferencedROINumber, number, kObject));
    DcmItem& observation = *ItemOf(dataset, DCM_RTROIObservationsSequence, index);
    AXIAL_RETURN_IF_ERROR(ExpectValue(observation, DCM_ReferencedROINumber, number, kObject));
    AXIAL_ASSIGN_OR_RETURN(const std::int64_t more, checker.Check(segments[i], drawn));
    missing += more;
  }
  return ExpectValue(dataset, DCM_StructureSetDescription, StructureSetDescription(run, missing),
                     kObject);
}

}  // namespace

Status CheckRtStructureSet(const ResultRun& run, const ObjectRequest& request) {
  AXIAL_ASSIGN_OR_RETURN(const std::unique_ptr<DcmFileFormat> file,
                         ReadWrittenObject(request.path, kObject));
  DcmDataset& dataset = *file->getDataset();
  const std::pair<DcmTagKey, std::string> expected[] = {
      {DCM_SOPClassUID, kRtStructureSetClass},
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
  return CheckContentUid(run, kRtStructureSetKind, dataset, kObject);
}

}  // namespace axial::results
