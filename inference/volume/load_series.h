#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "inference/volume/source_series.h"
#include "inference/volume/volume.h"

namespace axial {

/// Bounds, checked before memory is taken.
struct LoadSeriesOptions {
  std::int64_t max_voxel_bytes = std::int64_t{1} << 31;  ///< of the float voxels
  std::size_t max_frames = 20'000;
  /// How far a slice may lie from its place on the regular grid, as a part of the slice gap.
  double position_tolerance = 0.1;
};

/// One Series as a regular stack.
struct LoadedVolume {
  SourceSeries source;  ///< frames[i] is slice i
  Volume volume;
  std::vector<std::string> left_out;  ///< one sentence per kind of frame that is not in the stack
};

/// Loads the Instances of one Series (single-frame, or enhanced multi-frame with functional groups,
/// PS3.3 C.7.6.16) as one regular voxel grid: sorted along the normal of the planes, in modality
/// units (PS3.3 C.11.1), patient LPS mm. A constant shear (gantry tilt) is a regular grid.
///
/// Frames of another SOP Class than the most frequent, localizers, and a small minority of frames
/// of another orientation are left out and named in `left_out`; nothing else is ever dropped. Pixel
/// Padding (PS3.3 C.7.5.1.1.2) becomes the smallest real value, so that it looks like surroundings;
/// a padding value below all real values of a non-CT Series stays.
///
/// Errors: InvalidInput whose message starts with "not one regular stack (<reason>)", reason being
/// one of mixed_orientation, duplicate_position, irregular_gap, differing_size, differing_spacing,
/// differing_frame_of_reference, missing_position, missing_orientation, missing_spacing, colour,
/// mosaic; InvalidInput (not DICOM, several Series, Instances of two patients); Unsupported (pixel
/// format); Exhausted (limits); Corrupt (pixel data). Thread-safe. Peak memory: the voxels plus one
/// Instance.
[[nodiscard]] Result<LoadedVolume> LoadVolume(const std::vector<std::string>& files,
                                              const LoadSeriesOptions& options = {});

/// One frame as it is meant to be looked at: MONOCHROME1 inverted, colour as luminance (ITU-R
/// BT.601), rescaled.
struct Image2D {
  int rows = 0;
  int columns = 0;
  std::vector<float> pixels;  ///< [row][column]
};

/// Every frame of one Series on its own.
struct LoadedImages {
  SourceSeries source;  ///< in file, then frame order; rows and columns are those of the first
  std::vector<Image2D> images;  ///< images[i] is source.frames[i]
  std::vector<std::string> left_out;
};

/// Loads every frame of the most frequent SOP Class; no geometry needed.
/// Errors: as LoadVolume, without the geometric ones. Thread-safe.
[[nodiscard]] Result<LoadedImages> LoadImages(const std::vector<std::string>& files,
                                              const LoadSeriesOptions& options = {});

}  // namespace axial
