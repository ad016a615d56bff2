#include "inference/results/segmentation.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <set>

#include "core/base/log.h"
#include "inference/results/bit_packer.h"
#include "inference/results/cie_lab.h"
#include "inference/results/frame_pixels.h"
#include "inference/results/functional_groups.h"
#include "inference/results/result_file.h"
#include "inference/results/rle.h"
#include "inference/results/segmentation_form.h"

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

void WritePixelModule(const SegmentationForm& form, AttributeWriter& writer) {
  const auto bits = static_cast<std::uint16_t>(form.BitsAllocated());
  writer.PutUint16(DCM_BitsAllocated, bits);
  writer.PutUint16(DCM_BitsStored, bits);
  writer.PutUint16(DCM_HighBit, static_cast<std::uint16_t>(bits - 1));
  writer.PutUint16(DCM_PixelRepresentation, 0);
  writer.Put(DCM_SegmentationType, form.SegmentationType());
  if (form.type == SegmentationForm::Type::kLabelmap)
    writer.PutUint16(DCM_PixelPaddingValue, 0);  // what belongs to no segment
  if (form.type == SegmentationForm::Type::kFractional) {
    writer.Put(DCM_SegmentationFractionalType, "PROBABILITY");
    writer.PutUint16(DCM_MaximumFractionalValue, kMaximumFractionalValue);
  }
}

/// An image has no attribute for predecessors, as reports have; "" when it replaces nothing.
std::string Replaced(const ObjectRequest& request) {
  std::string replaced;
  for (const protocol::Predecessor& predecessor : request.replaced)
    if (predecessor.kind == kSegmentationKind)
      replaced += (replaced.empty() ? "Replaces " : ", ") + predecessor.sop_instance_uid;
  return replaced;
}

void WriteImageModules(const ResultRun& run, const ObjectRequest& request,
                       const SegmentationForm& form, std::size_t frames, AttributeWriter& writer) {
  const SourceSeries& source = run.findings.source;
  writer.Put(DCM_ImageType, "DERIVED\\PRIMARY");
  writer.PutUint16(DCM_SamplesPerPixel, 1);
  writer.Put(DCM_PhotometricInterpretation, "MONOCHROME2");
  writer.Put(DCM_NumberOfFrames, fmt::format("{}", frames));
  writer.PutUint16(DCM_Rows, static_cast<std::uint16_t>(source.rows));
  writer.PutUint16(DCM_Columns, static_cast<std::uint16_t>(source.columns));
  WritePixelModule(form, writer);
  writer.Put(DCM_LossyImageCompression, source.lossy ? "01" : "00");
  if (source.lossy) {
    for (const DcmTagKey& tag : {DCM_LossyImageCompressionRatio, DCM_LossyImageCompressionMethod}) {
      const std::string value = TextOf(run.source, tag);
      if (!value.empty()) writer.Put(tag, value);
    }
  }
  writer.Put(DCM_SegmentsOverlap,
             form.Overlap(SegmentsOverlap(run.findings), run.findings.segments.size()));
  writer.Put(DCM_ContentLabel, ContentLabel(run.card.name));
  writer.Put(DCM_ContentDescription,
             run.text.Own(Notice(run.card).empty() ? AlgorithmTitle(run.card) : Notice(run.card),
                          64, run.card.name));
  writer.Put(DCM_ContentCreatorName, "Axial^AI");
  if (const std::string replaced = Replaced(request); !replaced.empty())
    writer.Put(DCM_DerivationDescription, run.text.OwnLong(replaced, 1024));
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

/// What the object's SOP Instance UID stands for: everything but dates, pixels by what they are
/// made of.
Result<std::string> DigestOfContent(const ResultRun& run, const SegmentationForm& form,
                                    DcmDataset& dataset,
                                    std::span<const std::uint8_t> functional_groups) {
  AXIAL_ASSIGN_OR_RETURN(const std::string header, DigestOf(dataset, functional_groups));
  const auto text = [](const std::vector<std::uint8_t>& bytes) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  std::string digests = header;
  for (const LabelMap& layer : run.findings.layers) digests += Sha256Hex(text(layer.labels));
  if (form.probabilities)
    for (const ProbabilityMap& map : run.findings.probabilities)
      for (const std::vector<std::uint8_t>& slice : map.slices) digests += Sha256Hex(text(slice));
  return Sha256Hex(digests);
}

/// Gives `append(frame, bytes)` frame after frame until a piece is large enough to be written.
template <typename Append>
PixelProducer InPieces(const std::vector<SegmentFrame>& frames, std::size_t piece_bytes,
                       Append append) {
  return [&frames, piece_bytes, append,
          next = std::size_t{0}](std::vector<std::uint8_t>& bytes) mutable {
    bytes.clear();
    while (next < frames.size() && (bytes.empty() || bytes.size() < piece_bytes)) {
      append(frames[next], next + 1 == frames.size(), bytes);
      ++next;
    }
  };
}

Status AppendBits(const FramePixels& pixels, std::size_t columns,
                  const std::vector<SegmentFrame>& frames, std::size_t piece_bytes,
                  const std::string& path) {
  BitPacker packer;
  const auto append = [&](const SegmentFrame& frame, bool last, std::vector<std::uint8_t>& bytes) {
    const std::size_t first = static_cast<std::size_t>(frame.first_row) * columns;
    const std::size_t end = static_cast<std::size_t>(frame.end_row) * columns;
    packer.AppendZeros(first, bytes);
    packer.Append({pixels.Labels(frame.layer, frame.slice) + first, end - first}, frame.value,
                  bytes);
    packer.AppendZeros(pixels.frame_pixels() - end, bytes);
    if (last) packer.Finish(bytes);
  };
  const std::uint64_t bits = static_cast<std::uint64_t>(frames.size()) * pixels.frame_pixels();
  return AppendPixelData(path, static_cast<std::uint32_t>((bits + 7) / 8),
                         InPieces(frames, piece_bytes, append));
}

Status AppendFrames(const ResultRun& run, const SegmentationForm& form,
                    const std::vector<SegmentFrame>& frames, const std::string& path) {
  constexpr std::size_t kPieceBytes = 1u << 18;  // small frames share a piece
  const FramePixels pixels(run.findings, form);
  const auto columns = static_cast<std::size_t>(run.findings.source.columns);
  if (form.type == SegmentationForm::Type::kBinary)
    return AppendBits(pixels, columns, frames, kPieceBytes, path);
  const std::size_t pixel_bytes = form.wide ? 2 : 1;
  const auto append = [&](const SegmentFrame& frame, bool, std::vector<std::uint8_t>& bytes) {
    pixels.Append(frame, bytes);
  };
  if (!form.rle)
    return AppendPixelData(
        path, static_cast<std::uint32_t>(frames.size() * pixels.frame_pixels() * pixel_bytes),
        InPieces(frames, kPieceBytes, append), form.wide);
  std::vector<std::uint8_t> plain;
  const auto append_rle = [&](const SegmentFrame& frame, bool, std::vector<std::uint8_t>& bytes) {
    plain.clear();
    pixels.Append(frame, plain);
    AppendRleFrame(plain, columns, pixel_bytes, bytes);
  };
  return AppendEncapsulatedPixelData(path, InPieces(frames, 1, append_rle));
}

/// Error: Unsupported. Other forms have become BINARY by then.
Status CheckPixelBytes(const SegmentationForm& form, const SourceSeries& source,
                       std::size_t frames) {
  const std::uint64_t bits = static_cast<std::uint64_t>(frames) *
                             static_cast<std::uint64_t>(source.rows) *
                             static_cast<std::uint64_t>(source.columns);
  if (form.type != SegmentationForm::Type::kBinary || (bits + 7) / 8 <= kMaxPixelBytes) return {};
  return MakeError(
      ErrorCode::kUnsupported,
      "{} frames of {}x{} are more than 4 GiB of Pixel Data, which no BINARY Segmentation can "
      "hold; write segmentation: labelmap (or none) in the destination's results",
      frames, source.rows, source.columns);
}

}  // namespace

