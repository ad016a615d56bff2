#include "inference/results/segment_frames.h"

#include <gtest/gtest.h>

#include "tests/support/synthetic_results.h"
#include "tests/support/temp_dir.h"

namespace axial::results {
namespace {

class PlanSegmentFramesTest : public ::testing::Test {
 protected:
  PlanSegmentFramesTest()
      : findings_(
            testing::LungFindings(testing::WriteSource({}, folder_.path()), testing::LungCard())) {}

  void ExpectRefused() {
    const auto planned = PlanSegmentFrames(findings_);
    ASSERT_FALSE(planned.ok());
    EXPECT_EQ(planned.error().code(), ErrorCode::kInvalidInput);
  }

  testing::TempDir folder_;
  Findings findings_;
};

TEST_F(PlanSegmentFramesTest, OrdersBySegmentThenPositionWithoutEmptyFrames) {
  const auto planned = PlanSegmentFrames(findings_);
  ASSERT_TRUE(planned.ok()) << planned.error().ToString();
  std::vector<std::pair<int, int>> frames;
  for (const SegmentFrame& frame : *planned) frames.emplace_back(frame.segment_number, frame.slice);
  EXPECT_EQ(frames,
            (std::vector<std::pair<int, int>>{{1, 0}, {1, 1}, {1, 2}, {2, 1}, {2, 2}, {2, 3}}));
}

/// Whatever the columns, and however long the runs of one label are.
TEST_F(PlanSegmentFramesTest, CountsVoxelsAndTheirRows) {
  for (const int columns : {1, 7, 8, 9, 16, 33}) {
    const testing::TempDir folder;
    Findings findings = testing::LungFindings(
        testing::WriteSource({.slices = 1, .rows = 12, .columns = columns}, folder.path()),
        testing::LungCard());
    std::vector<std::uint8_t>& labels = findings.layers.front().labels;
    std::fill(labels.begin(), labels.end(), std::uint8_t{0});
    const auto at = [&](int row, int column) -> std::uint8_t& {
      return labels[static_cast<std::size_t>(row * columns + column)];
    };
    for (int row = 3; row < 9; ++row)
      for (int column = 0; column < columns; ++column) at(row, column) = 1;
    at(5, columns / 2) = 2;
    at(11, columns - 1) = 2;
    findings.segments[0].voxels = 6 * columns - 1;
    findings.segments[1].voxels = 2;
    const auto planned = PlanSegmentFrames(findings);
    ASSERT_TRUE(planned.ok()) << planned.error().ToString();
    ASSERT_EQ(planned->size(), 2u);
    EXPECT_EQ(planned->at(0).voxels, 6 * columns - 1) << columns;
    EXPECT_EQ(std::pair(planned->at(0).first_row, planned->at(0).end_row), std::pair(3, 9));
    EXPECT_EQ(planned->at(1).voxels, 2) << columns;
    EXPECT_EQ(std::pair(planned->at(1).first_row, planned->at(1).end_row), std::pair(5, 12));
  }
}

TEST_F(PlanSegmentFramesTest, RefusesALabelWithoutSegment) {
  findings_.layers.front().labels[0] = 9;
  ExpectRefused();
}

TEST_F(PlanSegmentFramesTest, RefusesAnotherCountThanTheFindings) {
  ++findings_.segments[0].voxels;
  ExpectRefused();
}

TEST_F(PlanSegmentFramesTest, RefusesASegmentWithoutVoxels) {
  for (std::uint8_t& label : findings_.layers.front().labels)
    if (label == 2) label = 0;
  findings_.segments[1].voxels = 0;
  ExpectRefused();
}

TEST_F(PlanSegmentFramesTest, RefusesSegmentNumbersWithGaps) {
  findings_.segments[1].segment_number = 3;
  ExpectRefused();
}

TEST_F(PlanSegmentFramesTest, RefusesAnotherGridThanTheSource) {
  findings_.layers.front().geometry.size.rows += 1;
  ExpectRefused();
}

TEST_F(PlanSegmentFramesTest, RefusesSegmentsWithoutLabelMap) {
  findings_.layers.clear();
  ExpectRefused();
}

TEST_F(PlanSegmentFramesTest, PlansNothingForNothing) {
  const auto planned = PlanSegmentFrames(testing::EmptyFindings(findings_.source));
  ASSERT_TRUE(planned.ok());
  EXPECT_TRUE(planned->empty());
}

}  // namespace
}  // namespace axial::results
