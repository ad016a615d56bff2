#include <cmath>

#include "inference/transforms/axis_codes.h"
#include "inference/volume/vector3.h"
#include "tests/unit/inference/transforms/step_test_tools.h"

namespace axial {
namespace {

using testing::ApplyStep;
using testing::AxialGeometry;
using testing::CountingVolume;
using testing::Image;
using testing::LinearVolume;
using testing::List;
using testing::Scalar;
using testing::Text;
using Shape = std::vector<std::int64_t>;
using Values = std::vector<float>;

/// Every value whose place lies inside the source grid must be what its patient position says.
void ExpectLinearField(const ModelImage& image, const GridSize& source) {
  const IndexMap to_patient = image.ToPatient();
  int checked = 0;
  double worst = 0;
  testing::ForEachIndex(image.Size(), [&](const Vector3& index, std::size_t at) {
    const Vector3 old = image.to_source.Apply(index);
    constexpr double kEdge = 1e-9;
    if (old[0] < -kEdge || old[1] < -kEdge || old[2] < -kEdge ||
        old[0] > source.columns - 1 + kEdge || old[1] > source.rows - 1 + kEdge ||
        old[2] > source.slices - 1 + kEdge)
      return;
    ++checked;
    worst = std::max(
        worst, std::abs(image.data.values[at] - testing::LinearField(to_patient.Apply(index))));
  });
  EXPECT_LT(worst, 1e-2);
  EXPECT_GT(checked, 50);
}

TEST(SpatialSteps, AVolumeStartsAsColumnRowSlice) {
  const ModelImage image = FromVolume(CountingVolume(AxialGeometry({3, 4, 5}, 1, 1, 1)));
  EXPECT_EQ(image.data.shape, (Shape{1, 5, 4, 3}));
  EXPECT_EQ(image.data.values[1], 20.0F) << "the last dimension is the slice";
  EXPECT_EQ(AxisCodes(image.ToPatient()), "LPS");
}

TEST(SpatialSteps, OrientationPutsPosteriorLeftHead) {
  const Geometry g = AxialGeometry({3, 4, 5}, 0.7, 0.8, 2.5);
  ModelImage image = FromVolume(LinearVolume(g));
  ApplyStep(image, "Orientationd", {{"axcodes", Text("PLS")}});
  EXPECT_EQ(image.data.shape, (Shape{1, 4, 5, 3}));
  EXPECT_EQ(AxisCodes(image.ToPatient()), "PLS");
  ExpectLinearField(image, g.size);
}

TEST(SpatialSteps, OrientationFlips) {
  ModelImage image = FromVolume(CountingVolume(AxialGeometry({1, 2, 3}, 1, 1, 1)));
  ApplyStep(image, "Orientationd", {{"axcodes", Text("RAS")}});
  EXPECT_EQ(AxisCodes(image.ToPatient()), "RAS");
  EXPECT_EQ(image.data.values, (Values{5, 2, 4, 1, 3, 0}));
}

TEST(SpatialSteps, OrientationOfASagittalStack) {
  const Geometry g{{4, 5, 6}, {1, 2, 3}, {0, 1.1, 0}, {0, 0, -1.2}, {-1.3, 0, 0}};
  for (const char* codes : {"LIA", "RAS", "PSR", "SAL"}) {
    ModelImage image = FromVolume(LinearVolume(g));
    EXPECT_EQ(AxisCodes(image.ToPatient()), "PIR");
    ApplyStep(image, "Orientationd", {{"axcodes", Text(codes)}});
    EXPECT_EQ(AxisCodes(image.ToPatient()), codes);
    ExpectLinearField(image, g.size);
  }
}

TEST(SpatialSteps, SpacingKeepsTheFirstVoxelAndRoundsTheSize) {
  const Geometry g = AxialGeometry({5, 11, 9}, 2, 1, 2.5);
  ModelImage image = FromVolume(LinearVolume(g));
  ApplyStep(image, "Spacingd", {{"pixdim", List({1, -1, 2})}});
  // 9 columns of 2 mm span 16 mm: 17 voxels; rows stay; 4 * 2.5 = 10 mm at 2 mm: 6 voxels
  EXPECT_EQ(image.data.shape, (Shape{1, 17, 11, 6}));
  EXPECT_EQ(image.ToPatient().offset, (Vector3{-10, -20, 30}));
  ExpectLinearField(image, g.size);
}

TEST(SpatialSteps, SpacingNearestTakesNeighbours) {
  ModelImage image = FromVolume(CountingVolume(AxialGeometry({1, 1, 3}, 2, 1, 1)));
  ApplyStep(image, "Spacingd", {{"pixdim", List({1.5, -1, -1})}, {"mode", Text("nearest")}});
  EXPECT_EQ(image.data.values, (Values{0, 1, 2, 2}));
}

TEST(SpatialSteps, SpacingTakesTheShearOutOfATiltedStack) {
  const double tilt = 0.3;
  const Geometry g{
      {12, 20, 10}, {0, 0, 0}, {1, 0, 0}, {0, std::cos(tilt), std::sin(tilt)}, {0, 0, 2}};
  ModelImage image = FromVolume(LinearVolume(g));
  ApplyStep(image, "Spacingd", {{"pixdim", List({1, 1, 1})}});
  const IndexMap map = image.ToPatient();
  EXPECT_NEAR(Dot(map.Step(1), map.Step(2)), 0, 1e-9);
  EXPECT_NEAR(std::abs(map.Determinant()), 1, 1e-9);
  EXPECT_LT(Length(map.Step(1) - g.row_step), 1e-9) << "the first axes keep their direction";
  ExpectLinearField(image, g.size);
}

TEST(SpatialSteps, DiagonalSpacingTurnsAnObliqueStackToThePatientsAxes) {
  const double a = 0.2;
  const Geometry g{{9, 14, 14},
                   {5, 5, 5},
                   {std::cos(a), std::sin(a), 0},
                   {-std::sin(a), std::cos(a), 0},
                   {0, 0, 1.5}};
  ModelImage image = FromVolume(LinearVolume(g));
  ApplyStep(image, "Spacingd", {{"pixdim", List({1, 1, 1})}, {"diagonal", Scalar(true)}});
  EXPECT_EQ(AxisCodes(image.ToPatient()), "RAS");
  EXPECT_LT(Length(image.ToPatient().Step(0) - Vector3{-1, 0, 0}), 1e-9);
  ExpectLinearField(image, g.size);
}

TEST(SpatialSteps, ResizeAreaAverages) {
  ModelImage image = Image(2, 4, {0, 2, 4, 6, 8, 10, 12, 14});
  ApplyStep(image, "Resized", {{"spatial_size", List({1, 2})}});
  EXPECT_EQ(image.data.values, (Values{5, 9}));
  EXPECT_EQ(image.to_source.Apply({0, 0, 0}), (Vector3{0.5, 0.5, 0})) << "column, row";
}

TEST(SpatialSteps, ResizeBilinearMatchesPixelAreas) {
  ModelImage image = Image(1, 2, {0, 4});
  ApplyStep(image, "Resized", {{"spatial_size", List({1, 4})}, {"mode", Text("bilinear")}});
  EXPECT_EQ(image.data.values, (Values{0, 1, 3, 4}));
}

TEST(SpatialSteps, ResizeLongestKeepsTheProportions) {
  ModelImage image = Image(4, 8, Values(32, 1));
  ApplyStep(image, "Resized", {{"spatial_size", Scalar(4.0)}, {"size_mode", Text("longest")}});
  EXPECT_EQ(image.data.shape, (Shape{1, 2, 4}));
}

TEST(SpatialSteps, CropForegroundWithMargin) {
  ModelImage image = Image(5, 6, Values(30, 0));
  image.data.values[2 * 6 + 3] = 1;
  ApplyStep(image, "CropForegroundd", {{"margin", Scalar(1.0)}});
  EXPECT_EQ(image.data.shape, (Shape{1, 3, 3}));
  EXPECT_EQ(image.data.values[4], 1.0F);
  EXPECT_EQ(image.to_source.Apply({1, 1, 0}), (Vector3{3, 2, 0}));
}

TEST(SpatialSteps, CropForegroundOfNothingChangesNothing) {
  ModelImage image = Image(2, 2, {0, 0, 0, 0});
  ApplyStep(image, "CropForegroundd", {});
  EXPECT_EQ(image.data.shape, (Shape{1, 2, 2}));
}

TEST(SpatialSteps, CropForegroundMayGrowToAMultiple) {
  ModelImage image = Image(3, 3, {0, 0, 0, 0, 1, 0, 0, 0, 0});
  ApplyStep(image, "CropForegroundd", {{"k_divisible", Scalar(4.0)}});
  EXPECT_EQ(image.data.shape, (Shape{1, 4, 4}));
  EXPECT_EQ(image.data.values[5], 1.0F);
}

TEST(SpatialSteps, PadIsSymmetricWithTheOddVoxelAtTheEnd) {
  ModelImage image = Image(1, 2, {1, 2});
  ApplyStep(image, "SpatialPadd", {{"spatial_size", List({1, 5})}});
  EXPECT_EQ(image.data.values, (Values{0, 1, 2, 0, 0}));
}

TEST(SpatialSteps, ResizeWithPadOrCropDoesBoth) {
  ModelImage image = Image(1, 5, {1, 2, 3, 4, 5});
  ApplyStep(image, "ResizeWithPadOrCropd", {{"spatial_size", List({3, 3})}});
  EXPECT_EQ(image.data.values, (Values{0, 0, 0, 2, 3, 4, 0, 0, 0}));
}

TEST(SpatialSteps, CenterSpatialCropAndDivisiblePad) {
  ModelImage image = Image(1, 6, {1, 2, 3, 4, 5, 6});
  ApplyStep(image, "CenterSpatialCropd", {{"roi_size", List({-1, 3})}});
  EXPECT_EQ(image.data.values, (Values{3, 4, 5}));
  ApplyStep(image, "DivisiblePadd", {{"k", List({1, 4})}});
  EXPECT_EQ(image.data.values, (Values{3, 4, 5, 0}));
}

TEST(SpatialSteps, TooLargeIsRefusedBeforeMemoryIsTaken) {
  ModelImage image = FromVolume(CountingVolume(AxialGeometry({2, 2, 2}, 100, 100, 100)));
  config::ModelCard card;
  card.preprocessing = {{"Spacingd", {{"pixdim", Scalar(0.01)}}, 1}};
  const CompiledPipeline compiled = CompilePipeline(card);
  ASSERT_TRUE(compiled.pipeline.has_value());
  const Status applied = compiled.pipeline->Preprocess(image, {});
  ASSERT_FALSE(applied.ok());
  EXPECT_EQ(applied.error().code(), ErrorCode::kExhausted);
}

}  // namespace
}  // namespace axial