std::optional<std::string> SegmentationVariant(const ResultRun& run,
                                               const config::ResultProfile& profile) {
  if (run.frames.empty() || profile.segmentation == config::ResultProfile::Segmentation::kNone)
    return std::nullopt;
  return ChooseForm(run.findings, profile).form.Name();
}

void LogReplacedForms(const ResultRun& run) {
  std::set<std::string> logged;
  for (const config::ResultProfile& profile : run.options.profiles) {
    if (!SegmentationVariant(run, profile)) continue;
    const ChosenForm chosen = ChooseForm(run.findings, profile);
    if (chosen.reason.empty() || !logged.insert(chosen.reason).second) continue;
    Log(LogLevel::kWarning, "segmentation_form_replaced",
        {{"series", run.findings.source.series_instance_uid.str()},
         {"instead", chosen.form.SegmentationType()},
         {"reason", chosen.reason}});
  }
}

Result<protocol::Artifact> WriteSegmentation(const ResultRun& run, const ObjectRequest& request) {
  const SegmentationForm form = ChooseForm(run.findings, request.profile).form;
  const std::vector<SegmentFrame> frames = FramesOf(form, run.findings, run.frames);
  AXIAL_RETURN_IF_ERROR(CheckPixelBytes(form, run.findings.source, frames.size()));
  const ResultIdentity identity{form.SopClass(), "SEG", request.series_number,
                                RunUid(run, "seg-series|" + request.variant)};
  DcmDataset dataset;
  AXIAL_RETURN_IF_ERROR(WriteCommonModules(run, identity, dataset));
  Status status;
  AttributeWriter writer(dataset, run.text, status);
  WriteImageModules(run, request, form, frames.size(), writer);
  WriteFrameOfReference(run, writer);
  for (const SegmentFinding& segment : run.findings.segments) WriteSegment(run, segment, writer);
  WriteDimensionsAndReferences(run, form, writer);
  AXIAL_RETURN_IF_ERROR(status);
  AXIAL_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> groups,
                         EncodeFunctionalGroups(run, form, frames));

  AXIAL_ASSIGN_OR_RETURN(const std::string digest, DigestOfContent(run, form, dataset, groups));
  AXIAL_ASSIGN_OR_RETURN(const Uid instance, WriteTimesAndInstanceUid(run, "seg", digest, dataset));
  AXIAL_RETURN_IF_ERROR(SaveDataset(dataset, request.path,
                                    form.rle ? PixelCoding::kRleLossless : PixelCoding::kNative));
  AXIAL_RETURN_IF_ERROR(AppendAttributes(request.path, groups));
  AXIAL_RETURN_IF_ERROR(AppendFrames(run, form, frames, request.path));
  return protocol::Artifact{std::filesystem::path(request.path).filename().string(), "seg",
                            form.SopClass(), identity.series_instance_uid.str(), instance.str()};
}

}  // namespace axial::results
