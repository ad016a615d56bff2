#include "inference/findings/segment_shape.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

#include "inference/volume/vector3.h"

namespace axial {
namespace {

constexpr std::uint8_t kValue = 3;

/// The voxels whose centres are within the shape; others are background or another segment.
LabelMap Fill(const Geometry& geometry, const std::function<bool(const Vector3&)>& within) {
  LabelMap map{geometry, {}};
  for (int s = 0; s < geometry.size.slices; ++s)
    for (int r = 0; r < geometry.size.rows; ++r)
      for (int c = 0; c < geometry.size.columns; ++c)
        map.labels.push_back(
            within(geometry.At(s, r, c)) ? kValue : static_cast<std::uint8_t>((s + r + c) % 2));
  return map;
}

/// A grid of that spacing around the origin, half as wide as `half_mm` in every direction.
Geometry Grid(double slice_mm, double row_mm, double column_mm, double half_mm) {
  Geometry geometry;
  const auto count = [&](double step) { return 2 * static_cast<int>(half_mm / step) + 1; };
  geometry.size = {count(slice_mm), count(row_mm), count(column_mm)};
  geometry.slice_step = {0, 0, slice_mm};
  geometry.row_step = {0, row_mm, 0};
  geometry.column_step = {column_mm, 0, 0};
  geometry.origin = {-column_mm * (geometry.size.columns / 2), -row_mm * (geometry.size.rows / 2),
                     -slice_mm * (geometry.size.slices / 2)};
  return geometry;
}

/// The same grid turned about an axis that is none of its own.
Geometry Turned(Geometry geometry) {
  const auto turn = [](const Vector3& v) {
    const Vector3 axis = Unit({1, 2, 3});
    const double angle = 0.7;
    return std::cos(angle) * v + std::sin(angle) * Cross(axis, v) +
           (1 - std::cos(angle)) * Dot(axis, v) * axis;
  };
  for (Vector3* v :
       {&geometry.slice_step, &geometry.row_step, &geometry.column_step, &geometry.origin})
    *v = turn(*v);
  return geometry;
}

constexpr double kRadius = 20;
bool InSphere(const Vector3& p) { return Length(p) <= kRadius; }

// The outermost voxel counts as a whole: up to half a voxel more on either side.
TEST(SegmentShape, ASphereHasItsDiameterWithinAVoxel) {
  for (const Geometry& geometry :
       {Grid(1, 1, 1, 25), Grid(2.5, 0.7, 0.8, 25), Turned(Grid(2.5, 0.7, 0.8, 25))}) {
    const double diameter = LongestDiameterMm(Fill(geometry, InSphere), kValue);
    EXPECT_GE(diameter, 2 * kRadius - 0.5);
    EXPECT_LE(diameter, 2 * kRadius + geometry.SliceGapMm() + 1e-9);
  }
}

// A mesh on a mask follows the voxels' steps: its area is above the sphere's, by about 9 %.
TEST(SegmentShape, ASphereHasItsAreaPlusTheSteps) {
  const double exact = 4 * M_PI * kRadius * kRadius;
  const double isotropic = SurfaceAreaMm2(Fill(Grid(0.5, 0.5, 0.5, 25), InSphere), kValue);
  EXPECT_GT(isotropic, exact * 1.05);
  EXPECT_LT(isotropic, exact * 1.12);
  const double flat = SurfaceAreaMm2(Fill(Grid(2.5, 0.7, 0.8, 25), InSphere), kValue);
  EXPECT_GT(flat, exact);
  EXPECT_LT(flat, exact * 1.17);
  const double turned = SurfaceAreaMm2(
      Fill(Turned(Grid(2.5, 0.7, 0.8, 25)), [](const Vector3& p) { return Length(p) <= kRadius; }),
      kValue);
  EXPECT_NEAR(turned, flat, flat * 0.02);
}

/// 21 x 11 x 5 voxels: faces are flat, edges are cut off.
TEST(SegmentShape, ABoxHasItsFacesAndDiagonal) {
  const Geometry geometry = Grid(2, 1, 0.5, 20);
  const LabelMap box = Fill(geometry, [](const Vector3& p) {
    return std::abs(p[0]) < 5.1 && std::abs(p[1]) < 5.1 && std::abs(p[2]) < 4.1;
  });
  const double x = 21 * 0.5;
  const double y = 11;
  const double z = 5 * 2;
  // The surface touches a face only between the centres of its voxels: a diagonal ends half a voxel
  // before the corner in two of the three directions.
  const double diagonal = std::max(
      {std::hypot(x, y - 1, z - 2), std::hypot(x - 0.5, y, z - 2), std::hypot(x - 0.5, y - 1, z)});
  EXPECT_NEAR(LongestDiameterMm(box, kValue), diagonal, 1e-9);
  const double area = SurfaceAreaMm2(box, kValue);
  EXPECT_LT(area, 2 * (x * y + y * z + z * x));
  EXPECT_NEAR(area, 2 * (x * y + y * z + z * x), 0.06 * area);
}

TEST(SegmentShape, OneVoxelIsAnOctahedron) {
  const Geometry geometry = Grid(4, 3, 2, 8);
  const LabelMap one = Fill(geometry, [](const Vector3& p) { return Length(p) < 0.1; });
  EXPECT_DOUBLE_EQ(LongestDiameterMm(one, kValue), 4);
  // Eight equal triangles with corners at 1, 1.5 and 2 mm on the axes.
  const double triangle = Length(Cross(Vector3{-1, 1.5, 0}, Vector3{-1, 0, 2})) / 2;
  EXPECT_NEAR(SurfaceAreaMm2(one, kValue), 8 * triangle, 1e-9);
}

TEST(SegmentShape, BeyondTheGridIsOutside) {
  Geometry geometry = Grid(1, 1, 1, 2);
  const LabelMap all = Fill(geometry, [](const Vector3&) { return true; });
  EXPECT_NEAR(LongestDiameterMm(all, kValue), std::sqrt(25.0 + 16 + 16), 1e-9);
  EXPECT_GT(SurfaceAreaMm2(all, kValue), 6 * 16);
}

TEST(SegmentShape, AShearedGridMeasuresInMillimetres) {
  Geometry geometry = Grid(2, 1, 1, 30);
  geometry.slice_step = {0, 0.7, 2};
  geometry.origin[1] -= 0.7 * (geometry.size.slices / 2);
  EXPECT_NEAR(LongestDiameterMm(Fill(geometry, InSphere), kValue), 2 * kRadius + 1, 1.1);
  const double exact = 4 * M_PI * kRadius * kRadius;
  EXPECT_NEAR(SurfaceAreaMm2(Fill(geometry, InSphere), kValue), exact * 1.08, exact * 0.08);
}

TEST(SegmentShape, NoVoxelsNoSize) {
  const LabelMap none = Fill(Grid(1, 1, 1, 2), [](const Vector3&) { return false; });
  EXPECT_EQ(LongestDiameterMm(none, kValue), 0);
  EXPECT_EQ(SurfaceAreaMm2(none, kValue), 0);
}

/// Every pair of surface points of small random masks, tried one by one.
double SlowDiameter(const LabelMap& map) {
  const GridSize& size = map.geometry.size;
  const auto at = [&](int s, int r, int c) {
    if (s < 0 || r < 0 || c < 0 || s >= size.slices || r >= size.rows || c >= size.columns)
      return false;
    return map.labels[static_cast<std::size_t>((s * size.rows + r) * size.columns + c)] == kValue;
  };
  std::vector<Vector3> points;
  for (int s = -1; s < size.slices; ++s)
    for (int r = -1; r < size.rows; ++r)
      for (int c = -1; c < size.columns; ++c) {
        if (at(s, r, c) != at(s, r, c + 1)) points.push_back(map.geometry.At(s, r, c + 0.5));
        if (at(s, r, c) != at(s, r + 1, c)) points.push_back(map.geometry.At(s, r + 0.5, c));
        if (at(s, r, c) != at(s + 1, r, c)) points.push_back(map.geometry.At(s + 0.5, r, c));
      }
  double largest = 0;
  for (const Vector3& a : points)
    for (const Vector3& b : points) largest = std::max(largest, Length(a - b));
  return largest;
}

TEST(SegmentShape, TheDiameterIsThatOfEveryPairTried) {
  std::mt19937 random(7);
  for (int trial = 0; trial < 60; ++trial) {
    Geometry geometry = Turned(Grid(2, 1, 0.5, 3));
    geometry.slice_step = geometry.slice_step + 0.3 * geometry.row_step;
    const auto every = 2 + static_cast<unsigned>(trial) * 3;
    const LabelMap map = Fill(geometry, [&](const Vector3&) { return random() % every == 0; });
    EXPECT_NEAR(LongestDiameterMm(map, kValue), SlowDiameter(map), 1e-9) << trial;
  }
}

/// A ball is the worst shape: all its surface is as far from its middle.
TEST(SegmentShape, ALargeBallTakesNoLongTime) {
  const Geometry geometry = Grid(1, 1, 1, 100);
  const LabelMap ball = Fill(geometry, [](const Vector3& p) { return Length(p) <= 99; });
  EXPECT_NEAR(LongestDiameterMm(ball, kValue), 199, 0.5);
  EXPECT_GT(SurfaceAreaMm2(ball, kValue), 4 * M_PI * 99 * 99);
}

}  // namespace
}  // namespace axial
