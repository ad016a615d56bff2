#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "inference/findings/findings.h"

namespace axial::results {

/// A place on a frame in pixels as PS3.3 C.18.6 and C.10.5 count them: (0, 0) is the corner of the
/// first pixel, whose centre is (0.5, 0.5). Add -0.5 to both for Geometry::At.
struct ContourPoint {
  double column = 0;
  double row = 0;

  bool operator==(const ContourPoint&) const = default;
};

/// One closed outline, the first point not repeated at its end, at least three points. On the
/// screen (rows downwards) outer outlines run clockwise and holes counter-clockwise: the segment is
/// always on the right.
struct Contour {
  std::vector<ContourPoint> points;
  bool hole = false;
  std::size_t outer = 0;  ///< a hole: position of the outline around it; else its own
  double area_px = 0;     ///< enclosed by the points, positive also for holes
  /// Of the connected pixels that it is around, without holes and what is in them; a hole:
  /// enclosed.
  std::int64_t pixels = 0;
  double tolerance_px = 0;  ///< how far the outline may lie from the one traced
};

struct ContourOptions {
  /// Below sqrt(1/8), the distance between a traced outline and the nearest pixel centre: then
  /// testing pixel centres against the outlines (even-odd) gives the mask back exactly, and
  /// outlines never cross. Up to 0.5 for fewer points; 0 for all of them.
  double tolerance_px = 0.35;
  std::size_t max_points = 8'000;    ///< per outline: its tolerance is raised until it fits
  std::size_t max_contours = 1'000;  ///< per frame: the largest outer ones stay, then their holes
};

struct Contours {
  /// Outer outlines by falling area, then in raster order; each is followed by its holes.
  std::vector<Contour> contours;
  std::size_t left_out = 0;  ///< outlines beyond max_contours
};

/// Outlines of the pixels that have `value`; `labels`: [row][column], rows * columns values.
///
/// Passes half-way between the centres of pixels inside and outside and cuts the corners of the
/// pixels. Pixels that touch only at a corner are apart. Deterministic; time grows with the number
/// of pixels and of border pixels. A frame without the value has no outlines.
[[nodiscard]] Contours TraceContours(std::span<const std::uint8_t> labels, int rows, int columns,
                                     std::uint8_t value, const ContourOptions& options = {});

/// Outlines of one segment on one frame of the source (`slice`: into SourceSeries::frames).
[[nodiscard]] Contours SegmentContours(const Findings& findings, const SegmentFinding& segment,
                                       int slice, const ContourOptions& options = {});

}  // namespace axial::results
