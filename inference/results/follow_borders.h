#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "inference/results/contours.h"

namespace axial::results {

/// One border between pixels with a value and pixels without: pixels with it on the right of the
/// way, rows downwards. Pixels that touch only at a corner are apart.
struct Border {
  std::vector<ContourPoint> points;  ///< middles of the pixels' edges, ends of straight runs
  bool hole = false;
  std::int64_t enclosed = 0;  ///< pixels, whatever their value
  std::size_t outer = 0;      ///< of the same connected pixels: position of their outer border
  /// A hole: ends of the channel from its westernmost edge straight west, over the centres of
  /// connected pixels, to `channel_to`, the border they end at. Both are middles of edges.
  ContourPoint channel_begin{};
  ContourPoint channel_end{};
  std::size_t channel_to = 0;
};

/// Every border, in raster order of their first pixel; `labels`: [row][column]. Time grows with the
/// number of pixels.
[[nodiscard]] std::vector<Border> FollowBorders(std::span<const std::uint8_t> labels, int rows,
                                                int columns, std::uint8_t value);

}  // namespace axial::results
