#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "inference/volume/frame_header.h"
#include "inference/volume/geometry.h"

namespace axial {

/// Why frames are not one regular stack.
enum class StackRefusal {
  kMixedOrientation,
  kDuplicatePosition,  ///< 4-D, or the same slice sent twice with different UIDs
  kIrregularGap,
  kDifferingSize,
  kDifferingSpacing,
  kDifferingFrameOfReference,
  kMissingPosition,
  kMissingOrientation,
  kMissingSpacing,
  kColour,
  kMosaic,  ///< several slices tiled into one vendor-specific image
};

/// Stable snake_case name, as it appears in error messages.
[[nodiscard]] std::string_view StackRefusalName(StackRefusal refusal);

/// Removes what does not belong to the Series' main stack: other SOP Classes than the most
/// frequent, localizers, and a minority (at most a fifth) of other orientations. Returns one
/// sentence per kind left out. At least one frame stays.
[[nodiscard]] std::vector<std::string> LeaveOutForeignFrames(std::vector<FrameHeader>& frames);

/// Only other SOP Classes than the most frequent (for images looked at one by one).
[[nodiscard]] std::vector<std::string> LeaveOutOtherSopClasses(std::vector<FrameHeader>& frames);

/// Sorts the frames along the normal of their planes (sets position_mm) and fits the regular grid
/// they lie on. `position_tolerance`: see LoadSeriesOptions.
/// Error: InvalidInput, message "not one regular stack (<reason>): ...".
[[nodiscard]] Result<Geometry> BuildStack(std::vector<FrameHeader>& frames,
                                          double position_tolerance);

}  // namespace axial
