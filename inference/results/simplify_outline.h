#pragma once

#include <cstddef>
#include <vector>

#include "inference/results/contours.h"

namespace axial::results {

/// Leaves out points of a closed outline (at least three) that lie within `tolerance_px` of the
/// line without them (Douglas and Peucker); while more than `max_points` (at least 8) are left,
/// does so again with a larger tolerance. At least three points stay. Returns how far the outline
/// may now be from what it was, pixels. Time grows with the number of points.
double SimplifyOutline(std::vector<ContourPoint>& points, double tolerance_px,
                       std::size_t max_points);

/// The points that stay of a closed outline when those at the positions `fixed` (rising, at least
/// one, the first 0) must. Equal points next to each other are allowed.
[[nodiscard]] std::vector<ContourPoint> SimplifyBetween(const std::vector<ContourPoint>& points,
                                                        const std::vector<std::size_t>& fixed,
                                                        double tolerance_px);

}  // namespace axial::results
