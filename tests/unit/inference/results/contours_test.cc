#include "inference/results/contours.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "tests/unit/inference/results/mask_drawing.h"

namespace axial::results {
namespace {

Contours Trace(const Mask& mask, const ContourOptions& options = {}, std::uint8_t value = 1) {
  return TraceContours(mask.labels, mask.rows, mask.columns, value, options);
}

/// Pixels whose centre lies inside by the even-odd rule over all outlines: what readers do.
Mask Fill(const Contours& contours, int rows, int columns) {
  Mask mask{rows, columns, std::vector<std::uint8_t>(static_cast<std::size_t>(rows * columns))};
  for (int row = 0; row < rows; ++row) {
    const double y = row + 0.5;
    for (const Contour& contour : contours.contours) {
      for (std::size_t i = 0; i < contour.points.size(); ++i) {
        const ContourPoint& a = contour.points[i];
        const ContourPoint& b = contour.points[(i + 1) % contour.points.size()];
        if ((a.row > y) == (b.row > y)) continue;
        const double x = a.column + (y - a.row) / (b.row - a.row) * (b.column - a.column);
        for (int column = 0; column < columns; ++column)
          if (column + 0.5 < x) mask.labels[static_cast<std::size_t>(row * columns + column)] ^= 1;
      }
    }
  }
  return mask;
}

TEST(Contours, OnePixelIsADiamondAroundItsCentre) {
  const Contours contours = Trace(Draw({"...", "..#"}));
  ASSERT_EQ(contours.contours.size(), 1u);
  const std::vector<ContourPoint> expected = {{2.5, 1}, {3, 1.5}, {2.5, 2}, {2, 1.5}};
  EXPECT_EQ(contours.contours[0].points, expected);
  EXPECT_FALSE(contours.contours[0].hole);
  EXPECT_DOUBLE_EQ(contours.contours[0].area_px, 0.5);
}

TEST(Contours, RunsClockwiseOnTheScreenAndCutsCorners) {
  const Contours contours = Trace(Draw({".....", ".###.", ".###."}), {.tolerance_px = 0});
  ASSERT_EQ(contours.contours.size(), 1u);
  const std::vector<ContourPoint> expected = {{1.5, 1}, {3.5, 1}, {4, 1.5}, {4, 2.5},
                                              {3.5, 3}, {1.5, 3}, {1, 2.5}, {1, 1.5}};
  EXPECT_EQ(contours.contours[0].points, expected);
  EXPECT_DOUBLE_EQ(contours.contours[0].area_px, 5.5);
}

TEST(Contours, TellsHolesApartAndNamesTheirOutline) {
  const Contours contours =
      Trace(Draw({"###.#####", "#.#.#...#", "###.#.#.#", "....#...#", "....#####"}));
  ASSERT_EQ(contours.contours.size(), 5u);
  // The larger ring and its hole, then the smaller one, then the island in the larger ring.
  const bool holes[] = {false, true, false, true, false};
  const std::size_t outers[] = {0, 0, 2, 2, 4};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(contours.contours[i].hole, holes[i]) << i;
    EXPECT_EQ(contours.contours[i].outer, outers[i]) << i;
  }
  // A hole runs the other way round: its first step, along the lower side of a pixel, goes east to
  // west of the pixel above it.
  double twice = 0;
  const std::vector<ContourPoint>& hole = contours.contours[1].points;
  for (std::size_t i = 0; i < hole.size(); ++i) {
    const ContourPoint& next = hole[(i + 1) % hole.size()];
    twice += hole[i].column * next.row - next.column * hole[i].row;
  }
  EXPECT_LT(twice, 0);
}

TEST(Contours, PixelsThatTouchAtACornerAreApart) {
  EXPECT_EQ(Trace(Draw({"#.", ".#"})).contours.size(), 2u);
  EXPECT_EQ(Trace(Draw({"##", ".#"})).contours.size(), 1u);
}

TEST(Contours, SeesOnlyItsOwnValueAndNothingInAnEmptyFrame) {
  const Mask mask = Draw({"1122", "1122"});
  const Contours two = Trace(mask, {}, 2);
  ASSERT_EQ(two.contours.size(), 1u);
  for (const ContourPoint& point : two.contours[0].points) EXPECT_GE(point.column, 2);
  EXPECT_TRUE(Trace(mask, {}, 3).contours.empty());
}

TEST(Contours, FillingThemGivesTheMaskBack) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    const Mask mask = RandomMask(seed, static_cast<int>(seed % 5));
    const Contours contours = Trace(mask);
    EXPECT_EQ(contours.left_out, 0u);
    ASSERT_EQ(Fill(contours, mask.rows, mask.columns).labels, mask.labels) << "seed " << seed;
    std::int64_t pixels = 0;
    for (const Contour& contour : contours.contours) {
      ASSERT_GE(contour.points.size(), 3u);
      if (!contour.hole) pixels += contour.pixels;
    }
    EXPECT_EQ(pixels, std::count(mask.labels.begin(), mask.labels.end(), 1));
  }
}

