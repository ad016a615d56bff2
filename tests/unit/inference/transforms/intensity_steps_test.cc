#include <cmath>

#include "tests/unit/inference/transforms/step_test_tools.h"

namespace axial {
namespace {

using testing::ApplyStep;
using testing::Image;
using testing::List;
using testing::Scalar;
using Values = std::vector<float>;

void ExpectNear(const Values& actual, const Values& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-5) << i;
}

TEST(IntensitySteps, ScaleIntensityRangeWindowsAndClips) {
  ModelImage image = Image(1, 5, {-2000, -1000, 0, 500, 3000});
  ApplyStep(image, "ScaleIntensityRanged",
            {{"a_min", Scalar(-1000.0)},
             {"a_max", Scalar(1000.0)},
             {"b_min", Scalar(0.0)},
             {"b_max", Scalar(1.0)},
             {"clip", Scalar(true)}});
  ExpectNear(image.data.values, {0, 0, 0.5, 0.75, 1});
}

TEST(IntensitySteps, ScaleIntensityRangeWithoutTargetOnlyNormalises) {
  ModelImage image = Image(1, 2, {-1000, 3000});
  ApplyStep(image, "ScaleIntensityRanged", {{"a_min", Scalar(-1000.0)}, {"a_max", Scalar(1000.0)}});
  ExpectNear(image.data.values, {0, 2});
}

TEST(IntensitySteps, ScaleIntensityMapsTheRange) {
  ModelImage image = Image(1, 3, {10, 20, 30});
  ApplyStep(image, "ScaleIntensityd", {{"minv", Scalar(-1.0)}, {"maxv", Scalar(1.0)}});
  ExpectNear(image.data.values, {-1, 0, 1});
}

TEST(IntensitySteps, ScaleIntensityOfAConstantImage) {
  ModelImage image = Image(1, 2, {5, 5});
  ApplyStep(image, "ScaleIntensityd", {});
  ExpectNear(image.data.values, {0, 0});
}

TEST(IntensitySteps, PercentilesInterpolateBetweenOrderStatistics) {
  ModelImage image = Image(1, 5, {40, 0, 10, 30, 20});  // 10 % is 4, 90 % is 36
  ApplyStep(image, "ScaleIntensityRangePercentilesd",
            {{"lower", Scalar(10.0)},
             {"upper", Scalar(90.0)},
             {"b_min", Scalar(0.0)},
             {"b_max", Scalar(1.0)},
             {"clip", Scalar(true)}});
  ExpectNear(image.data.values, {1, 0, 6.0F / 32, 26.0F / 32, 16.0F / 32});
}

TEST(IntensitySteps, RelativePercentilesScaleTheTargetToo) {
  ModelImage image = Image(1, 5, {0, 10, 20, 30, 40});
  ApplyStep(image, "ScaleIntensityRangePercentilesd",
            {{"lower", Scalar(10.0)},
             {"upper", Scalar(90.0)},
             {"b_min", Scalar(0.0)},
             {"b_max", Scalar(255.0)},
             {"relative", Scalar(true)}});
  EXPECT_NEAR(image.data.values[2], 127.5, 1e-4);
  EXPECT_NEAR(image.data.values[1], 25.5 + 6.0 / 32 * 204, 1e-4);
}

TEST(IntensitySteps, NormalizeUsesPopulationDeviation) {
  ModelImage image = Image(1, 4, {2, 4, 4, 6});  // mean 4, variance 2
  ApplyStep(image, "NormalizeIntensityd", {});
  const float one = 2 / std::sqrt(2.0F);
  ExpectNear(image.data.values, {-one, 0, 0, one});
}

TEST(IntensitySteps, NormalizeNonzeroLeavesZeros) {
  ModelImage image = Image(1, 4, {0, 0, 10, 30});
  ApplyStep(image, "NormalizeIntensityd", {{"nonzero", Scalar(true)}});
  ExpectNear(image.data.values, {0, 0, -1, 1});
}

TEST(IntensitySteps, NormalizeChannelWise) {
  ModelImage image = Image(1, 2, {1, 3});
  image.data.shape = {2, 1, 2};
  image.data.values = {1, 3, 10, 30};
  ApplyStep(image, "NormalizeIntensityd", {{"channel_wise", Scalar(true)}});
  ExpectNear(image.data.values, {-1, 1, -1, 1});
}

TEST(IntensitySteps, NormalizeWithGivenValues) {
  ModelImage image = Image(1, 2, {100, 300});
  ApplyStep(image, "NormalizeIntensityd",
            {{"subtrahend", Scalar(100.0)}, {"divisor", List({50.0})}});
  ExpectNear(image.data.values, {0, 4});
}

TEST(IntensitySteps, LoadersAndCastsAreAccepted) {
  ModelImage image = Image(1, 2, {1, 2});
  for (const char* name : {"LoadImaged", "EnsureChannelFirstd", "EnsureTyped", "CastToTyped"})
    ApplyStep(image, name, {{"keys", testing::Text("image")}});
  ExpectNear(image.data.values, {1, 2});
}

}  // namespace
}  // namespace axial
