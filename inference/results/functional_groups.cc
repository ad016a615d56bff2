#include "inference/results/functional_groups.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <span>

#include "inference/results/item_encoder.h"

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

bool BySegment(const SegmentationForm& form) {
  return form.type != SegmentationForm::Type::kLabelmap;
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
  layout.by_segment = BySegment(form);
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

void WriteDimensions(const ResultRun& run, const SegmentationForm& form, AttributeWriter& writer) {
  const std::string organization = RunUid(run, "dimension-organization").str();
  writer.AddItem(DCM_DimensionOrganizationSequence).Put(DCM_DimensionOrganizationUID, organization);
  if (BySegment(form))
    WriteDimension(writer, organization, DCM_ReferencedSegmentNumber,
                   DCM_SegmentIdentificationSequence, "Segment");
  if (HasPlaneGeometry(run.findings.source))
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

void EncodePixelMeasures(const SourceFrame& frame, const GroupLayout& layout, ItemEncoder& group) {
  if (!HasPixelMeasures(frame, layout.geometry)) return;
  const std::string& thickness =
      frame.slice_thickness.empty() ? layout.slice_gap_mm : frame.slice_thickness;
  group.PutItem(DCM_PixelMeasuresSequence, [&](ItemEncoder& item) {
    if (!thickness.empty()) item.Put(DCM_SliceThickness, "DS", thickness);
    if (!layout.slice_gap_mm.empty()) item.Put(DCM_SpacingBetweenSlices, "DS", layout.slice_gap_mm);
    item.Put(DCM_PixelSpacing, "DS", frame.pixel_spacing);
  });
}

void EncodePlaneOrientation(const SourceFrame& frame, ItemEncoder& group) {
  group.PutItem(DCM_PlaneOrientationSequence, [&](ItemEncoder& item) {
    item.Put(DCM_ImageOrientationPatient, "DS", frame.image_orientation_patient);
  });
}

void EncodeSourceImage(const SourceFrame& frame, ItemEncoder& derivation) {
  derivation.PutItem(DCM_SourceImageSequence, [&](ItemEncoder& image) {
    image.Put(DCM_ReferencedSOPClassUID, "UI", frame.sop_class_uid.str());
    image.Put(DCM_ReferencedSOPInstanceUID, "UI", frame.sop_instance_uid.str());
    if (frame.multi_frame)
      image.Put(DCM_ReferencedFrameNumber, "IS", fmt::format("{}", frame.frame_number));
    image.Put(DCM_SpatialLocationsPreserved, "CS", "YES");
    image.PutCode(DCM_PurposeOfReferenceCodeSequence, kSourceImage);
  });
}

void EncodeFrameContent(const GroupLayout& layout, const SegmentFrame& frame, ItemEncoder& group) {
  const auto plane = static_cast<std::uint32_t>(
      std::lower_bound(layout.planes.begin(), layout.planes.end(), frame.slice) -
      layout.planes.begin() + 1);
  const std::uint32_t indices[] = {static_cast<std::uint32_t>(frame.segment_number), plane};
  group.PutItem(DCM_FrameContentSequence, [&](ItemEncoder& content) {
    if (!layout.geometry) {
      content.Put(DCM_StackID, "SH", "1");
      content.PutUint32Array(DCM_InStackPositionNumber, {&plane, 1});
    }
    content.PutUint32Array(DCM_DimensionIndexValues,
                           std::span(indices).subspan(layout.by_segment ? 0 : 1));
  });
}

/// One frame's groups, in the order of their tags.
void EncodeFrame(const SourceFrame& image, const GroupLayout& layout, const SegmentFrame& frame,
                 ItemEncoder& group) {
  group.PutItem(DCM_DerivationImageSequence, [&](ItemEncoder& derivation) {
    EncodeSourceImage(image, derivation);
    derivation.PutCode(DCM_DerivationCodeSequence, kSegmentationDerivation);
  });
  EncodeFrameContent(layout, frame, group);
  if (layout.geometry) {
    group.PutItem(DCM_PlanePositionSequence, [&](ItemEncoder& item) {
      item.Put(DCM_ImagePositionPatient, "DS", image.image_position_patient);
    });
    if (!layout.shared_orientation) EncodePlaneOrientation(image, group);
  }
  if (!layout.shared_measures) EncodePixelMeasures(image, layout, group);
  if (layout.by_segment)
    group.PutItem(DCM_SegmentIdentificationSequence, [&](ItemEncoder& item) {
      item.PutUint16(DCM_ReferencedSegmentNumber, static_cast<std::uint16_t>(frame.segment_number));
    });
}

}  // namespace

bool HasPixelMeasures(const SourceFrame& frame, bool plane_geometry) {
  return !frame.pixel_spacing.empty() && (plane_geometry || !frame.slice_thickness.empty());
}

bool HasPlaneGeometry(const SourceSeries& source) {
  return !source.frame_of_reference_uid.empty() &&
         std::all_of(source.frames.begin(), source.frames.end(), [](const SourceFrame& frame) {
           return !frame.image_position_patient.empty() && !frame.image_orientation_patient.empty();
         });
}

void WriteDimensionsAndReferences(const ResultRun& run, const SegmentationForm& form,
                                  AttributeWriter& writer) {
  WriteDimensions(run, form, writer);
  WriteReferencedSeries(run.findings.source, writer);
}

Result<std::vector<std::uint8_t>> EncodeFunctionalGroups(const ResultRun& run,
                                                         const SegmentationForm& form,
                                                         const std::vector<SegmentFrame>& frames) {
  constexpr std::size_t kUsualFrameBytes = 600;
  const SourceSeries& source = run.findings.source;
  const GroupLayout layout = LayOut(source, form, frames);
  std::vector<std::uint8_t> bytes;
  bytes.reserve(frames.size() * kUsualFrameBytes);
  ItemEncoder encoder(bytes, run.text);
  encoder.PutItem(DCM_SharedFunctionalGroupsSequence, [&](ItemEncoder& shared) {
    if (layout.geometry && layout.shared_orientation)
      EncodePlaneOrientation(source.frames.front(), shared);
    if (layout.shared_measures) EncodePixelMeasures(source.frames.front(), layout, shared);
  });
  encoder.PutSequence(DCM_PerFrameFunctionalGroupsSequence, [&](ItemEncoder& sequence) {
    for (const SegmentFrame& frame : frames)
      sequence.AddItem([&](ItemEncoder& group) {
        EncodeFrame(source.frames[static_cast<std::size_t>(frame.slice)], layout, frame, group);
      });
  });
  AXIAL_RETURN_IF_ERROR(encoder.status());
  return bytes;
}

}  // namespace axial::results
