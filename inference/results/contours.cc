#include "inference/results/contours.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/base/result.h"
#include "inference/results/simplify_outline.h"

namespace axial::results {
namespace {

/// Along the border with the segment on the right; the order is clockwise on the screen.
enum Direction { kEast, kSouth, kWest, kNorth };

struct Step {
  int column;
  int row;
};
constexpr std::array<Step, 4> kSteps = {{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}};

constexpr Direction Right(Direction d) { return static_cast<Direction>((d + 1) % 4); }
constexpr Direction Left(Direction d) { return static_cast<Direction>((d + 3) % 4); }

/// Follows the edges between pixels with the value and pixels without.
class BorderFollower {
 public:
  BorderFollower(std::span<const std::uint8_t> labels, int rows, int columns, std::uint8_t value)
      : labels_(labels), rows_(rows), columns_(columns), value_(value), seen_(labels.size()) {}

  /// Every border once. Each has an edge that runs east, the upper edge of a pixel: those are
  /// looked for in raster order.
  std::vector<std::vector<ContourPoint>> FollowAll() {
    std::vector<std::vector<ContourPoint>> borders;
    for (int row = 0; row < rows_; ++row)
      for (int column = 0; column < columns_; ++column)
        if (Inside(column, row) && !Inside(column, row - 1) && !seen_[Index(column, row)])
          borders.push_back(Follow(column, row));
    return borders;
  }

 private:
  [[nodiscard]] std::size_t Index(int column, int row) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_) +
           static_cast<std::size_t>(column);
  }
  [[nodiscard]] bool Inside(int column, int row) const {
    return column >= 0 && row >= 0 && column < columns_ && row < rows_ &&
           labels_[Index(column, row)] == value_;
  }

  /// Middles of the edges, from the upper edge of this pixel around to it. Points within a straight
  /// run are left out.
  std::vector<ContourPoint> Follow(const int first_column, const int first_row) {
    std::vector<ContourPoint> middles;
    int column = first_column;  // of the pixel on the right
    int row = first_row;
    Direction along = kEast;
    Direction before = kEast;
    do {
      if (along == kEast) seen_[Index(column, row)] = true;
      // From the pixel's centre the edge lies to the left of the way.
      const Step out = kSteps[Left(along)];
      const ContourPoint middle{column + 0.5 + 0.5 * out.column, row + 0.5 + 0.5 * out.row};
      const Step ahead = kSteps[along];
      Direction next = along;
      const int beside_column = column + ahead.column;
      const int beside_row = row + ahead.row;
      if (!Inside(beside_column, beside_row)) {
        next = Right(along);  // the next edge of the same pixel
      } else if (Inside(beside_column + out.column, beside_row + out.row)) {
        next = Left(along);
        column = beside_column + out.column;
        row = beside_row + out.row;
      } else {
        column = beside_column;
        row = beside_row;
      }
      if (middles.empty() || next != along || before != along) middles.push_back(middle);
      before = along;
      along = next;
    } while (!(along == kEast && column == first_column && row == first_row));
    return middles;
  }

  std::span<const std::uint8_t> labels_;
  int rows_;
  int columns_;
  std::uint8_t value_;
  std::vector<bool> seen_;  ///< by pixel: its upper edge belongs to a border already followed
};

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

bool Encloses(const std::vector<ContourPoint>& outline, const ContourPoint& point) {
  bool inside = false;
  for (std::size_t i = 0, j = outline.size() - 1; i < outline.size(); j = i++) {
    const ContourPoint& a = outline[i];
    const ContourPoint& b = outline[j];
    if ((a.row > point.row) == (b.row > point.row)) continue;
    const double crossing =
        a.column + (point.row - a.row) / (b.row - a.row) * (b.column - a.column);
    if (point.column < crossing) inside = !inside;
  }
  return inside;
}

/// The smallest outline around a hole, of outlines by falling area.
std::size_t OuterOf(const std::vector<Contour>& outers, const Contour& hole) {
  for (std::size_t i = outers.size(); i-- > 0;)
    if (outers[i].area_px > hole.area_px && Encloses(outers[i].points, hole.points.front()))
      return i;
  return outers.size();  // its outline was left out
}

void SortByArea(std::vector<Contour>& contours) {
  std::stable_sort(contours.begin(), contours.end(),
                   [](const Contour& a, const Contour& b) { return a.area_px > b.area_px; });
}

}  // namespace

Contours TraceContours(std::span<const std::uint8_t> labels, int rows, int columns,
                       std::uint8_t value, const ContourOptions& options) {
  AXIAL_INVARIANT(rows >= 0 && columns >= 0 &&
                  labels.size() ==
                      static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
  std::vector<Contour> outers;
  std::vector<Contour> holes;
  for (std::vector<ContourPoint>& border :
       BorderFollower(labels, rows, columns, value).FollowAll()) {
    const double area = SignedArea(border);
    std::vector<Contour>& kind = area > 0 ? outers : holes;
    kind.push_back({std::move(border), area <= 0, 0, std::abs(area), 0});
  }
  SortByArea(outers);
  SortByArea(holes);
  Contours result;
  result.left_out = outers.size() + holes.size();
  outers.resize(std::min(outers.size(), options.max_contours));
  holes.resize(std::min(holes.size(), options.max_contours - outers.size()));
  std::vector<std::vector<std::size_t>> holes_of(outers.size() + 1);
  for (std::size_t i = 0; i < holes.size(); ++i) holes_of[OuterOf(outers, holes[i])].push_back(i);
  const auto keep = [&](Contour& contour, std::size_t outer) {
    contour.outer = outer;
    contour.tolerance_px =
        SimplifyOutline(contour.points, options.tolerance_px, options.max_points);
    contour.area_px = std::abs(SignedArea(contour.points));
    result.contours.push_back(std::move(contour));
  };
  for (std::size_t i = 0; i < outers.size(); ++i) {
    const std::size_t outer = result.contours.size();
    keep(outers[i], outer);
    for (const std::size_t hole : holes_of[i]) keep(holes[hole], outer);
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
