#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "inference/results/frame_plane.h"
#include "inference/results/planar_outlines.h"
#include "inference/results/result_run.h"

namespace axial::results {

/// So that a model that finds noise makes no object that nobody can open.
inline constexpr std::size_t kMaxContours = 100'000;
inline constexpr std::size_t kMaxContourPoints = 5'000'000;

/// One outline of what a segment is on a frame.
struct PlacedOutline {
  std::size_t place = 0;  ///< into ResultRun::frames
  PlanarOutline outline;
};

/// What an RT Structure Set draws.
struct RoiOutlines {
  /// In the order of ResultRun::frames, the largest of each first; every segment has one.
  std::vector<PlacedOutline> placed;
  /// In outlines beyond kMaxContours or kMaxContourPoints, the smallest of all.
  std::int64_t pixels_left_out = 0;
};

/// Error: InvalidInput (PlaneOf).
[[nodiscard]] Result<RoiOutlines> PlanRoiOutlines(const ResultRun& run);

/// Contour Data (3006,0050): x\y\z of every point, mm, rounded to 0.0001 mm or, on very small
/// pixels, to a thousandth of one.
[[nodiscard]] std::string ContourData(const FramePlane& plane,
                                      const std::vector<ContourPoint>& points);

/// How many points of a frame of this size surely fit into one Contour Data. Its VR, DS, has a
/// length of 16 bits in Explicit VR (PS3.5 7.1.2), and readers know no way around it.
[[nodiscard]] std::size_t PointsThatFit(const FramePlane& plane, int rows, int columns);

}  // namespace axial::results
