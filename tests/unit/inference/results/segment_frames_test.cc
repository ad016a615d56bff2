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
