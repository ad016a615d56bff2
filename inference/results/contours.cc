#include "inference/results/contours.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/base/result.h"
#include "inference/results/follow_borders.h"
#include "inference/results/simplify_outline.h"

namespace axial::results {
namespace {

/// Twice the area to the right of the way, negative when it runs counter-clockwise on the screen.
double SignedArea(const std::vector<ContourPoint>& points) {
  double twice = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const ContourPoint& a = points[i];
    const ContourPoint& b = points[(i + 1) % points.size()];
    twice += a.column * b.row - b.column * a.row;
  }
  return twice / 2;
}

/// Positions of the borders by falling area, then in raster order.
std::vector<std::size_t> ByArea(const std::vector<double>& areas) {
  std::vector<std::size_t> order(areas.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return areas[a] > areas[b]; });
  return order;
}

}  // namespace

Contours TraceContours(std::span<const std::uint8_t> labels, int rows, int columns,
                       std::uint8_t value, const ContourOptions& options) {
  AXIAL_INVARIANT(rows >= 0 && columns >= 0 &&
                  labels.size() ==
                      static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
  std::vector<Border> borders = FollowBorders(labels, rows, columns, value);
  std::vector<double> areas;
  for (const Border& border : borders) areas.push_back(std::abs(SignedArea(border.points)));
  std::vector<std::size_t> outers;
  std::vector<std::vector<std::size_t>> holes_of(borders.size());
  for (const std::size_t i : ByArea(areas)) {
    if (borders[i].hole)
      holes_of[borders[i].outer].push_back(i);
    else
      outers.push_back(i);
  }
  Contours result;
  result.left_out = borders.size();
  outers.resize(std::min(outers.size(), options.max_contours));
  std::size_t holes_left = options.max_contours - outers.size();
  const auto keep = [&](std::size_t border, std::size_t outer) {
    Contour contour{std::move(borders[border].points),
                    borders[border].hole,
                    outer,
                    0,
                    borders[border].enclosed,
                    0};
    contour.tolerance_px =
        SimplifyOutline(contour.points, options.tolerance_px, options.max_points);
    contour.area_px = std::abs(SignedArea(contour.points));
    result.contours.push_back(std::move(contour));
  };
  for (const std::size_t i : outers) {
    const std::size_t outer = result.contours.size();
    keep(i, outer);
    for (const std::size_t hole : holes_of[i]) {
      result.contours[outer].pixels -= borders[hole].enclosed;
      if (holes_left == 0) continue;
      keep(hole, outer);
      --holes_left;
    }
  }
  result.left_out -= result.contours.size();
  return result;
}

Contours SegmentContours(const Findings& findings, const SegmentFinding& segment, int slice,
                         const ContourOptions& options) {
  const LabelMap& layer = findings.layers[static_cast<std::size_t>(segment.layer)];
  const int rows = layer.geometry.size.rows;
  const int columns = layer.geometry.size.columns;
  const auto pixels = static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  const std::span<const std::uint8_t> labels(layer.labels);
  return TraceContours(labels.subspan(static_cast<std::size_t>(slice) * pixels, pixels), rows,
                       columns, segment.value, options);
}

}  // namespace axial::results
