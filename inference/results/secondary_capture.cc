#include "inference/results/secondary_capture.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/base/log.h"
#include "inference/results/canvas.h"
#include "inference/results/composite_context.h"
#include "inference/results/failure_words.h"
#include "inference/results/key_slices.h"
#include "inference/results/legend.h"
#include "inference/results/picture_objects.h"
#include "inference/results/result_file.h"
#include "inference/results/slice_drawing.h"
#include "inference/results/written_object.h"

namespace axial::results {
namespace {

constexpr const char* kKind = "secondary_capture";
constexpr const char* kObject = "secondary capture";
constexpr const char* kClass = "1.2.840.10008.5.1.4.1.1.7";  // Secondary Capture Image Storage
constexpr int kSmallestSide = 512;  ///< the longer side of the picture at least
constexpr int kLargestSide = 1024;  ///< and at most
constexpr int kLegendWidth = 296;

struct Capture {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> rgb;
};

/// The frame that a picture shows; of a failed run the one it names for the Series.
int SliceOf(const ResultRun& run, const ObjectRequest& request) {
  if (run.options.failure) return 0;
  return SlicesToShow(run, request.profile.captured_slices)[request.number];
}

/// Text alone: the images may be unreadable.
Result<Capture> DrawFailure(const ResultRun& run, const std::string& banner) {
  Capture capture{kSmallestSide + kLegendWidth, kSmallestSide, {}};
  AXIAL_ASSIGN_OR_RETURN(Canvas canvas, Canvas::ForImage(capture.width, capture.height));
  WriteFailurePanel(run, banner, {24, 16, capture.width - 48.0, capture.height - 32.0}, canvas);
  AXIAL_ASSIGN_OR_RETURN(capture.rgb, canvas.TakeImage());
  return capture;
}

Result<Capture> DrawCapture(const ResultRun& run, const ObjectRequest& request) {
  if (run.options.failure) return DrawFailure(run, request.profile.banner);
  const int slice = SliceOf(run, request);
  AXIAL_ASSIGN_OR_RETURN(const Picture picture, SourcePicture(run, slice));
  const double shape = ShapeOf(picture);
  const double longer = std::max<double>(picture.columns, picture.columns / shape);
  const double side = std::clamp<double>(longer, kSmallestSide, kLargestSide);
  const double width = shape >= 1 ? side : std::max(1.0, std::round(side * shape));
  const double height = shape >= 1 ? std::max(1.0, std::round(side / shape)) : side;
  Capture capture{static_cast<int>(width) + kLegendWidth,
                  std::max(static_cast<int>(height), kSmallestSide),
                  {}};
  AXIAL_ASSIGN_OR_RETURN(Canvas canvas, Canvas::ForImage(capture.width, capture.height));
  DrawSlice(run, slice, picture, {0, 0, width, static_cast<double>(capture.height)}, 1.6, canvas);
  const Box panel{width, 0, kLegendWidth, static_cast<double>(capture.height)};
  canvas.Fill(panel, {0.10, 0.11, 0.13});
  WriteLegend(run, request.profile.banner, slice,
              {panel.x + 12, 12, panel.width - 24, panel.height - 24}, canvas);
  AXIAL_ASSIGN_OR_RETURN(capture.rgb, canvas.TakeImage());
  return capture;
}

Status PutPixels(const Capture& capture, DcmDataset& dataset, AttributeWriter& writer) {
  writer.PutUint16(DCM_SamplesPerPixel, 3);
  writer.Put(DCM_PhotometricInterpretation, "RGB");
  writer.PutUint16(DCM_PlanarConfiguration, 0);
  writer.PutUint16(DCM_Rows, static_cast<std::uint16_t>(capture.height));
  writer.PutUint16(DCM_Columns, static_cast<std::uint16_t>(capture.width));
  writer.PutUint16(DCM_BitsAllocated, 8);
  writer.PutUint16(DCM_BitsStored, 8);
  writer.PutUint16(DCM_HighBit, 7);
  writer.PutUint16(DCM_PixelRepresentation, 0);
  std::vector<std::uint8_t> even = capture.rgb;
  if (even.size() % 2 != 0) even.push_back(0);
  const OFCondition put = dataset.putAndInsertUint8Array(DCM_PixelData, even.data(), even.size());
  if (put.bad()) return MakeError(ErrorCode::kInternal, "secondary capture: {}", put.text());
  return {};
}

}  // namespace

std::optional<std::string> SecondaryCaptureVariant(const ResultRun& run,
                                                   const config::ResultProfile& profile) {
  if (!profile.also.contains(config::ExtraResult::kSecondaryCapture)) return std::nullopt;
  if (run.options.failure) return "failed|" + profile.banner;
  return fmt::format("{}|{}", config::NameOfEnum(config::kSlicesNames, profile.captured_slices),
                     profile.banner);
}

std::size_t SecondaryCaptureFiles(const ResultRun& run, const config::ResultProfile& profile) {
  return run.options.failure ? 1 : SlicesToShow(run, profile.captured_slices).size();
}

Result<protocol::Artifact> WriteSecondaryCapture(const ResultRun& run,
                                                 const ObjectRequest& request) {
  AXIAL_ASSIGN_OR_RETURN(const Capture capture, DrawCapture(run, request));
  const ResultIdentity identity{kClass, "OT", request.series_number,
                                RunUid(run, "secondary_capture-series|" + request.variant)};
  DcmDataset dataset;
  AXIAL_RETURN_IF_ERROR(WriteCommonModules(run, identity, dataset));
  Status status;
  AttributeWriter writer(dataset, run.text, status);
  if (run.options.failure)
    PutCodedFailureTitle(run, writer);
  else
    PutSeriesTitle(run, "pictures", writer);
  writer.Put(DCM_InstanceNumber, fmt::format("{}", request.number + 1));
  writer.Put(DCM_ImageType, "DERIVED\\SECONDARY");
  writer.Put(DCM_ConversionType, "SYN");
  writer.Put(DCM_BurnedInAnnotation, "YES");
  writer.Put(DCM_PatientOrientation, "");
  PutBodyPart(run, writer);
  const SourceFrame& frame =
      run.findings.source.frames[static_cast<std::size_t>(SliceOf(run, request))];
  writer.Put(DCM_DerivationDescription,
             run.text.OwnLong(run.options.failure
                                  ? FailureStatement(run)
                                  : fmt::format("Drawn with the result of {}; not for measurement",
                                                AlgorithmTitle(run.card)),
                              1024));
  PutSourceImage(frame, DCM_SourceImageSequence, writer);
  writer.Put(DCM_LossyImageCompression, run.findings.source.lossy ? "01" : "00");
  if (run.findings.source.lossy)
    for (const DcmTagKey& tag : {DCM_LossyImageCompressionRatio, DCM_LossyImageCompressionMethod})
      if (const std::string value = TextOf(run.source, tag); !value.empty()) writer.Put(tag, value);
  AXIAL_RETURN_IF_ERROR(PutPixels(capture, dataset, writer));
  AXIAL_RETURN_IF_ERROR(status);
  AXIAL_ASSIGN_OR_RETURN(const std::string digest, DigestOf(dataset));
  AXIAL_ASSIGN_OR_RETURN(const Uid instance,
                         WriteTimesAndInstanceUid(run, "secondary_capture", digest, dataset));
  AXIAL_RETURN_IF_ERROR(SaveDataset(dataset, request.path));
  return protocol::Artifact{std::filesystem::path(request.path).filename().string(), kKind, kClass,
                            identity.series_instance_uid.str(), instance.str()};
}

Status CheckSecondaryCapture(const ResultRun& run, const ObjectRequest& request) {
  AXIAL_ASSIGN_OR_RETURN(const std::unique_ptr<DcmFileFormat> file,
                         ReadWrittenObject(request.path, kObject));
  DcmDataset& dataset = *file->getDataset();
  const SourceFrame& frame =
      run.findings.source.frames[static_cast<std::size_t>(SliceOf(run, request))];
  const std::pair<DcmTagKey, std::string> expected[] = {
      {DCM_SOPClassUID, kClass},     {DCM_Modality, "OT"},
      {DCM_ConversionType, "SYN"},   {DCM_BurnedInAnnotation, "YES"},
      {DCM_FrameOfReferenceUID, ""}, {DCM_PixelSpacing, ""},
      {DCM_SamplesPerPixel, "3"},    {DCM_PhotometricInterpretation, "RGB"},
      {DCM_BitsAllocated, "8"},      {DCM_InstanceNumber, fmt::format("{}", request.number + 1)},
  };
  for (const auto& [tag, value] : expected)
    AXIAL_RETURN_IF_ERROR(ExpectValue(dataset, tag, value, kObject));
  AXIAL_RETURN_IF_ERROR(CheckSourceImage(frame, DCM_SourceImageSequence, dataset, kObject));
  AXIAL_RETURN_IF_ERROR(CheckPictureObject(run, dataset, kObject));
  AXIAL_RETURN_IF_ERROR(CheckFailureTitle(run, dataset, kObject));

  Uint16 rows = 0;
  Uint16 columns = 0;
  const Uint8* pixels = nullptr;
  unsigned long bytes = 0;
  dataset.findAndGetUint16(DCM_Rows, rows);
  dataset.findAndGetUint16(DCM_Columns, columns);
  if (dataset.findAndGetUint8Array(DCM_PixelData, pixels, &bytes).bad() || pixels == nullptr ||
      (bytes + 1) / 2 != (static_cast<unsigned long>(rows) * columns * 3 + 1) / 2)
    return MakeError(ErrorCode::kCorrupt, "{}: {} bytes of pixels for {}x{}", kObject, bytes, rows,
                     columns);
  return CheckContentUid(run, kKind, dataset, kObject);
}

}  // namespace axial::results
