#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <vector>

#include "inference/findings/segment_mask.h"
#include "inference/findings/segment_shape.h"
#include "inference/volume/vector3.h"

namespace axial {
namespace {

/// A point of the surface in half voxels: [slice, row, column].
using HalfPoint = std::array<int, 3>;

/// The surface points on one line along the columns; only its ends can be the farthest from
/// anywhere.
struct LineEnds {
  SegmentMask::Range columns;

  void AddTo(std::vector<HalfPoint>& points, int slice, int row) const {
    if (columns.last < columns.first) return;
    points.push_back({slice, row, columns.first});
    if (columns.last > columns.first) points.push_back({slice, row, columns.last});
  }
};

std::vector<HalfPoint> EndsOfLines(const SegmentMask& mask) {
  std::vector<HalfPoint> points;
  for (int s = mask.slices().first - 1; s <= mask.slices().last; ++s)
    for (int r = mask.rows().first - 1; r <= mask.rows().last; ++r) {
      LineEnds along_columns, between_rows, between_slices;
      for (int c = mask.columns().first - 1; c <= mask.columns().last; ++c) {
        const bool here = mask.At(s, r, c);
        if (here != mask.At(s, r, c + 1)) along_columns.columns.Include(2 * c + 1);
        if (here != mask.At(s, r + 1, c)) between_rows.columns.Include(2 * c);
        if (here != mask.At(s + 1, r, c)) between_slices.columns.Include(2 * c);
      }
      along_columns.AddTo(points, 2 * s, 2 * r);
      between_rows.AddTo(points, 2 * s, 2 * r + 1);
      between_slices.AddTo(points, 2 * s + 1, 2 * r);
    }
  return points;
}

/// Keeps of each plane `point[axis]` the corners of its convex hull (Andrew's monotone chain): of
/// points in a plane, only those can be the farthest from anywhere. Being a corner does not depend
/// on spacing or shear, so that whole numbers do.
std::vector<HalfPoint> HullsOfPlanes(const std::vector<HalfPoint>& points, std::size_t axis) {
  const std::size_t u = (axis + 1) % 3;
  const std::size_t v = (axis + 2) % 3;
  std::map<int, std::vector<HalfPoint>> planes;
  for (const HalfPoint& point : points) planes[point[axis]].push_back(point);
  const auto turn = [&](const HalfPoint& a, const HalfPoint& b, const HalfPoint& c) {
    return std::int64_t{b[u] - a[u]} * (c[v] - a[v]) - std::int64_t{b[v] - a[v]} * (c[u] - a[u]);
  };
  std::vector<HalfPoint> corners;
  for (auto& [position, plane] : planes) {
    std::sort(plane.begin(), plane.end(), [&](const HalfPoint& a, const HalfPoint& b) {
      return std::pair(a[u], a[v]) < std::pair(b[u], b[v]);
    });
    for (int side = 0; side < 2; ++side) {
      const std::size_t start = corners.size();
      for (const HalfPoint& point : plane) {
        while (corners.size() >= start + 2 &&
               turn(corners[corners.size() - 2], corners.back(), point) <= 0)
          corners.pop_back();
        corners.push_back(point);
      }
      if (corners.size() > start + 1) corners.pop_back();  // the other side begins with it
      std::reverse(plane.begin(), plane.end());
    }
  }
  return corners;
}

double LargestDistance(const std::vector<Vector3>& points) {
  Vector3 middle{};
  for (const Vector3& point : points) middle = middle + point;
  middle = (1.0 / static_cast<double>(points.size())) * middle;
  struct Candidate {
    Vector3 point;
    double from_middle;
  };
  std::vector<Candidate> candidates;
  for (const Vector3& point : points) candidates.push_back({point, Length(point - middle)});
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.from_middle > b.from_middle; });
  double largest = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (2 * candidates[i].from_middle <= largest) break;
    for (std::size_t j = i + 1; j < candidates.size(); ++j) {
      // No later pair of this point can be farther apart than by way of the middle.
      if (candidates[i].from_middle + candidates[j].from_middle <= largest) break;
      largest = std::max(largest, Length(candidates[i].point - candidates[j].point));
    }
  }
  return largest;
}

}  // namespace

double LongestDiameterMm(const LabelMap& label_map, std::uint8_t value) {
  const SegmentMask mask(label_map, value);
  if (mask.empty()) return 0;
  std::vector<HalfPoint> points = EndsOfLines(mask);
  for (std::size_t axis = 0; axis < 3; ++axis) points = HullsOfPlanes(points, axis);
  std::vector<Vector3> places;
  for (const HalfPoint& point : points)
    places.push_back(label_map.geometry.At(point[0] / 2.0, point[1] / 2.0, point[2] / 2.0));
  return LargestDistance(places);
}

}  // namespace axial
