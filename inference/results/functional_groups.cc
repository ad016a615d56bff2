#include "inference/results/functional_groups.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace axial::results {
namespace {

const CodedConcept kSegmentationDerivation = {"113076", "DCM", "Segmentation"};
const CodedConcept kSourceImage = {"121322", "DCM", "Source image for image processing operation"};

/// True when every frame has the same text there, so that it belongs into the shared groups.
bool Shared(const SourceSeries& source, std::string SourceFrame::* text) {
  return std::all_of(source.frames.begin(), source.frames.end(), [&](const SourceFrame& frame) {
    return frame.*text == source.frames.front().*text;
  });
}

struct GroupLayout {
  bool by_segment = true;  ///< each frame is one segment's: not in a LABELMAP
  bool geometry = false;
  bool shared_measures = false;
  bool shared_orientation = false;
  std::string slice_gap_mm;  ///< "" for a single plane
  std::vector<int> planes;   ///< slices with at least one frame, ascending
};

GroupLayout LayOut(const SourceSeries& source, const SegmentationForm& form,
                   const std::vector<SegmentFrame>& frames) {
  GroupLayout layout;
  layout.by_segment = form.type != SegmentationForm::Type::kLabelmap;
  layout.geometry = HasPlaneGeometry(source);
  layout.shared_measures =
      Shared(source, &SourceFrame::pixel_spacing) && Shared(source, &SourceFrame::slice_thickness);
  layout.shared_orientation = Shared(source, &SourceFrame::image_orientation_patient);
  if (layout.geometry && source.frames.size() > 1) {
    const double extent_mm =
        std::abs(source.frames.back().position_mm - source.frames.front().position_mm);
    if (extent_mm > 0)
      layout.slice_gap_mm =
          FormatDecimal(extent_mm / static_cast<double>(source.frames.size() - 1));
  }
  std::set<int> planes;
  for (const SegmentFrame& frame : frames) planes.insert(frame.slice);
  layout.planes.assign(planes.begin(), planes.end());
  return layout;
}

void WriteDimension(AttributeWriter& writer, const std::string& organization,
                    const DcmTagKey& pointer, const DcmTagKey& group, const char* label) {
  AttributeWriter item = writer.AddItem(DCM_DimensionIndexSequence);
  item.Put(DCM_DimensionOrganizationUID, organization);
  static_cast<void>(item.item().putAndInsertTagKey(DCM_DimensionIndexPointer, pointer));
  static_cast<void>(item.item().putAndInsertTagKey(DCM_FunctionalGroupPointer, group));
  item.Put(DCM_DimensionDescriptionLabel, label);
}

void WriteDimensions(const ResultRun& run, const GroupLayout& layout, AttributeWriter& writer) {
  const std::string organization = RunUid(run, "dimension-organization").str();
  writer.AddItem(DCM_DimensionOrganizationSequence).Put(DCM_DimensionOrganizationUID, organization);
  if (layout.by_segment)
    WriteDimension(writer, organization, DCM_ReferencedSegmentNumber,
                   DCM_SegmentIdentificationSequence, "Segment");
  if (layout.geometry)
    WriteDimension(writer, organization, DCM_ImagePositionPatient, DCM_PlanePositionSequence,
                   "Position");
  else
    WriteDimension(writer, organization, DCM_InStackPositionNumber, DCM_FrameContentSequence,
                   "Source image");
}

void WriteReferencedSeries(const SourceSeries& source, AttributeWriter& writer) {
  AttributeWriter series = writer.AddItem(DCM_ReferencedSeriesSequence);
  series.Put(DCM_SeriesInstanceUID, source.series_instance_uid.str());
  std::set<std::string> written;
  for (const SourceFrame& frame : source.frames) {
    if (!written.insert(frame.sop_instance_uid.str()).second) continue;
    AttributeWriter instance = series.AddItem(DCM_ReferencedInstanceSequence);
    instance.Put(DCM_ReferencedSOPClassUID, frame.sop_class_uid.str());
    instance.Put(DCM_ReferencedSOPInstanceUID, frame.sop_instance_uid.str());
  }
}

void WritePixelMeasures(const SourceFrame& frame, const GroupLayout& layout,
                        AttributeWriter& group) {
  if (frame.pixel_spacing.empty()) return;
  AttributeWriter item = group.AddItem(DCM_PixelMeasuresSequence);
  item.Put(DCM_PixelSpacing, frame.pixel_spacing);
  const std::string& thickness =
      frame.slice_thickness.empty() ? layout.slice_gap_mm : frame.slice_thickness;
  if (!thickness.empty()) item.Put(DCM_SliceThickness, thickness);
  if (!layout.slice_gap_mm.empty()) item.Put(DCM_SpacingBetweenSlices, layout.slice_gap_mm);
}

void WritePlaneOrientation(const SourceFrame& frame, AttributeWriter& group) {
  group.AddItem(DCM_PlaneOrientationSequence)
      .Put(DCM_ImageOrientationPatient, frame.image_orientation_patient);
}

void WriteDerivation(const SourceFrame& frame, AttributeWriter& group) {
  AttributeWriter derivation = group.AddItem(DCM_DerivationImageSequence);
  derivation.AddCode(DCM_DerivationCodeSequence, kSegmentationDerivation);
  AttributeWriter image = derivation.AddItem(DCM_SourceImageSequence);
  image.Put(DCM_ReferencedSOPClassUID, frame.sop_class_uid.str());
  image.Put(DCM_ReferencedSOPInstanceUID, frame.sop_instance_uid.str());
  if (frame.multi_frame)
    image.Put(DCM_ReferencedFrameNumber, fmt::format("{}", frame.frame_number));
  image.AddCode(DCM_PurposeOfReferenceCodeSequence, kSourceImage);
  image.Put(DCM_SpatialLocationsPreserved, "YES");
}

void WriteFrame(const SourceSeries& source, const GroupLayout& layout, const SegmentFrame& frame,
                AttributeWriter& writer) {
  const SourceFrame& image = source.frames[static_cast<std::size_t>(frame.slice)];
  const auto plane = static_cast<std::uint32_t>(
      std::lower_bound(layout.planes.begin(), layout.planes.end(), frame.slice) -
      layout.planes.begin() + 1);
  AttributeWriter group = writer.AddItem(DCM_PerFrameFunctionalGroupsSequence);
  WriteDerivation(image, group);
  AttributeWriter content = group.AddItem(DCM_FrameContentSequence);
  std::vector<std::uint32_t> indices = {plane};
  if (layout.by_segment)
    indices.insert(indices.begin(), static_cast<std::uint32_t>(frame.segment_number));
  content.PutUint32Array(DCM_DimensionIndexValues, indices);
  if (layout.geometry) {
    group.AddItem(DCM_PlanePositionSequence)
        .Put(DCM_ImagePositionPatient, image.image_position_patient);
    if (!layout.shared_orientation) WritePlaneOrientation(image, group);
  } else {
    content.Put(DCM_StackID, "1");
    content.PutUint32Array(DCM_InStackPositionNumber, {plane});
  }
  if (!layout.shared_measures) WritePixelMeasures(image, layout, group);
  if (layout.by_segment)
    group.AddItem(DCM_SegmentIdentificationSequence)
        .PutUint16(DCM_ReferencedSegmentNumber, static_cast<std::uint16_t>(frame.segment_number));
}

}  // namespace

bool HasPlaneGeometry(const SourceSeries& source) {
  return !source.frame_of_reference_uid.empty() &&
         std::all_of(source.frames.begin(), source.frames.end(), [](const SourceFrame& frame) {
           return !frame.image_position_patient.empty() && !frame.image_orientation_patient.empty();
         });
}

void WriteFunctionalGroups(const ResultRun& run, const SegmentationForm& form,
                           const std::vector<SegmentFrame>& frames, AttributeWriter& writer) {
  const SourceSeries& source = run.findings.source;
  const GroupLayout layout = LayOut(source, form, frames);
  WriteDimensions(run, layout, writer);
  WriteReferencedSeries(source, writer);
  AttributeWriter shared = writer.AddItem(DCM_SharedFunctionalGroupsSequence);
  if (layout.shared_measures) WritePixelMeasures(source.frames.front(), layout, shared);
  if (layout.geometry && layout.shared_orientation)
    WritePlaneOrientation(source.frames.front(), shared);
  for (const SegmentFrame& frame : frames) WriteFrame(source, layout, frame, writer);
}

}  // namespace axial::results
