#include "inference/volume/stack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "inference/volume/vector3.h"

namespace axial {
namespace {

using ::testing::HasSubstr;

FrameHeader Frame(const Vector3& position) {
  FrameHeader frame{.source = {.file = "",
                               .sop_class_uid = Uid::Parse("1.2.3").value(),
                               .sop_instance_uid = Uid::Parse("1.2.4").value(),
                               .image_position_patient = {},
                               .image_orientation_patient = {},
                               .pixel_spacing = {},
                               .slice_thickness = {}},
                    .position = position,
                    .orientation = PlaneOrientation{{1, 0, 0}, {0, 1, 0}},
                    .spacing_mm = std::array<double, 2>{0.5, 0.7},
                    .rows = 4,
                    .columns = 6,
                    .frame_type = "ORIGINAL\\PRIMARY\\AXIAL",
                    .photometric_interpretation = "MONOCHROME2",
                    .frame_of_reference_uid = "1.2"};
  return frame;
}

std::vector<FrameHeader> Frames(std::initializer_list<double> positions_mm) {
  std::vector<FrameHeader> frames;
  for (const double z : positions_mm) frames.push_back(Frame({1, 2, z}));
  return frames;
}

void ExpectRefusal(std::vector<FrameHeader> frames, StackRefusal refusal) {
  const Result<Geometry> geometry = BuildStack(frames, 0.1);
  ASSERT_FALSE(geometry.ok()) << StackRefusalName(refusal);
  EXPECT_EQ(geometry.error().code(), ErrorCode::kInvalidInput);
  EXPECT_THAT(geometry.error().message(),
              HasSubstr("not one regular stack (" + std::string(StackRefusalName(refusal)) + ")"));
}

TEST(Stack, SortsAlongTheNormal) {
  std::vector<FrameHeader> frames = Frames({30, 10, 20});
  const Result<Geometry> geometry = BuildStack(frames, 0.1);
  ASSERT_TRUE(geometry.ok()) << geometry.error().message();
  EXPECT_EQ(geometry->size, (GridSize{3, 4, 6}));
  EXPECT_EQ(geometry->origin, (Vector3{1, 2, 10}));
  EXPECT_DOUBLE_EQ(geometry->SliceGapMm(), 10);
  EXPECT_DOUBLE_EQ(geometry->RowSpacingMm(), 0.5);
  EXPECT_DOUBLE_EQ(geometry->ColumnSpacingMm(), 0.7);
  EXPECT_DOUBLE_EQ(geometry->VoxelVolumeMm3(), 3.5);
  EXPECT_DOUBLE_EQ(frames[1].source.position_mm, 20);
}

TEST(Stack, KeepsAConstantShear) {
  std::vector<FrameHeader> frames;
  for (int i = 0; i < 5; ++i) frames.push_back(Frame({1, 2 + 1.5 * i, 5.0 * i}));
  const Result<Geometry> geometry = BuildStack(frames, 0.1);
  ASSERT_TRUE(geometry.ok()) << geometry.error().message();
  EXPECT_EQ(geometry->slice_step, (Vector3{0, 1.5, 5}));
  EXPECT_DOUBLE_EQ(geometry->SliceGapMm(), 5);
}

TEST(Stack, NamesEveryReasonToRefuse) {
  ExpectRefusal(Frames({0, 5, 15}), StackRefusal::kIrregularGap);
  ExpectRefusal(Frames({0, 1, 2, 3, 4, 6, 7, 8, 9, 10}), StackRefusal::kIrregularGap);
  ExpectRefusal(Frames({0, 0, 5, 5}), StackRefusal::kDuplicatePosition);
  const auto with = [](auto change) {
    std::vector<FrameHeader> frames = Frames({0, 5, 10});
    change(frames[1]);
    return frames;
  };
  ExpectRefusal(with([](FrameHeader& f) { f.rows = 5; }), StackRefusal::kDifferingSize);
  ExpectRefusal(with([](FrameHeader& f) { (*f.spacing_mm)[1] = 0.8; }),
                StackRefusal::kDifferingSpacing);
  ExpectRefusal(with([](FrameHeader& f) { f.position.reset(); }), StackRefusal::kMissingPosition);
  ExpectRefusal(with([](FrameHeader& f) { f.orientation.reset(); }),
                StackRefusal::kMissingOrientation);
  ExpectRefusal(with([](FrameHeader& f) { f.spacing_mm.reset(); }), StackRefusal::kMissingSpacing);
  ExpectRefusal(with([](FrameHeader& f) { f.orientation->column = {0, 0, 1}; }),
                StackRefusal::kMixedOrientation);
  ExpectRefusal(with([](FrameHeader& f) { f.frame_of_reference_uid = "1.3"; }),
                StackRefusal::kDifferingFrameOfReference);
  ExpectRefusal(with([](FrameHeader& f) { f.photometric_interpretation = "RGB"; }),
                StackRefusal::kColour);
  ExpectRefusal(with([](FrameHeader& f) { f.frame_type = "ORIGINAL\\PRIMARY\\MOSAIC"; }),
                StackRefusal::kMosaic);
  ExpectRefusal(with([](FrameHeader& f) { (*f.position)[0] += 3; }), StackRefusal::kIrregularGap);
}

TEST(Stack, RoundedPositionsAreStillRegular) {
  std::vector<FrameHeader> frames;
  for (int i = 0; i < 40; ++i) frames.push_back(Frame({1, 2, std::round(i * 6.25) / 10}));
  EXPECT_TRUE(BuildStack(frames, 0.1).ok());
}

TEST(Stack, OneSliceTakesItsThickness) {
  std::vector<FrameHeader> frames = Frames({7});
  frames[0].slice_distance_mm = 2.5;
  const Result<Geometry> geometry = BuildStack(frames, 0.1);
  ASSERT_TRUE(geometry.ok());
  EXPECT_DOUBLE_EQ(geometry->SliceGapMm(), 2.5);
}

TEST(Stack, ForeignFramesAreLeftOutAndNamed) {
  std::vector<FrameHeader> frames = Frames({0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55});
  frames[0].source.sop_class_uid = Uid::Parse("1.2.99").value();
  frames[1].frame_type = "ORIGINAL\\PRIMARY\\LOCALIZER";
  frames[2].orientation->column = {0, 0, 1};
  const std::vector<std::string> left_out = LeaveOutForeignFrames(frames);
  EXPECT_EQ(frames.size(), 9u);
  ASSERT_EQ(left_out.size(), 3u);
  EXPECT_THAT(left_out[0], HasSubstr("1 of 12 frames left out: other SOP Class"));
  EXPECT_THAT(left_out[1], HasSubstr("localizer"));
  EXPECT_THAT(left_out[2], HasSubstr("orientation"));
}

TEST(Stack, TwoOrientationsOfEqualWeightAreNotDropped) {
  std::vector<FrameHeader> frames = Frames({0, 5, 10, 15});
  frames[0].orientation->column = frames[1].orientation->column = {0, 0, 1};
  EXPECT_TRUE(LeaveOutForeignFrames(frames).empty());
  ExpectRefusal(frames, StackRefusal::kMixedOrientation);
}

}  // namespace
}  // namespace axial
