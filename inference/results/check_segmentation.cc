#include "inference/results/check_segmentation.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "inference/results/check_common.h"
#include "inference/results/check_segment_bits.h"
#include "inference/results/check_segment_frames.h"
#include "inference/results/check_segment_values.h"
#include "inference/results/cie_lab.h"
#include "inference/results/functional_groups.h"
#include "inference/results/segmentation.h"
#include "inference/results/segmentation_check.h"

namespace axial::results {
namespace {

Status CheckImage(const ResultRun& run, const SegmentationForm& form, DcmItem& dataset) {
  const SourceSeries& source = run.findings.source;
  const bool fractional = form.type == SegmentationForm::Type::kFractional;
  const std::string bits = fmt::format("{}", form.BitsAllocated());
  const std::pair<DcmTagKey, std::string> expected[] = {
      {DCM_SOPClassUID, form.SopClass()},
      {DCM_Modality, "SEG"},
      {DCM_FrameOfReferenceUID, source.frame_of_reference_uid},
      {DCM_SegmentationType, form.SegmentationType()},
      {DCM_SegmentationFractionalType, fractional ? "PROBABILITY" : ""},
      {DCM_MaximumFractionalValue, fractional ? "255" : ""},
      {DCM_PixelPaddingValue, form.type == SegmentationForm::Type::kLabelmap ? "0" : ""},
      {DCM_SegmentsOverlap,
       form.Overlap(SegmentsOverlap(run.findings), run.findings.segments.size())},
      {DCM_Rows, fmt::format("{}", source.rows)},
      {DCM_Columns, fmt::format("{}", source.columns)},
      {DCM_SamplesPerPixel, "1"},
      {DCM_PhotometricInterpretation, "MONOCHROME2"},
      {DCM_BitsAllocated, bits},
      {DCM_BitsStored, bits},
      {DCM_HighBit, fmt::format("{}", form.BitsAllocated() - 1)},
      {DCM_PixelRepresentation, "0"},
      {DCM_LossyImageCompression, source.lossy ? "01" : "00"},
  };
  for (const auto& [tag, value] : expected) AXIAL_RETURN_IF_ERROR(Expect(dataset, tag, value));
  for (const DcmTagKey& tag : {DCM_ContentLabel, DCM_ContentDate, DCM_ContentTime})
    if (!dataset.tagExistsWithValue(tag))
      return WrongSegmentation("{} has no value", DcmTag(tag).getTagName());
  // PS3.3 C.7.6.1: asked for where no position and orientation say it.
  if (!HasPlaneGeometry(source) && !dataset.tagExists(DCM_PatientOrientation))
    return WrongSegmentation("PatientOrientation is missing");
  return CheckCommonModules(run, dataset, "segmentation");
}

Status CheckReferences(const SourceSeries& source, DcmItem& dataset) {
  if (ItemCount(dataset, DCM_ReferencedSeriesSequence) != 1)
    return WrongSegmentation("Referenced Series: {} items instead of 1",
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
    return WrongSegmentation("Referenced Series names {} Instances, not the {} of the source",
                             found.size(), expected.size());
  return {};
}

Status CheckCode(DcmItem& item, const DcmTagKey& sequence, const CodedConcept& expected) {
  DcmItem* code = ItemOf(item, sequence);
  if (code == nullptr) return WrongSegmentation("{} is missing", DcmTag(sequence).getTagName());
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

/// As CheckCode; absent when nothing is expected.
Status CheckOptionalCode(DcmItem& item, const DcmTagKey& sequence,
                         const std::optional<CodedConcept>& expected) {
  if (expected) return CheckCode(item, sequence, *expected);
  if (ItemOf(item, sequence) == nullptr) return {};
  return WrongSegmentation("{} is there", DcmTag(sequence).getTagName());
}

/// The same as in Contributing Equipment (IHE AIR 6.5.3.1).
Status CheckAlgorithm(const ResultRun& run, DcmItem& item) {
  AXIAL_RETURN_IF_ERROR(Expect(item, DCM_SegmentAlgorithmType, "AUTOMATIC"));
  AXIAL_RETURN_IF_ERROR(Expect(item, DCM_SegmentAlgorithmName, AlgorithmName(run)));
  DcmItem* algorithm = ItemOf(item, DCM_SegmentationAlgorithmIdentificationSequence);
  if (algorithm == nullptr) return WrongSegmentation("a segment without its algorithm");
  AXIAL_RETURN_IF_ERROR(Expect(*algorithm, DCM_AlgorithmName, AlgorithmName(run)));
  AXIAL_RETURN_IF_ERROR(Expect(*algorithm, DCM_AlgorithmVersion, AlgorithmVersion(run)));
  return Expect(*algorithm, DCM_AlgorithmSource, AlgorithmManufacturer(run));
}

Status CheckColour(const SegmentFinding& segment, DcmItem& item) {
  const Uint16* values = nullptr;
  unsigned long count = 0;
  const std::vector<std::uint16_t> expected = CieLab(segment.spec.colour);
  if (item.findAndGetUint16Array(DCM_RecommendedDisplayCIELabValue, values, &count).bad() ||
      !std::equal(expected.begin(), expected.end(), values, values + count))
    return WrongSegmentation("segment {} has not the RecommendedDisplayCIELabValue of its colour",
                             segment.segment_number);
  return {};
}

Status CheckSegment(const ResultRun& run, const SegmentFinding& segment, DcmItem& item) {
  AXIAL_RETURN_IF_ERROR(Expect(item, DCM_SegmentNumber, fmt::format("{}", segment.segment_number)));
  const std::string label = TextOf(item, DCM_SegmentLabel);
  if (label.empty() || Characters(label) > 64)
    return WrongSegmentation("Segment Label of segment {} has {} characters",
                             segment.segment_number, Characters(label));
  AXIAL_RETURN_IF_ERROR(Expect(item, DCM_SegmentLabel,
                               run.text.Own(segment.spec.name, 64, segment.spec.type.meaning)));
  if (item.tagExistsWithValue(DCM_TrackingID) != item.tagExistsWithValue(DCM_TrackingUID))
    return WrongSegmentation("segment {} has one of Tracking ID and Tracking UID without the other",
                             segment.segment_number);
  AXIAL_RETURN_IF_ERROR(Expect(item, DCM_TrackingUID, segment.tracking_uid.str()));
  AXIAL_RETURN_IF_ERROR(
      CheckCode(item, DCM_SegmentedPropertyCategoryCodeSequence, segment.spec.category));
  AXIAL_RETURN_IF_ERROR(CheckCode(item, DCM_SegmentedPropertyTypeCodeSequence, segment.spec.type));
  AXIAL_RETURN_IF_ERROR(CheckOptionalCode(*ItemOf(item, DCM_SegmentedPropertyTypeCodeSequence),
                                          DCM_SegmentedPropertyTypeModifierCodeSequence,
                                          segment.spec.modifier));
  AXIAL_RETURN_IF_ERROR(
      CheckOptionalCode(item, DCM_AnatomicRegionSequence, segment.spec.anatomic_region));
  AXIAL_RETURN_IF_ERROR(CheckColour(segment, item));
  return CheckAlgorithm(run, item);
}

Status CheckSegments(const ResultRun& run, DcmItem& dataset) {
  const Findings& findings = run.findings;
  if (ItemCount(dataset, DCM_SegmentSequence) != findings.segments.size())
    return WrongSegmentation("{} segments instead of {}", ItemCount(dataset, DCM_SegmentSequence),
                             findings.segments.size());
  for (const SegmentFinding& segment : findings.segments)
    AXIAL_RETURN_IF_ERROR(CheckSegment(
        run, segment, *ItemOf(dataset, DCM_SegmentSequence, segment.segment_number - 1)));
  return {};
}

Status CheckFileMeta(const SegmentationForm& form, DcmItem& meta) {
  AXIAL_RETURN_IF_ERROR(Expect(meta, DCM_MediaStorageSOPClassUID, form.SopClass()));
  return Expect(meta, DCM_TransferSyntaxUID, form.TransferSyntax());
}

}  // namespace

Status CheckSegmentation(const ResultRun& run, const ObjectRequest& request) {
  const SegmentationForm form = ChooseForm(run.findings, request.profile).form;
  AXIAL_ASSIGN_OR_RETURN(const std::unique_ptr<DcmFileFormat> file,
                         ReadWrittenObject(request.path, "segmentation"));
  DcmDataset& dataset = *file->getDataset();
  AXIAL_RETURN_IF_ERROR(CheckFileMeta(form, *file->getMetaInfo()));
  AXIAL_RETURN_IF_ERROR(CheckImage(run, form, dataset));
  AXIAL_RETURN_IF_ERROR(CheckReferences(run.findings.source, dataset));
  AXIAL_RETURN_IF_ERROR(CheckSegments(run, dataset));
  AXIAL_ASSIGN_OR_RETURN(const std::vector<SegmentFrame> frames,
                         CheckSegmentFrames(run.findings, form, dataset));
  if (form.type == SegmentationForm::Type::kBinary)
    return CheckSegmentBits(run, form, frames, dataset);
  return CheckSegmentValues(run.findings, form, frames, dataset);
}

}  // namespace axial::results
