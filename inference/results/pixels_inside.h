#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "inference/results/contours.h"

namespace axial::results {

/// Calls visit(row, column) for each pixel whose centre is inside a closed outline, by the even-odd
/// rule, row by row. The outline repeats its first point at its end and lies within the frame;
/// `columns`: of the frame.
template <typename Visit>
void VisitPixelsInside(std::span<const ContourPoint> outline, int columns, const Visit& visit) {
  const auto [top, bottom] = std::minmax_element(
      outline.begin(), outline.end(),
      [](const ContourPoint& a, const ContourPoint& b) { return a.row < b.row; });
  std::vector<double> crossings;
  for (int row = static_cast<int>(top->row); row + 0.5 < bottom->row; ++row) {
    crossings.clear();
    for (std::size_t i = 0; i + 1 < outline.size(); ++i) {
      const ContourPoint& a = outline[i];
      const ContourPoint& b = outline[i + 1];
      if ((a.row > row + 0.5) == (b.row > row + 0.5)) continue;
      crossings.push_back(a.column + (row + 0.5 - a.row) / (b.row - a.row) * (b.column - a.column));
    }
    std::sort(crossings.begin(), crossings.end());
    for (std::size_t i = 0; i + 1 < crossings.size(); i += 2)
      for (int column = std::max(0, static_cast<int>(std::ceil(crossings[i] - 0.5)));
           column < columns && column + 0.5 < crossings[i + 1]; ++column)
        visit(row, column);
  }
}

}  // namespace axial::results
