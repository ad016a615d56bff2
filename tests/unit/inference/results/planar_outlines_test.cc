#include "inference/results/planar_outlines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "tests/unit/inference/results/mask_drawing.h"

namespace axial::results {
namespace {

constexpr std::size_t kUnlimited = 100'000;

std::vector<PlanarOutline> Outline(const Mask& mask, std::size_t max_points = kUnlimited) {
  return PlanarOutlines(mask.labels, mask.rows, mask.columns, 1, max_points);
}

/// For each pixel's centre how often the outline goes around it, and (second) the parity of the
/// borders to its left: the two rules by which readers fill.
std::pair<std::vector<int>, std::vector<int>> Fill(const PlanarOutline& outline, const Mask& mask) {
  std::vector<int> winding(mask.labels.size(), 0);
  std::vector<int> parity(mask.labels.size(), 0);
  for (std::size_t i = 0; i < outline.points.size(); ++i) {
    ContourPoint a = outline.points[i];
    ContourPoint b = outline.points[(i + 1) % outline.points.size()];
    const int turn = b.row > a.row ? 1 : -1;
    if (turn < 0) std::swap(a, b);
    for (int row = 0; row < mask.rows; ++row) {
      if ((a.row > row + 0.5) == (b.row > row + 0.5)) continue;
      const double x = a.column + (row + 0.5 - a.row) / (b.row - a.row) * (b.column - a.column);
      for (int column = 0; column < mask.columns; ++column) {
        if (column + 0.5 >= x) continue;
        winding[static_cast<std::size_t>(row * mask.columns + column)] += turn;
        parity[static_cast<std::size_t>(row * mask.columns + column)] ^= 1;
      }
    }
  }
  return {winding, parity};
}

/// Readers that unite contours, those that XOR them, and both ways of filling one give the mask.
void ExpectMask(const std::vector<PlanarOutline>& outlines, const Mask& mask) {
  std::vector<int> held(mask.labels.size(), 0);
  for (const PlanarOutline& outline : outlines) {
    const auto [winding, parity] = Fill(outline, mask);
    std::int64_t pixels = 0;
    for (std::size_t i = 0; i < held.size(); ++i) {
      ASSERT_EQ(winding[i], parity[i]) << "pixel " << i;
      held[i] += parity[i];
      pixels += parity[i];
    }
    EXPECT_EQ(outline.pixels, pixels);
  }
  for (std::size_t i = 0; i < held.size(); ++i) ASSERT_EQ(held[i], mask.labels[i]) << "pixel " << i;
}

TEST(PlanarOutlines, LeadAroundAHoleAndBackTheSameWay) {
  const Mask mask = Draw({"....", ".###", ".#.#", ".###"});
  const std::vector<PlanarOutline> outlines = Outline(mask);
  ASSERT_EQ(outlines.size(), 1u);
  EXPECT_EQ(outlines[0].pixels, 8);
  const std::vector<ContourPoint>& points = outlines[0].points;
  // From the left border at the middle of the hole's row over the pixel to the hole's left edge.
  const ContourPoint end{1, 2.5};
  const ContourPoint begin{2, 2.5};
  EXPECT_EQ(std::count(points.begin(), points.end(), end), 2);
  EXPECT_EQ(std::count(points.begin(), points.end(), begin), 2);
  const auto there = std::find(points.begin(), points.end(), end);
  EXPECT_EQ(*(there + 1), begin);
  const auto back = std::find(there + 2, points.end(), begin);
  EXPECT_EQ(*(back + 1), end);
  ExpectMask(outlines, mask);
}

TEST(PlanarOutlines, JoinHolesToHolesAndKeepIslandsApart) {
  const Mask mask =
      Draw({"###########", "#.#.#...#.#", "###.#.#.#.#", "#...#...#.#", "###########"});
  const std::vector<PlanarOutline> outlines = Outline(mask);
  ASSERT_EQ(outlines.size(), 2u);
  EXPECT_EQ(outlines[1].pixels, 1) << "the island";
  ExpectMask(outlines, mask);
}

TEST(PlanarOutlines, OfARingAreSimplifiedAsItsBorders) {
  const Mask mask = Ring(200, 90, 40);
  const std::vector<PlanarOutline> outlines = Outline(mask);
  ASSERT_EQ(outlines.size(), 1u);
  const Contours apart = TraceContours(mask.labels, mask.rows, mask.columns, 1);
  EXPECT_LT(outlines[0].points.size(),
            apart.contours[0].points.size() + apart.contours[1].points.size() + 8);
  ExpectMask(outlines, mask);
}

TEST(PlanarOutlines, GiveEveryMaskBack) {
  for (unsigned seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    const Mask mask = RandomMask(seed, static_cast<int>(seed % 5));
    ExpectMask(Outline(mask), mask);
    if (HasFatalFailure()) return;
  }
}

TEST(PlanarOutlines, AreCutUntilTheirPointsFit) {
  for (const std::size_t most : {8u, 13u, 50u}) {
    for (unsigned seed = 0; seed < 30; ++seed) {
      SCOPED_TRACE(seed);
      const Mask mask = RandomMask(seed, static_cast<int>(seed % 5));
      const std::vector<PlanarOutline> outlines = Outline(mask, most);
      for (const PlanarOutline& outline : outlines) EXPECT_LE(outline.points.size(), most);
      ExpectMask(outlines, mask);
      if (HasFatalFailure()) return;
    }
  }
  const Mask ring = Ring(200, 90, 40);
  const std::size_t whole = Outline(ring).front().points.size();
  EXPECT_EQ(Outline(ring, whole).size(), 1u);
  EXPECT_EQ(Outline(ring, whole - 1).size(), 2u) << "one half and the other";
  ExpectMask(Outline(ring, whole - 1), ring);
}

TEST(PlanarOutlines, ComeLargestFirstAndSeeOnlyTheirValue) {
  const Mask mask = Draw({"1.22.11", "...2.11"});
  const std::vector<PlanarOutline> outlines = Outline(mask);
  ASSERT_EQ(outlines.size(), 2u);
  EXPECT_EQ(outlines[0].pixels, 4);
  EXPECT_EQ(outlines[1].pixels, 1);
  EXPECT_TRUE(Outline(Draw({"...", "2.2"})).empty());
}

TEST(PlanarOutlines, BoxesHoldTheirValue) {
  const Mask mask = Draw({".....", "..1.2", ".1...", "....2"});
  const auto boxes = BoxesOf(mask.labels, mask.rows, mask.columns);
  const PixelBox& one = boxes[1];
  EXPECT_EQ((std::array{one.row, one.column, one.rows, one.columns}), (std::array{1, 1, 2, 2}));
  const PixelBox& two = boxes[2];
  EXPECT_EQ((std::array{two.row, two.column, two.rows, two.columns}), (std::array{1, 4, 3, 1}));
  EXPECT_EQ(boxes[3].rows, 0);
  EXPECT_EQ(Crop(mask.labels, mask.columns, one), (std::vector<std::uint8_t>{0, 1, 1, 0}));
}

TEST(PlanarOutlines, OfOnePartLeaveOutTheOthersAndAreCutAlike) {
  const Mask mask = Draw({"##.##", "#..##", "##.#.", ".#.##"});
  Mask part = Draw({"##...", "#....", "##...", ".#..."});
  const ContourPoint first{0.5, 0};
  EXPECT_EQ(OutlinesOfPart(mask.labels, 4, 5, first, kUnlimited).size(), 1u);
  for (const std::size_t max_points : {kUnlimited, std::size_t{8}})
    ExpectMask(OutlinesOfPart(mask.labels, 4, 5, first, max_points), part);
  part = Draw({"...##", "...##", "...#.", "...##"});
  ExpectMask(OutlinesOfPart(mask.labels, 4, 5, {3.5, 0}, 8), part);
}

}  // namespace
}  // namespace axial::results
