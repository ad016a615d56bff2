#include "inference/results/segmentation.h"

#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmiod/cielabutil.h>
#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>

#include "inference/results/bit_packer.h"
#include "inference/results/functional_groups.h"
#include "inference/results/result_file.h"

namespace axial::results {
namespace {

const CodedConcept kArtificialIntelligence = {"123109", "DCM", "Artificial Intelligence"};

/// Content Label is a Code String: at most 16 of A-Z, 0-9, space and underscore.
std::string ContentLabel(const std::string& name) {
  std::string label;
  for (const char c : name.substr(0, 16)) {
    const auto byte = static_cast<unsigned char>(c);
    label += std::isalnum(byte) != 0 && byte < 0x80 ? static_cast<char>(std::toupper(byte)) : '_';
  }
  return label.empty() ? "SEGMENTATION" : label;
}

std::vector<std::uint16_t> CieLab(const std::array<std::uint8_t, 3>& rgb) {
  double l = 0;
  double a = 0;
  double b = 0;
  IODCIELabUtil::rgb2DicomLab(l, a, b, rgb[0] / 255.0, rgb[1] / 255.0, rgb[2] / 255.0);
  std::vector<std::uint16_t> lab;
  for (const double value : {l, a, b})
    lab.push_back(static_cast<std::uint16_t>(std::clamp(std::lround(value), 0l, 65535l)));
  return lab;
}

void WriteImageModules(const ResultRun& run, std::size_t frames, AttributeWriter& writer) {
  const SourceSeries& source = run.findings.source;
  writer.Put(DCM_ImageType, "DERIVED\\PRIMARY");
  writer.PutUint16(DCM_SamplesPerPixel, 1);
  writer.Put(DCM_PhotometricInterpretation, "MONOCHROME2");
  writer.Put(DCM_NumberOfFrames, fmt::format("{}", frames));
  writer.PutUint16(DCM_Rows, static_cast<std::uint16_t>(source.rows));
  writer.PutUint16(DCM_Columns, static_cast<std::uint16_t>(source.columns));
  writer.PutUint16(DCM_BitsAllocated, 1);
  writer.PutUint16(DCM_BitsStored, 1);
  writer.PutUint16(DCM_HighBit, 0);
  writer.PutUint16(DCM_PixelRepresentation, 0);
  writer.Put(DCM_LossyImageCompression, source.lossy ? "01" : "00");
  if (source.lossy) {
    for (const DcmTagKey& tag : {DCM_LossyImageCompressionRatio, DCM_LossyImageCompressionMethod}) {
      const std::string value = TextOf(run.source, tag);
      if (!value.empty()) writer.Put(tag, value);
    }
  }
  writer.Put(DCM_SegmentationType, "BINARY");
  writer.Put(DCM_SegmentsOverlap, "NO");  // one label per voxel
  writer.Put(DCM_ContentLabel, ContentLabel(run.card.name));
  writer.Put(DCM_ContentDescription,
             run.text.Own(Notice(run.card).empty() ? AlgorithmTitle(run.card) : Notice(run.card),
                          64, run.card.name));
  writer.Put(DCM_ContentCreatorName, "Axial^AI");
  const std::string body_part = TextOf(run.source, DCM_BodyPartExamined);
  if (!body_part.empty()) writer.Put(DCM_BodyPartExamined, body_part);
}

void WriteFrameOfReference(const ResultRun& run, AttributeWriter& writer) {
  const SourceSeries& source = run.findings.source;
  if (!source.frame_of_reference_uid.empty()) {
    writer.Put(DCM_FrameOfReferenceUID, source.frame_of_reference_uid);
    writer.Put(DCM_PositionReferenceIndicator, TextOf(run.source, DCM_PositionReferenceIndicator));
  }
  // C.7.6.1: asked for where no position and orientation say it.
  if (!HasPlaneGeometry(source)) writer.Put(DCM_PatientOrientation, "");
}

void WriteSegment(const ResultRun& run, const SegmentFinding& segment, AttributeWriter& writer) {
  const config::ModelCard::Algorithm& algorithm = run.card.algorithm;
  AttributeWriter item = writer.AddItem(DCM_SegmentSequence);
  item.PutUint16(DCM_SegmentNumber, static_cast<std::uint16_t>(segment.segment_number));
  item.Put(DCM_SegmentLabel, run.text.Own(segment.spec.name, 64, segment.spec.type.meaning));
  item.Put(DCM_SegmentDescription,
           run.text.OwnLong(fmt::format("{}{}{}", AlgorithmTitle(run.card),
                                        Notice(run.card).empty() ? "" : ". ", Notice(run.card)),
                            1024));
  item.Put(DCM_SegmentAlgorithmType, "AUTOMATIC");
  item.Put(DCM_SegmentAlgorithmName, run.text.Own(algorithm.name, 64, run.card.name));
  AttributeWriter identification = item.AddItem(DCM_SegmentationAlgorithmIdentificationSequence);
  identification.AddCode(DCM_AlgorithmFamilyCodeSequence, kArtificialIntelligence);
  identification.Put(DCM_AlgorithmName, run.text.Own(algorithm.name, 64, run.card.name));
  identification.Put(DCM_AlgorithmVersion, run.text.Own(algorithm.version, 64));
  identification.Put(DCM_AlgorithmSource, run.text.Own(algorithm.manufacturer, 64));
  item.AddCode(DCM_SegmentedPropertyCategoryCodeSequence, segment.spec.category);
  AttributeWriter type = item.AddCode(DCM_SegmentedPropertyTypeCodeSequence, segment.spec.type);
  if (segment.spec.modifier)
    type.AddCode(DCM_SegmentedPropertyTypeModifierCodeSequence, *segment.spec.modifier);
  if (segment.spec.anatomic_region)
    item.AddCode(DCM_AnatomicRegionSequence, *segment.spec.anatomic_region);
  item.PutUint16Array(DCM_RecommendedDisplayCIELabValue, CieLab(segment.spec.colour));
  item.Put(DCM_TrackingID, run.text.OwnLong(segment.tracking_id, 1024));
  item.Put(DCM_TrackingUID, segment.tracking_uid.str());
}

/// What the objects' SOP Instance UID stands for: everything but dates, pixels by their labels.
Result<std::string> DigestOfContent(const ResultRun& run, DcmDataset& dataset) {
  AXIAL_ASSIGN_OR_RETURN(const std::string header, DigestOf(dataset));
  std::string digests = header;
  for (const LabelMap& layer : run.findings.layers)
    digests += Sha256Hex({reinterpret_cast<const char*>(layer.labels.data()), layer.labels.size()});
  return Sha256Hex(digests);
}

Status AppendPackedFrames(const ResultRun& run, const std::vector<SegmentFrame>& frames,
                          const std::string& path) {
  const std::size_t slice_voxels = static_cast<std::size_t>(run.findings.source.rows) *
                                   static_cast<std::size_t>(run.findings.source.columns);
  BitPacker packer;
  std::size_t next = 0;
  // Small frames share a piece; a piece must not be empty before the end.
  constexpr std::size_t kPieceBytes = 1u << 18;
  const auto produce = [&](std::vector<std::uint8_t>& bytes) {
    bytes.clear();
    while (next < frames.size() && bytes.size() < kPieceBytes) {
      const SegmentFrame& frame = frames[next++];
      const std::vector<std::uint8_t>& labels =
          run.findings.layers[static_cast<std::size_t>(frame.layer)].labels;
      packer.Append(
          {labels.data() + static_cast<std::size_t>(frame.slice) * slice_voxels, slice_voxels},
          frame.value, bytes);
    }
    if (next == frames.size()) packer.Finish(bytes);
  };
  return AppendPixelData(path,
                         static_cast<std::uint32_t>(PackedBytes(
                             frames.size(), run.findings.source.rows, run.findings.source.columns)),
                         produce);
}

}  // namespace

std::uint64_t PackedBytes(std::size_t frames, int rows, int columns) {
  return (static_cast<std::uint64_t>(frames) * static_cast<std::uint64_t>(rows) *
              static_cast<std::uint64_t>(columns) +
          7) /
         8;
}

std::optional<std::string> SegmentationVariant(const ResultRun& run,
                                               const config::ResultProfile& profile) {
  if (run.frames.empty() || profile.segmentation == config::ResultProfile::Segmentation::kNone)
    return std::nullopt;
  return "binary";
}

Result<protocol::Artifact> WriteSegmentation(const ResultRun& run, const ObjectRequest& request) {
  const SourceSeries& source = run.findings.source;
  const std::vector<SegmentFrame>& frames = run.frames;
  constexpr std::uint64_t kMaxPixelBytes = 0xFFFFFFFE;  // PS3.5 7.1.2: a 32-bit even length
  if (PackedBytes(frames.size(), source.rows, source.columns) > kMaxPixelBytes)
    return MakeError(ErrorCode::kUnsupported,
                     "{} frames of {}x{} are more than 4 GiB of Pixel Data", frames.size(),
                     source.rows, source.columns);
  const ResultIdentity identity{kSegmentationClass, "SEG", request.series_number,
                                RunUid(run, "seg-series|" + request.variant)};
  DcmDataset dataset;
  AXIAL_RETURN_IF_ERROR(WriteCommonModules(run, identity, dataset));
  Status status;
  AttributeWriter writer(dataset, run.text, status);
  WriteImageModules(run, frames.size(), writer);
  WriteFrameOfReference(run, writer);
  for (const SegmentFinding& segment : run.findings.segments) WriteSegment(run, segment, writer);
  WriteFunctionalGroups(run, frames, writer);
  AXIAL_RETURN_IF_ERROR(status);

  AXIAL_ASSIGN_OR_RETURN(const std::string digest, DigestOfContent(run, dataset));
  AXIAL_ASSIGN_OR_RETURN(const Uid instance, WriteTimesAndInstanceUid(run, "seg", digest, dataset));
  AXIAL_RETURN_IF_ERROR(SaveDataset(dataset, request.path));
  AXIAL_RETURN_IF_ERROR(AppendPackedFrames(run, frames, request.path));
  return protocol::Artifact{std::filesystem::path(request.path).filename().string(), "seg",
                            kSegmentationClass, identity.series_instance_uid.str(), instance.str()};
}

}  // namespace axial::results
