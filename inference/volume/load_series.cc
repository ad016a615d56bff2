#include "inference/volume/load_series.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

#include "core/dicom/patient_identity.h"
#include "inference/volume/frame_header.h"
#include "inference/volume/pixel_file.h"
#include "inference/volume/stack.h"

namespace axial {
namespace {

/// The headers of all files of one Series, and what they have in common.
struct SeriesHeaders {
  SourceSeries source;
  std::vector<FrameHeader> frames;
};

Result<SeriesHeaders> ReadHeaders(const std::vector<std::string>& files,
                                  const LoadSeriesOptions& options) {
  if (files.empty()) return Error(ErrorCode::kInvalidInput, "no files");
  std::optional<SeriesHeaders> headers;
  std::map<Uid, std::string> seen;
  OnePatient patient;
  for (const std::string& file : files) {
    AXIAL_ASSIGN_OR_RETURN(InstanceFrames instance, ReadInstanceFrames(file, options.max_frames));
    if (!seen.emplace(instance.frames.front().source.sop_instance_uid, file).second)
      return MakeError(ErrorCode::kInvalidInput, "{}: the same SOP Instance UID twice",
                       FileLabel(file));
    if (!headers)
      headers = SeriesHeaders{SourceSeries{.study_instance_uid = instance.study_instance_uid,
                                           .series_instance_uid = instance.series_instance_uid,
                                           .modality = instance.modality,
                                           .frame_of_reference_uid = {},
                                           .frames = {},
                                           .units = instance.units,
                                           .suv_type = instance.suv_type},
                              {}};
    if (instance.series_instance_uid != headers->source.series_instance_uid ||
        instance.study_instance_uid != headers->source.study_instance_uid)
      return MakeError(ErrorCode::kInvalidInput, "{}: files of more than one Series",
                       FileLabel(file));
    AXIAL_RETURN_IF_ERROR(
        patient.Add(instance.patient, instance.frames.front().source.sop_instance_uid.str()));
    if (instance.units != headers->source.units || instance.suv_type != headers->source.suv_type)
      headers->source.units = headers->source.suv_type = "";
    headers->source.lossy = headers->source.lossy || instance.lossy;
    std::move(instance.frames.begin(), instance.frames.end(), std::back_inserter(headers->frames));
    if (headers->frames.size() > options.max_frames)
      return MakeError(ErrorCode::kExhausted, "more than {} frames", options.max_frames);
  }
  return std::move(*headers);
}

/// Moves the frames' source part into the SourceSeries.
void TakeFrames(SeriesHeaders& headers) {
  headers.source.rows = headers.frames.front().rows;
  headers.source.columns = headers.frames.front().columns;
  headers.source.frame_of_reference_uid = headers.frames.front().frame_of_reference_uid;
  for (FrameHeader& frame : headers.frames)
    headers.source.frames.push_back(std::move(frame.source));
}

Status CheckSize(std::size_t voxels, const LoadSeriesOptions& options) {
  if (voxels > static_cast<std::size_t>(options.max_voxel_bytes) / sizeof(float))
    return MakeError(ErrorCode::kExhausted, "{} voxels; at most {} MiB are allowed", voxels,
                     options.max_voxel_bytes >> 20);
  return {};
}

/// Calls take(index, decoded) for every frame, opening each file once.
template <typename Take>
Status DecodeFrames(const std::vector<SourceFrame>& frames, PixelMeaning meaning, Take take) {
  std::map<std::string, std::vector<std::size_t>> by_file;
  for (std::size_t i = 0; i < frames.size(); ++i) by_file[frames[i].file].push_back(i);
  for (auto& [file, indices] : by_file) {
    std::sort(indices.begin(), indices.end(), [&](std::size_t a, std::size_t b) {
      return frames[a].frame_number < frames[b].frame_number;
    });
    Result<PixelFile> pixels = PixelFile::Open(file);
    if (!pixels.ok()) return pixels.error().WithContext("{}", FileLabel(file));
    for (const std::size_t index : indices) {
      Result<DecodedFrame> decoded = pixels->ReadFrame(frames[index].frame_number - 1, meaning);
      if (!decoded.ok()) return decoded.error().WithContext("{}", FileLabel(file));
      take(index, std::move(decoded).value());
    }
  }
  return {};
}

/// Gives padding the smallest real value when it would otherwise look like tissue or lie far below.
void ReplacePadding(std::vector<float>& voxels, const std::vector<bool>& is_padding,
                    bool is_hounsfield) {
  float smallest = std::numeric_limits<float>::max();
  for (std::size_t i = 0; i < voxels.size(); ++i)
    if (!is_padding[i]) smallest = std::min(smallest, voxels[i]);
  if (smallest == std::numeric_limits<float>::max()) return;
  for (std::size_t i = 0; i < voxels.size(); ++i)
    if (is_padding[i] && (is_hounsfield || voxels[i] > smallest)) voxels[i] = smallest;
}

}  // namespace

Result<LoadedVolume> LoadVolume(const std::vector<std::string>& files,
                                const LoadSeriesOptions& options) {
  AXIAL_ASSIGN_OR_RETURN(SeriesHeaders headers, ReadHeaders(files, options));
  std::vector<std::string> left_out = LeaveOutForeignFrames(headers.frames);
  AXIAL_ASSIGN_OR_RETURN(const Geometry geometry,
                         BuildStack(headers.frames, options.position_tolerance));
  AXIAL_RETURN_IF_ERROR(CheckSize(geometry.size.Voxels(), options));
  TakeFrames(headers);
  LoadedVolume loaded{std::move(headers.source), {geometry, {}}, std::move(left_out)};
  std::vector<float>& voxels = loaded.volume.voxels;
  voxels.resize(geometry.size.Voxels());
  const std::size_t plane = voxels.size() / static_cast<std::size_t>(geometry.size.slices);
  std::vector<bool> is_padding;
  const auto place = [&](std::size_t index, const DecodedFrame& frame) {
    const auto at = static_cast<std::ptrdiff_t>(index * plane);
    std::copy(frame.values.begin(), frame.values.end(), voxels.begin() + at);
    if (frame.is_padding.empty()) return;
    is_padding.resize(voxels.size());
    std::copy(frame.is_padding.begin(), frame.is_padding.end(), is_padding.begin() + at);
  };
  AXIAL_RETURN_IF_ERROR(DecodeFrames(loaded.source.frames, PixelMeaning::kModality, place));
  if (!is_padding.empty()) ReplacePadding(voxels, is_padding, loaded.source.modality == "CT");
  return loaded;
}

Result<LoadedImages> LoadImages(const std::vector<std::string>& files,
                                const LoadSeriesOptions& options) {
  AXIAL_ASSIGN_OR_RETURN(SeriesHeaders headers, ReadHeaders(files, options));
  std::vector<std::string> left_out = LeaveOutOtherSopClasses(headers.frames);
  std::size_t pixel_count = 0;
  for (const FrameHeader& frame : headers.frames)
    pixel_count += static_cast<std::size_t>(frame.rows) * static_cast<std::size_t>(frame.columns);
  AXIAL_RETURN_IF_ERROR(CheckSize(pixel_count, options));
  std::vector<Image2D> images(headers.frames.size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    images[i].rows = headers.frames[i].rows;
    images[i].columns = headers.frames[i].columns;
  }
  TakeFrames(headers);
  LoadedImages loaded{std::move(headers.source), std::move(images), std::move(left_out)};
  const auto place = [&](std::size_t index, DecodedFrame frame) {
    loaded.images[index].pixels = std::move(frame.values);
  };
  AXIAL_RETURN_IF_ERROR(DecodeFrames(loaded.source.frames, PixelMeaning::kDisplay, place));
  return loaded;
}

}  // namespace axial