double DistanceToOutline(const ContourPoint& point, const std::vector<ContourPoint>& outline) {
  double nearest = 1e9;
  for (std::size_t i = 0; i < outline.size(); ++i) {
    const ContourPoint& a = outline[i];
    const ContourPoint& b = outline[(i + 1) % outline.size()];
    const double dc = b.column - a.column;
    const double dr = b.row - a.row;
    const double t = std::clamp(
        ((point.column - a.column) * dc + (point.row - a.row) * dr) / (dc * dc + dr * dr), 0.0,
        1.0);
    nearest =
        std::min(nearest, std::hypot(a.column + t * dc - point.column, a.row + t * dr - point.row));
  }
  return nearest;
}

TEST(Contours, SimplifyingStaysWithinItsToleranceAndSavesPoints) {
  const Mask mask = Ring(200, 90, 40);
  const Contours all = Trace(mask, {.tolerance_px = 0});
  const Contours few = Trace(mask);
  ASSERT_EQ(all.contours.size(), 2u);
  ASSERT_EQ(few.contours.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_LT(few.contours[i].points.size(), all.contours[i].points.size());
    EXPECT_DOUBLE_EQ(few.contours[i].tolerance_px, 0.35);
    for (const ContourPoint& point : all.contours[i].points)
      EXPECT_LE(DistanceToOutline(point, few.contours[i].points), 0.35 + 1e-9);
  }
  EXPECT_LT(Trace(mask, {.tolerance_px = 0.7}).contours[0].points.size(),
            all.contours[0].points.size() / 3);
  EXPECT_NEAR(few.contours[0].area_px, M_PI * 90 * 90, 0.005 * M_PI * 90 * 90);
  EXPECT_NEAR(few.contours[1].area_px, M_PI * 40 * 40, 0.005 * M_PI * 40 * 40);
}

TEST(Contours, AnOutlineOfTooManyPointsIsMadeCoarserAndSaysSo) {
  const Mask mask = Ring(400, 190, 0);
  const Contours contours = Trace(mask, {.max_points = 16});
  ASSERT_EQ(contours.contours.size(), 1u);
  EXPECT_LE(contours.contours[0].points.size(), 16u);
  const double tolerance = contours.contours[0].tolerance_px;
  EXPECT_GT(tolerance, 0.35);
  const Contours all = Trace(mask, {.tolerance_px = 0});
  for (const ContourPoint& point : all.contours[0].points)
    EXPECT_LE(DistanceToOutline(point, contours.contours[0].points), tolerance);
}

TEST(Contours, CountsPixelsWithoutHolesAlsoWhenThoseAreLeftOut) {
  const Mask mask = Draw({"#######", "#.#...#", "###.#.#", "#.#...#", "#######"});
  const Contours contours = Trace(mask, {.max_contours = 2});
  ASSERT_EQ(contours.contours.size(), 2u);
  EXPECT_EQ(contours.contours[0].pixels, 24);
  EXPECT_EQ(contours.contours[1].pixels, 1);  // the island in the hole
  EXPECT_EQ(contours.left_out, 3u);
}

TEST(Contours, KeepsTheLargestOfTooManyAndCountsTheOthers) {
  Mask noise{512, 512, {}};
  for (int i = 0; i < 512 * 512; ++i)
    noise.labels.push_back(static_cast<std::uint8_t>((i / 512 + i) % 2));
  for (int r = 100; r < 110; ++r)
    for (int c = 100; c < 110; ++c) noise.labels[static_cast<std::size_t>(r * 512 + c)] = 1;
  const Contours contours = Trace(noise, {.max_contours = 10});
  EXPECT_EQ(contours.contours.size(), 10u);
  EXPECT_GT(contours.contours.front().area_px, 80);
  EXPECT_GT(contours.left_out, 100'000u);
}

/// One outline of some 130,000 points must not take a time that grows with its square.
TEST(Contours, ACombOverTheWholeFrameIsOneOutline) {
  Mask comb{512, 512, {}};
  for (int r = 0; r < 512; ++r)
    for (int c = 0; c < 512; ++c) comb.labels.push_back(c % 2 == 0 || r == 0 ? 1 : 0);
  const Contours contours = Trace(comb);
  ASSERT_EQ(contours.contours.size(), 1u);
  EXPECT_EQ(Fill(contours, 512, 512).labels, comb.labels);
}

}  // namespace
}  // namespace axial::results
