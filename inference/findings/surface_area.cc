#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "inference/findings/segment_mask.h"
#include "inference/findings/segment_shape.h"
#include "inference/volume/vector3.h"

namespace axial {
namespace {

/// A cube has the centres of eight voxels as corners: corner i is one slice further when i & 4, one
/// row when i & 2, one column when i & 1. Which of them are inside is its case, a bit per corner.
constexpr std::size_t kCases = 256;

constexpr bool Inside(std::size_t cube, int corner) { return ((cube >> corner) & 1U) != 0; }

/// The six faces, corners in turn.
constexpr std::array<std::array<int, 4>, 6> kFaces = {
    {{0, 1, 3, 2}, {4, 5, 7, 6}, {0, 1, 5, 4}, {2, 3, 7, 6}, {0, 2, 6, 4}, {1, 3, 7, 5}}};

/// An edge of the cube, named by its two corners: the surface crosses it in the middle.
int Edge(int a, int b) { return a < b ? a * 8 + b : b * 8 + a; }

/// Where the surface runs over the faces: for each crossed edge, the crossed edges that follow on
/// its two faces. Inside corners that lie across a face are cut off one by one, so that
/// neighbouring cubes agree on the face they share.
struct Crossings {
  std::array<std::array<int, 2>, 64> next{};
  std::array<int, 64> count{};

  void Join(int a, int b) {
    next[static_cast<std::size_t>(a)]
        [static_cast<std::size_t>(count[static_cast<std::size_t>(a)]++)] = b;
    next[static_cast<std::size_t>(b)]
        [static_cast<std::size_t>(count[static_cast<std::size_t>(b)]++)] = a;
  }
};

Crossings CrossFaces(std::size_t cube) {
  Crossings crossings;
  for (const std::array<int, 4>& face : kFaces) {
    std::vector<int> crossed;  // edges, in turn
    const auto corner = [&](std::size_t i) { return face[i % 4]; };
    for (std::size_t i = 0; i < 4; ++i)
      if (Inside(cube, corner(i)) != Inside(cube, corner(i + 1)))
        crossed.push_back(Edge(corner(i), corner(i + 1)));
    if (crossed.size() == 2) crossings.Join(crossed[0], crossed[1]);
    if (crossed.size() == 4) {
      // Edge i leads from corner i to the next: edges i - 1 and i meet at corner i.
      const std::size_t inside = Inside(cube, corner(0)) ? 0 : 1;
      for (const std::size_t i : {inside, inside + 2})
        crossings.Join(crossed[(i + 3) % 4], crossed[i % 4]);
    }
  }
  return crossings;
}

/// Area of the closed line through `points`, spread from their middle.
double FanArea(const std::vector<Vector3>& points) {
  Vector3 middle{};
  for (const Vector3& point : points) middle = middle + point;
  middle = (1.0 / static_cast<double>(points.size())) * middle;
  double area = 0;
  for (std::size_t i = 0; i < points.size(); ++i)
    area += Length(Cross(points[i] - middle, points[(i + 1) % points.size()] - middle)) / 2;
  return area;
}

/// Area of the surface within one cube, mm2.
double CubeArea(std::size_t cube, const Geometry& geometry) {
  const auto middle_of = [&](int edge) {
    const int a = edge / 8;
    const int b = edge % 8;
    const auto half = [&](int bit) { return (((a & bit) != 0) + ((b & bit) != 0)) / 2.0; };
    return geometry.At(half(4), half(2), half(1));
  };
  const Crossings crossings = CrossFaces(cube);
  std::array<bool, 64> seen{};
  double area = 0;
  for (int start = 0; start < 64; ++start) {
    if (crossings.count[static_cast<std::size_t>(start)] == 0 ||
        seen[static_cast<std::size_t>(start)])
      continue;
    std::vector<Vector3> loop;
    int previous = -1;
    for (int edge = start; !seen[static_cast<std::size_t>(edge)];) {
      seen[static_cast<std::size_t>(edge)] = true;
      loop.push_back(middle_of(edge));
      const std::array<int, 2>& next = crossings.next[static_cast<std::size_t>(edge)];
      const int following = next[0] != previous ? next[0] : next[1];
      previous = edge;
      edge = following;
    }
    area += FanArea(loop);
  }
  return area;
}

/// How many cubes are of each case.
std::array<std::int64_t, kCases> CountCases(const SegmentMask& mask) {
  std::array<std::int64_t, kCases> cases{};
  for (int s = mask.slices().first - 1; s <= mask.slices().last; ++s)
    for (int r = mask.rows().first - 1; r <= mask.rows().last; ++r) {
      std::size_t cube = 0;  // of the columns c - 1 and c
      for (int c = mask.columns().first; c <= mask.columns().last + 1; ++c) {
        // The corners at c become those at c - 1: bits 1, 3, 5, 7 move to 0, 2, 4, 6.
        cube = (cube >> 1U) & 0x55U;
        if (mask.At(s, r, c)) cube |= 0x02U;
        if (mask.At(s, r + 1, c)) cube |= 0x08U;
        if (mask.At(s + 1, r, c)) cube |= 0x20U;
        if (mask.At(s + 1, r + 1, c)) cube |= 0x80U;
        ++cases[cube];
      }
    }
  return cases;
}

}  // namespace

double SurfaceAreaMm2(const LabelMap& label_map, std::uint8_t value) {
  const SegmentMask mask(label_map, value);
  if (mask.empty()) return 0;
  const std::array<std::int64_t, kCases> cases = CountCases(mask);
  double area = 0;
  for (std::size_t cube = 0; cube < kCases; ++cube)
    if (cases[cube] > 0)
      area += static_cast<double>(cases[cube]) * CubeArea(cube, label_map.geometry);
  return area;
}

}  // namespace axial
