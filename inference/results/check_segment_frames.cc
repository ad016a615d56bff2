#include "inference/results/check_segment_frames.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "inference/results/frame_plane.h"
#include "inference/results/functional_groups.h"
#include "inference/results/segmentation_check.h"

namespace axial::results {
namespace {

/// Where a frame's groups may be: its own first, then the shared ones.
DcmItem* Group(DcmItem& frame, DcmItem& shared, const DcmTagKey& sequence) {
  DcmItem* own = ItemOf(frame, sequence);
  return own != nullptr ? own : ItemOf(shared, sequence);
}

/// Between the middles of neighbouring planes along their normal, from the positions as the source
/// wrote them; nullopt where frames are no stack of planes.
std::optional<double> SliceGapMm(const SourceSeries& source) {
  const SourceFrame& first = source.frames.front();
  const SourceFrame& last = source.frames.back();
  if (!HasPlaneGeometry(source) || first.position_mm == last.position_mm) return std::nullopt;
  const Result<FramePlane> from = PlaneOf(first);
  const Result<FramePlane> to = PlaneOf(last);
  if (!from.ok() || !to.ok()) return std::nullopt;
  return from->DistanceOf(to->origin) / static_cast<double>(source.frames.size() - 1);
}

/// Viewers and measuring software take it for the distance of the frames (PS3.3 C.7.6.16.2.1), and
/// many let it win over the positions.
Status CheckSliceGap(const std::optional<double>& expected_mm, DcmItem& measures) {
  constexpr double kToleranceMm = 0.001;
  const std::vector<double> written = NumbersOf(TextOf(measures, DCM_SpacingBetweenSlices));
  if (written.empty() && !expected_mm) return {};
  if (!expected_mm)
    return WrongSegmentation("SpacingBetweenSlices is there, but the frames are no stack");
  if (written.size() != 1 || !(std::abs(written.front() - *expected_mm) < kToleranceMm))
    return WrongSegmentation("SpacingBetweenSlices is \"{}\", but the planes are {:.4f} mm apart",
                             TextOf(measures, DCM_SpacingBetweenSlices), *expected_mm);
  return {};
}

/// What the check of every frame needs of the whole source.
struct SourceGeometry {
  const SourceSeries& source;
  std::optional<double> slice_gap_mm;
  bool planes = false;  ///< HasPlaneGeometry
};

Status CheckGeometry(const SourceGeometry& geometry, const SourceFrame& image, DcmItem& frame,
                     DcmItem& shared) {
  const SourceSeries& source = geometry.source;
  if (HasPixelMeasures(image, geometry.planes)) {
    DcmItem* measures = Group(frame, shared, DCM_PixelMeasuresSequence);
    if (measures == nullptr) return WrongSegmentation("Pixel Measures are missing");
    AXIAL_RETURN_IF_ERROR(Expect(*measures, DCM_PixelSpacing, image.pixel_spacing));
    if (!image.slice_thickness.empty())
      AXIAL_RETURN_IF_ERROR(Expect(*measures, DCM_SliceThickness, image.slice_thickness));
    AXIAL_RETURN_IF_ERROR(CheckSliceGap(geometry.slice_gap_mm, *measures));
  }
  if (source.frame_of_reference_uid.empty() || image.image_position_patient.empty()) return {};
  DcmItem* position = Group(frame, shared, DCM_PlanePositionSequence);
  DcmItem* orientation = Group(frame, shared, DCM_PlaneOrientationSequence);
  if (position == nullptr || orientation == nullptr)
    return WrongSegmentation("plane position or orientation is missing");
  AXIAL_RETURN_IF_ERROR(Expect(*position, DCM_ImagePositionPatient, image.image_position_patient));
  return Expect(*orientation, DCM_ImageOrientationPatient, image.image_orientation_patient);
}

using SliceByReference = std::map<std::pair<std::string, int>, int>;

Result<SegmentFrame> CheckSegment(const Findings& findings, DcmItem& frame) {
  DcmItem* identification = ItemOf(frame, DCM_SegmentIdentificationSequence);
  Uint16 segment = 0;
  if (identification != nullptr)
    identification->findAndGetUint16(DCM_ReferencedSegmentNumber, segment);
  if (segment < 1 || segment > findings.segments.size())
    return WrongSegmentation("a frame refers to segment {} of {}", segment,
                             findings.segments.size());
  const SegmentFinding& finding = findings.segments[segment - 1u];
  return SegmentFrame{segment, finding.layer, finding.value, 0};
}

Result<SegmentFrame> CheckFrame(const Findings& findings, const SourceGeometry& geometry,
                                const SegmentationForm& form, const SliceByReference& slices,
                                DcmItem& frame, DcmItem& shared) {
  DcmItem* derivation = ItemOf(frame, DCM_DerivationImageSequence);
  DcmItem* image = derivation == nullptr ? nullptr : ItemOf(*derivation, DCM_SourceImageSequence);
  if (image == nullptr || ItemCount(*derivation, DCM_SourceImageSequence) != 1)
    return WrongSegmentation("a frame does not name one source image");
  Sint32 number = 1;
  if (image->tagExists(DCM_ReferencedFrameNumber))
    image->findAndGetSint32(DCM_ReferencedFrameNumber, number);
  const auto slice =
      slices.find({TextOf(*image, DCM_ReferencedSOPInstanceUID), static_cast<int>(number)});
  if (slice == slices.end())
    return WrongSegmentation("a frame names an image that is not in the source");
  const SourceFrame& source_frame = findings.source.frames[static_cast<std::size_t>(slice->second)];
  if (source_frame.multi_frame != image->tagExists(DCM_ReferencedFrameNumber))
    return WrongSegmentation("Referenced Frame Number does not fit the source image");
  AXIAL_RETURN_IF_ERROR(
      Expect(*image, DCM_ReferencedSOPClassUID, source_frame.sop_class_uid.str()));
  AXIAL_RETURN_IF_ERROR(CheckGeometry(geometry, source_frame, frame, shared));
  SegmentFrame found{0, 0, 0, slice->second};
  if (form.type != SegmentationForm::Type::kLabelmap) {
    AXIAL_ASSIGN_OR_RETURN(found, CheckSegment(findings, frame));
    found.slice = slice->second;
  } else if (ItemOf(frame, DCM_SegmentIdentificationSequence) != nullptr) {
    return WrongSegmentation("a frame of a LABELMAP names a segment");
  }
  return found;
}

/// Dimension values must sort the frames as they are stored: (segment, plane), or in a LABELMAP
/// (plane), without repetition.
Status CheckDimensions(const std::vector<SegmentFrame>& frames, bool by_segment,
                       DcmSequenceOfItems& groups) {
  std::set<int> planes;
  for (const SegmentFrame& frame : frames) planes.insert(frame.slice);
  std::map<int, Uint32> index;
  for (const int slice : planes) index.emplace(slice, static_cast<Uint32>(index.size() + 1));
  std::pair<int, int> previous{0, -1};
  DcmObject* item = nullptr;
  for (const SegmentFrame& frame : frames) {
    item = groups.nextInContainer(item);
    const std::pair<int, int> current{frame.segment_number, frame.slice};
    if (current <= previous)
      return WrongSegmentation("frames are not in the order of segment and position");
    previous = current;
    std::vector<Uint32> expected = {index[frame.slice]};
    if (by_segment) expected.insert(expected.begin(), static_cast<Uint32>(frame.segment_number));
    DcmItem* content = ItemOf(static_cast<DcmItem&>(*item), DCM_FrameContentSequence);
    const Uint32* values = nullptr;
    unsigned long count = 0;
    if (content == nullptr ||
        content->findAndGetUint32Array(DCM_DimensionIndexValues, values, &count).bad() ||
        !std::equal(expected.begin(), expected.end(), values, values + count))
      return WrongSegmentation("Dimension Index Values are not those of segment and plane");
  }
  return {};
}

/// As many frames as there can be, when empty ones are to be kept; the order excludes repetition.
Status CheckComplete(const Findings& findings, const SegmentationForm& form, std::size_t frames) {
  const std::size_t per_slice =
      form.type == SegmentationForm::Type::kLabelmap ? 1 : findings.segments.size();
  const std::size_t all = per_slice * findings.source.frames.size();
  if (form.keep_empty_frames && frames != all)
    return WrongSegmentation("{} frames instead of all {}", frames, all);
  return {};
}

}  // namespace

Result<std::vector<SegmentFrame>> CheckSegmentFrames(const Findings& findings,
                                                     const SegmentationForm& form,
                                                     DcmItem& dataset) {
  SliceByReference slices;
  for (std::size_t i = 0; i < findings.source.frames.size(); ++i) {
    const SourceFrame& frame = findings.source.frames[i];
    slices[{frame.sop_instance_uid.str(), frame.multi_frame ? frame.frame_number : 1}] =
        static_cast<int>(i);
  }
  DcmItem* shared = ItemOf(dataset, DCM_SharedFunctionalGroupsSequence);
  DcmSequenceOfItems* groups = nullptr;
  if (shared == nullptr ||
      dataset.findAndGetSequence(DCM_PerFrameFunctionalGroupsSequence, groups).bad())
    return WrongSegmentation("functional groups are missing");
  AXIAL_RETURN_IF_ERROR(Expect(dataset, DCM_NumberOfFrames, fmt::format("{}", groups->card())));
  const SourceGeometry geometry{findings.source, SliceGapMm(findings.source),
                                HasPlaneGeometry(findings.source)};
  std::vector<SegmentFrame> frames;
  for (DcmObject* item = groups->nextInContainer(nullptr); item != nullptr;
       item = groups->nextInContainer(item)) {
    AXIAL_ASSIGN_OR_RETURN(
        const SegmentFrame frame,
        CheckFrame(findings, geometry, form, slices, static_cast<DcmItem&>(*item), *shared));
    frames.push_back(frame);
  }
  const bool by_segment = form.type != SegmentationForm::Type::kLabelmap;
  if (ItemCount(dataset, DCM_DimensionIndexSequence) != (by_segment ? 2 : 1))
    return WrongSegmentation("{} dimensions", ItemCount(dataset, DCM_DimensionIndexSequence));
  AXIAL_RETURN_IF_ERROR(CheckDimensions(frames, by_segment, *groups));
  AXIAL_RETURN_IF_ERROR(CheckComplete(findings, form, frames.size()));
  return frames;
}

}  // namespace axial::results
