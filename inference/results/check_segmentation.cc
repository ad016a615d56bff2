#include "inference/results/check_segmentation.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <map>
#include <set>

#include "core/dicom/dcmtk_error.h"
#include "inference/results/check_segment_pixels.h"
#include "inference/results/composite_context.h"
#include "inference/results/written_object.h"

namespace axial::results {
namespace {

template <typename... Args>
Error Wrong(fmt::format_string<Args...> format, Args&&... args) {
  return Error(ErrorCode::kCorrupt,
               "segmentation: " + fmt::format(format, std::forward<Args>(args)...));
}

Status Expect(DcmItem& item, const DcmTagKey& tag, const std::string& expected) {
  return ExpectValue(item, tag, expected, "segmentation");
}

Status CheckImage(const ResultRun& run, DcmItem& dataset) {
  const SourceSeries& source = run.findings.source;
  const std::pair<DcmTagKey, std::string> expected[] = {
      {DCM_SOPClassUID, kSegmentationClass},
      {DCM_Modality, "SEG"},
      {DCM_StudyInstanceUID, source.study_instance_uid.str()},
      {DCM_FrameOfReferenceUID, source.frame_of_reference_uid},
      {DCM_SegmentationType, "BINARY"},
      {DCM_SegmentsOverlap, "NO"},
      {DCM_Rows, fmt::format("{}", source.rows)},
      {DCM_Columns, fmt::format("{}", source.columns)},
      {DCM_SamplesPerPixel, "1"},
      {DCM_PhotometricInterpretation, "MONOCHROME2"},
      {DCM_BitsAllocated, "1"},
      {DCM_BitsStored, "1"},
      {DCM_HighBit, "0"},
      {DCM_PixelRepresentation, "0"},
      {DCM_LossyImageCompression, source.lossy ? "01" : "00"},
  };
  for (const auto& [tag, value] : expected) AXIAL_RETURN_IF_ERROR(Expect(dataset, tag, value));
  for (const DcmTagKey& tag :
       {DCM_SOPInstanceUID, DCM_SeriesInstanceUID, DCM_SeriesNumber, DCM_Manufacturer,
        DCM_ManufacturerModelName, DCM_SoftwareVersions, DCM_DeviceSerialNumber, DCM_ContentLabel,
        DCM_ContentDate, DCM_ContentTime, DCM_ContributingEquipmentSequence})
    if (!dataset.tagExistsWithValue(tag)) return Wrong("{} has no value", DcmTag(tag).getTagName());
  if (const Status same = CompareCompositeContext(run.source, dataset); !same.ok())
    return same.error().WithContext("segmentation");
  return {};
}

Status CheckReferences(const SourceSeries& source, DcmItem& dataset) {
  if (ItemCount(dataset, DCM_ReferencedSeriesSequence) != 1)
    return Wrong("Referenced Series: {} items instead of 1",
                 ItemCount(dataset, DCM_ReferencedSeriesSequence));
  DcmItem& series = *ItemOf(dataset, DCM_ReferencedSeriesSequence);
  AXIAL_RETURN_IF_ERROR(Expect(series, DCM_SeriesInstanceUID, source.series_instance_uid.str()));
  std::set<std::string> expected;
  for (const SourceFrame& frame : source.frames) expected.insert(frame.sop_instance_uid.str());
  std::set<std::string> found;
  DcmSequenceOfItems* instances = nullptr;
  if (series.findAndGetSequence(DCM_ReferencedInstanceSequence, instances).good())
    for (DcmObject* item = instances->nextInContainer(nullptr); item != nullptr;
         item = instances->nextInContainer(item))
      found.insert(TextOf(static_cast<DcmItem&>(*item), DCM_ReferencedSOPInstanceUID));
  if (found != expected)
    return Wrong("Referenced Series names {} Instances, not the {} of the source", found.size(),
                 expected.size());
  return {};
}

Status CheckCode(DcmItem& item, const DcmTagKey& sequence, const CodedConcept& expected) {
  DcmItem* code = ItemOf(item, sequence);
  if (code == nullptr) return Wrong("{} is missing", DcmTag(sequence).getTagName());
  const DcmTagKey value = expected.value.size() <= 16 ? DCM_CodeValue : DCM_LongCodeValue;
  AXIAL_RETURN_IF_ERROR(Expect(*code, value, expected.value));
  return Expect(*code, DCM_CodingSchemeDesignator, expected.scheme);
}

/// Characters of text in the object's character set; bytes where it is not UTF-8.
std::size_t Characters(const std::string& text) {
  if (!IsUtf8(text)) return text.size();
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

Status CheckSegment(const SegmentFinding& segment, DcmItem& item) {
  AXIAL_RETURN_IF_ERROR(Expect(item, DCM_SegmentNumber, fmt::format("{}", segment.segment_number)));
  const std::string label = TextOf(item, DCM_SegmentLabel);
  if (label.empty() || Characters(label) > 64)
    return Wrong("Segment Label of segment {} has {} characters", segment.segment_number,
                 Characters(label));
  if (item.tagExistsWithValue(DCM_TrackingID) != item.tagExistsWithValue(DCM_TrackingUID))
    return Wrong("segment {} has one of Tracking ID and Tracking UID without the other",
                 segment.segment_number);
  AXIAL_RETURN_IF_ERROR(Expect(item, DCM_TrackingUID, segment.tracking_uid.str()));
  AXIAL_RETURN_IF_ERROR(
      CheckCode(item, DCM_SegmentedPropertyCategoryCodeSequence, segment.spec.category));
  AXIAL_RETURN_IF_ERROR(CheckCode(item, DCM_SegmentedPropertyTypeCodeSequence, segment.spec.type));
  for (const DcmTagKey& tag : {DCM_SegmentAlgorithmName, DCM_RecommendedDisplayCIELabValue})
    if (!item.tagExistsWithValue(tag))
      return Wrong("segment {} has no {}", segment.segment_number, DcmTag(tag).getTagName());
  return Expect(item, DCM_SegmentAlgorithmType, "AUTOMATIC");
}

Status CheckSegments(const Findings& findings, DcmItem& dataset) {
  if (ItemCount(dataset, DCM_SegmentSequence) != findings.segments.size())
    return Wrong("{} segments instead of {}", ItemCount(dataset, DCM_SegmentSequence),
                 findings.segments.size());
  for (const SegmentFinding& segment : findings.segments)
    AXIAL_RETURN_IF_ERROR(
        CheckSegment(segment, *ItemOf(dataset, DCM_SegmentSequence, segment.segment_number - 1)));
  return {};
}

/// Where a frame's groups may be: its own first, then the shared ones.
DcmItem* Group(DcmItem& frame, DcmItem& shared, const DcmTagKey& sequence) {
  DcmItem* own = ItemOf(frame, sequence);
  return own != nullptr ? own : ItemOf(shared, sequence);
}

Status CheckGeometry(const SourceSeries& source, const SourceFrame& image, DcmItem& frame,
                     DcmItem& shared) {
  if (!image.pixel_spacing.empty()) {
    DcmItem* measures = Group(frame, shared, DCM_PixelMeasuresSequence);
    if (measures == nullptr) return Wrong("Pixel Measures are missing");
    AXIAL_RETURN_IF_ERROR(Expect(*measures, DCM_PixelSpacing, image.pixel_spacing));
    if (!image.slice_thickness.empty())
      AXIAL_RETURN_IF_ERROR(Expect(*measures, DCM_SliceThickness, image.slice_thickness));
  }
  if (source.frame_of_reference_uid.empty() || image.image_position_patient.empty()) return {};
  DcmItem* position = Group(frame, shared, DCM_PlanePositionSequence);
  DcmItem* orientation = Group(frame, shared, DCM_PlaneOrientationSequence);
  if (position == nullptr || orientation == nullptr)
    return Wrong("plane position or orientation is missing");
  AXIAL_RETURN_IF_ERROR(Expect(*position, DCM_ImagePositionPatient, image.image_position_patient));
  return Expect(*orientation, DCM_ImageOrientationPatient, image.image_orientation_patient);
}

using SliceByReference = std::map<std::pair<std::string, int>, int>;

Result<SegmentFrame> CheckFrame(const Findings& findings, const SliceByReference& slices,
                                DcmItem& frame, DcmItem& shared) {
  DcmItem* derivation = ItemOf(frame, DCM_DerivationImageSequence);
  DcmItem* image = derivation == nullptr ? nullptr : ItemOf(*derivation, DCM_SourceImageSequence);
  if (image == nullptr || ItemCount(*derivation, DCM_SourceImageSequence) != 1)
    return Wrong("a frame does not name one source image");
  Sint32 number = 1;
  if (image->tagExists(DCM_ReferencedFrameNumber))
    image->findAndGetSint32(DCM_ReferencedFrameNumber, number);
  const auto slice =
      slices.find({TextOf(*image, DCM_ReferencedSOPInstanceUID), static_cast<int>(number)});
  if (slice == slices.end()) return Wrong("a frame names an image that is not in the source");
  const SourceFrame& source_frame = findings.source.frames[static_cast<std::size_t>(slice->second)];
  if (source_frame.multi_frame != image->tagExists(DCM_ReferencedFrameNumber))
    return Wrong("Referenced Frame Number does not fit the source image");
  AXIAL_RETURN_IF_ERROR(
      Expect(*image, DCM_ReferencedSOPClassUID, source_frame.sop_class_uid.str()));
  AXIAL_RETURN_IF_ERROR(CheckGeometry(findings.source, source_frame, frame, shared));

  DcmItem* identification = ItemOf(frame, DCM_SegmentIdentificationSequence);
  Uint16 segment = 0;
  if (identification != nullptr)
    identification->findAndGetUint16(DCM_ReferencedSegmentNumber, segment);
  if (segment < 1 || segment > findings.segments.size())
    return Wrong("a frame refers to segment {} of {}", segment, findings.segments.size());
  return SegmentFrame{segment, findings.segments[segment - 1u].layer,
                      findings.segments[segment - 1u].value, slice->second};
}

/// Dimension values must sort the frames as they are stored: (segment, plane) without repetition.
Status CheckDimensions(const std::vector<SegmentFrame>& frames, DcmSequenceOfItems& groups) {
  std::set<int> planes;
  for (const SegmentFrame& frame : frames) planes.insert(frame.slice);
  std::map<int, Uint32> index;
  for (const int slice : planes) index.emplace(slice, static_cast<Uint32>(index.size() + 1));
  std::pair<int, int> previous{0, -1};
  DcmObject* item = nullptr;
  for (const SegmentFrame& frame : frames) {
    item = groups.nextInContainer(item);
    const std::pair<int, int> current{frame.segment_number, frame.slice};
    if (current <= previous) return Wrong("frames are not in the order of segment and position");
    previous = current;
    DcmItem* content = ItemOf(static_cast<DcmItem&>(*item), DCM_FrameContentSequence);
    const Uint32* values = nullptr;
    unsigned long count = 0;
    if (content == nullptr ||
        content->findAndGetUint32Array(DCM_DimensionIndexValues, values, &count).bad() ||
        count != 2 || values[0] != static_cast<Uint32>(frame.segment_number) ||
        values[1] != index[frame.slice])
      return Wrong("Dimension Index Values are not (segment, plane)");
  }
  return {};
}

Result<std::vector<SegmentFrame>> CheckFrames(const Findings& findings, DcmItem& dataset) {
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
    return Wrong("functional groups are missing");
  AXIAL_RETURN_IF_ERROR(Expect(dataset, DCM_NumberOfFrames, fmt::format("{}", groups->card())));
  std::vector<SegmentFrame> frames;
  for (DcmObject* item = groups->nextInContainer(nullptr); item != nullptr;
       item = groups->nextInContainer(item)) {
    AXIAL_ASSIGN_OR_RETURN(const SegmentFrame frame,
                           CheckFrame(findings, slices, static_cast<DcmItem&>(*item), *shared));
    frames.push_back(frame);
  }
  AXIAL_RETURN_IF_ERROR(CheckDimensions(frames, *groups));
  return frames;
}

}  // namespace

Status CheckSegmentation(const ResultRun& run, const ObjectRequest& request) {
  AXIAL_ASSIGN_OR_RETURN(const std::unique_ptr<DcmFileFormat> file,
                         ReadWrittenObject(request.path, "segmentation"));
  DcmDataset& dataset = *file->getDataset();
  AXIAL_RETURN_IF_ERROR(CheckImage(run, dataset));
  AXIAL_RETURN_IF_ERROR(CheckReferences(run.findings.source, dataset));
  AXIAL_RETURN_IF_ERROR(CheckSegments(run.findings, dataset));
  AXIAL_ASSIGN_OR_RETURN(const std::vector<SegmentFrame> frames,
                         CheckFrames(run.findings, dataset));
  return CheckSegmentPixels(run.findings, frames, dataset);
}

}  // namespace axial::results
