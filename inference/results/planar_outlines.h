#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "inference/results/contours.h"

namespace axial::results {

/// One outline that encloses pixels of a segment and nothing else: the way around a hole is part of
/// it ("keyhole", PS3.3 C.8.8.6.3). It leads there and back over the same points, along centres of
/// pixels of the segment. The first point is not repeated at the end.
struct PlanarOutline {
  std::vector<ContourPoint> points;
  std::int64_t pixels = 0;  ///< whose centres are inside
};

/// Outlines of the pixels that have `value`; `labels`: [row][column], rows * columns values. They
/// share no pixel and together hold all: testing centres against each by itself, even-odd or by
/// winding number, gives the mask back exactly, whether the results are united or XORed.
///
/// Parts whose outline would have more than `max_points` (at least 8) are cut into halves until
/// theirs fit. By falling number of pixels, then in an order that depends on the mask only. Time
/// grows with the number of pixels.
[[nodiscard]] std::vector<PlanarOutline> PlanarOutlines(std::span<const std::uint8_t> labels,
                                                        int rows, int columns, std::uint8_t value,
                                                        std::size_t max_points);

/// The same of one connected part only: that of the pixel below `first`, where the part's outer
/// outline begins (Contour::points and Border::points).
[[nodiscard]] std::vector<PlanarOutline> OutlinesOfPart(std::span<const std::uint8_t> labels,
                                                        int rows, int columns,
                                                        const ContourPoint& first,
                                                        std::size_t max_points);

/// Part of a frame, in pixels; empty when it has no rows.
struct PixelBox {
  int row = 0;
  int column = 0;
  int rows = 0;
  int columns = 0;
};

/// For each value the smallest box that holds its pixels.
[[nodiscard]] std::array<PixelBox, 256> BoxesOf(std::span<const std::uint8_t> labels, int rows,
                                                int columns);

/// The labels inside a box, [row][column].
[[nodiscard]] std::vector<std::uint8_t> Crop(std::span<const std::uint8_t> labels, int columns,
                                             const PixelBox& box);

}  // namespace axial::results
