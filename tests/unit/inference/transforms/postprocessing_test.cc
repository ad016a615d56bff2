#include "inference/transforms/postprocessing.h"

#include <cmath>

#include "inference/transforms/components.h"
#include "inference/volume/vector3.h"
#include "tests/unit/inference/transforms/step_test_tools.h"

namespace axial {
namespace {

using testing::ApplyStep;
using testing::AxialGeometry;
using testing::List;
using testing::Scalar;
using testing::Text;
using Labels = std::vector<std::uint8_t>;

Postprocessing MakePostprocessing(const std::vector<config::StepSpec>& steps) {
  std::vector<config::Problem> problems;
  Postprocessing made = Postprocessing::Read(steps, problems);
  EXPECT_TRUE(problems.empty());
  return made;
}

const config::StepSpec kSoftmax = {"Activationsd", {{"softmax", Scalar(true)}}, 1};
const config::StepSpec kSigmoid = {"Activationsd", {{"sigmoid", Scalar(true)}}, 1};
const config::StepSpec kArgmax = {"AsDiscreted", {{"argmax", Scalar(true)}}, 2};
const config::StepSpec kThreshold = {"AsDiscreted", {{"threshold", Scalar(0.5)}}, 2};

struct Ball {
  Vector3 centre{};
  double radius_mm = 0;
};

/// Scores of background and a ball on the image's grid: what a perfect network would say.
Tensor BallScores(const ModelImage& image, const Ball& ball) {
  const SpatialSize size = image.Size();
  const IndexMap to_patient = image.ToPatient();
  const auto voxels = static_cast<std::size_t>(image.VoxelsPerChannel());
  Tensor scores{{2, size[0], size[1], size[2]}, std::vector<float>(2 * voxels)};
  testing::ForEachIndex(size, [&](const Vector3& index, std::size_t at) {
    const double inside_mm = ball.radius_mm - Length(to_patient.Apply(index) - ball.centre);
    scores.values[at] = static_cast<float>(-inside_mm);
    scores.values[voxels + at] = static_cast<float>(inside_mm);
  });
  return scores;
}

double DiceWithBall(const Labels& labels, const Geometry& g, const Ball& ball) {
  double both = 0;
  double sum = 0;
  const SpatialSize size = {g.size.slices, g.size.rows, g.size.columns};
  testing::ForEachIndex(size, [&](const Vector3& index, std::size_t at) {
    const bool truth = Length(g.At(index[0], index[1], index[2]) - ball.centre) < ball.radius_mm;
    both += truth && labels[at] == 1;
    sum += truth + (labels[at] == 1);
  });
  return 2 * both / sum;
}

struct Case {
  const char* name;
  Geometry geometry;
  std::vector<config::StepSpec> steps;
};

std::vector<Case> Cases() {
  const double a = 0.35;
  const std::vector<config::StepSpec> all = {
      {"Orientationd", {{"axcodes", Text("LIA")}}, 1},
      {"Spacingd", {{"pixdim", List({1.5, 1.5, 1.5})}}, 2},
      {"ResizeWithPadOrCropd", {{"spatial_size", List({60, 50, 64})}}, 3}};
  const config::StepSpec resize = {
      "Resized", {{"spatial_size", List({48, 40, 32})}, {"mode", Text("trilinear")}}, 1};
  const Vector3 turned_row = {1.2 * std::cos(a), 1.2 * std::sin(a), 0};
  const Vector3 turned_column = {-1.2 * std::sin(a), 1.2 * std::cos(a), 0};
  const Vector3 tilted_column = {0, std::cos(a), -std::sin(a)};
  const Geometry axial = AxialGeometry({24, 61, 63}, 1.1, 1.2, 2.5);
  return {
      {"axial", axial, all},
      {"sagittal", {{40, 51, 53}, {60, -20, 50}, {0, 1.2, 0}, {0, 0, -1.2}, {-1.5, 0, 0}}, all},
      {"oblique", {{30, 51, 53}, {0, -20, 0}, turned_row, turned_column, {0, 0, 2}}, all},
      {"tilted", {{28, 61, 63}, {0, 0, 0}, {1, 0, 0}, tilted_column, {0, 0, 2.5}}, all},
      {"resized", axial, {resize}},
  };
}

/// The main promise of the room: whatever the steps, labels come back to where they belong.
TEST(Postprocessing, LabelsReturnToTheSourceGrid) {
  for (const Case& one : Cases()) {
    SCOPED_TRACE(one.name);
    const Geometry& g = one.geometry;
    ModelImage image = FromVolume({g, std::vector<float>(g.size.Voxels(), 1.0F)});
    for (const config::StepSpec& step : one.steps) ApplyStep(image, step.name, step.arguments);
    const Ball ball = {g.At(g.size.slices * 0.45, g.size.rows * 0.5, g.size.columns * 0.5), 18};
    const auto labels =
        MakePostprocessing({kSoftmax, kArgmax}).Labels(BallScores(image, ball), image, g.size, 2);
    ASSERT_TRUE(labels.ok()) << labels.error().message();
    EXPECT_GE(DiceWithBall(labels->front().values, g, ball), 0.985);
  }
}

/// Why scores, and not labels, are resampled: from the same coarse grid, labels are worse.
TEST(Postprocessing, ScoresGoBackLinearly) {
  const Geometry g = AxialGeometry({40, 60, 60}, 1, 1, 1);
  ModelImage image = FromVolume({g, std::vector<float>(g.size.Voxels(), 1.0F)});
  ApplyStep(image, "Spacingd", {{"pixdim", Scalar(3.0)}});
  const Ball ball = {g.At(19.3, 29.8, 30.1), 14};
  const Tensor scores = BallScores(image, ball);
  const auto linear = MakePostprocessing({kArgmax}).Labels(scores, image, g.size, 1);
  ASSERT_TRUE(linear.ok());
  Tensor hard{{1, scores.shape[1], scores.shape[2], scores.shape[3]}, {}};
  const std::size_t voxels = scores.values.size() / 2;
  for (std::size_t i = 0; i < voxels; ++i)
    hard.values.push_back(scores.values[voxels + i] > scores.values[i] ? 1.0F : 0.0F);
  const auto nearest = MakePostprocessing({}).Labels(hard, image, g.size, 1);
  ASSERT_TRUE(nearest.ok());
  EXPECT_GT(DiceWithBall(linear->front().values, g, ball), 0.98);
  EXPECT_LT(DiceWithBall(nearest->front().values, g, ball), 0.96);
}

TEST(Postprocessing, OutsideOfWhatTheNetworkSawIsBackground) {
  const Geometry g = AxialGeometry({1, 1, 6}, 1, 1, 1);
  ModelImage image = FromVolume({g, {0, 0, 1, 1, 0, 0}});
  ApplyStep(image, "CropForegroundd", {});
  const auto labels =
      MakePostprocessing({kThreshold}).Labels({{1, 2, 1, 1}, {0.9F, 0.8F}}, image, g.size, 1);
  ASSERT_TRUE(labels.ok());
  EXPECT_EQ(labels->front().values, (Labels{0, 0, 1, 1, 0, 0}));
}

/// Layers of scores [2][6][1][1], which `steps` make labels of.
std::vector<Labels> LayersOf(const std::vector<config::StepSpec>& steps,
                             const std::vector<float>& scores) {
  const Geometry g = AxialGeometry({1, 1, 6}, 1, 1, 1);
  const ModelImage image = FromVolume({g, std::vector<float>(6)});
  const auto layers = MakePostprocessing(steps).Labels({{2, 6, 1, 1}, scores}, image, g.size, 1);
  std::vector<Labels> values;
  if (layers.ok())
    for (const LabelLayer& layer : *layers) values.push_back(layer.values);
  return values;
}

const std::vector<float> kTwoMasks = {.9F, .9F, .8F, 0,   .9F, 0,     // 1 1 1 . 1 .
                                      0,   0,   .9F, .9F, 0,   .7F};  // . . 2 2 . 2

/// MONAI's masks are multi-hot: a voxel belongs to each channel that reaches the threshold.
TEST(Postprocessing, ThresholdOfSeveralChannelsGivesEachItsMask) {
  EXPECT_EQ(LayersOf({kThreshold}, kTwoMasks),
            (std::vector<Labels>{{1, 1, 1, 0, 1, 0}, {0, 0, 2, 2, 0, 2}}));
  const std::vector<float> logits = {-5, 1, 2, -5, -5, -5, -5, 3, -1, -5, -5, -5};
  EXPECT_EQ(LayersOf({kSigmoid, kThreshold}, logits),
            (std::vector<Labels>{{0, 1, 1, 0, 0, 0}, {0, 2, 0, 0, 0, 0}}));
}

TEST(Postprocessing, ArgmaxOfSeveralChannelsStaysOneLayer) {
  EXPECT_EQ(LayersOf({kArgmax}, kTwoMasks), (std::vector<Labels>{{0, 0, 1, 1, 0, 1}}));
}

/// MONAI: img >= threshold. sigmoid(0) is 0.5.
TEST(Postprocessing, AVoxelThatReachesTheThresholdBelongs) {
  const std::vector<float> logits = {0, -0.01F, 0.01F, -9, -9, -9, -9, -9, -9, -9, -9, 0};
  EXPECT_EQ(LayersOf({kSigmoid, kThreshold}, logits),
            (std::vector<Labels>{{1, 0, 1, 0, 0, 0}, {0, 0, 0, 0, 0, 2}}));
}

config::StepSpec Largest(testing::Arguments arguments) {
  return {"KeepLargestConnectedComponentd", std::move(arguments), 3};
}

/// What MONAI 1.3's KeepLargestConnectedComponent does with [2][6] masks: they are one-hot, so that
/// labels are channels from 0, and channel 0, the background, is left alone unless it is named.
TEST(Postprocessing, LabelsOfSeveralMasksAreChannels) {
  const std::vector<Labels> second = {{1, 1, 1, 0, 1, 0}, {0, 0, 2, 2, 0, 0}};
  EXPECT_EQ(LayersOf({kThreshold, Largest({})}, kTwoMasks), second);
  EXPECT_EQ(LayersOf({kThreshold, Largest({{"applied_labels", List({1})}})}, kTwoMasks), second);
  EXPECT_EQ(LayersOf({kThreshold, Largest({{"applied_labels", List({0})}})}, kTwoMasks),
            (std::vector<Labels>{{1, 1, 1, 0, 0, 0}, {0, 0, 2, 2, 0, 2}}));
  EXPECT_EQ(LayersOf({kThreshold, Largest({{"applied_labels", List({0, 1})}})}, kTwoMasks),
            (std::vector<Labels>{{1, 1, 1, 0, 0, 0}, {0, 0, 2, 2, 0, 0}}));
  EXPECT_EQ(LayersOf({kThreshold, Largest({{"applied_labels", List({2})}})}, kTwoMasks),
            LayersOf({kThreshold}, kTwoMasks));
}

/// One mask is not one-hot, and an argmax is not either: labels are values.
TEST(Postprocessing, LabelsOfOneMaskAreValues) {
  const Geometry g = AxialGeometry({1, 1, 6}, 1, 1, 1);
  const ModelImage image = FromVolume({g, std::vector<float>(6)});
  const Tensor one = {{1, 6, 1, 1}, {1, 1, 0, 1, 0, 0}};
  const auto values = [&](const config::StepSpec& largest) {
    return MakePostprocessing({kThreshold, largest}).Labels(one, image, g.size, 1)->front().values;
  };
  EXPECT_EQ(values(Largest({})), (Labels{1, 1, 0, 0, 0, 0}));
  EXPECT_EQ(values(Largest({{"applied_labels", List({1})}})), (Labels{1, 1, 0, 0, 0, 0}));
  EXPECT_EQ(values(Largest({{"applied_labels", List({0})}})), (Labels{1, 1, 0, 1, 0, 0}));
  const std::vector<float> scores = {0, 0, 1, 0, 1, 1, 1, 1, 0, 1, 0, 0};
  EXPECT_EQ(LayersOf({kArgmax, Largest({{"applied_labels", List({1})}})}, scores),
            (std::vector<Labels>{{1, 1, 0, 0, 0, 0}}));
}

/// As in MONAI: one foreground of all named channels, here everything but the gap before the last
/// two.
TEST(Postprocessing, TogetherTheLayersFormOneForeground) {
  const config::StepSpec together =
      Largest({{"independent", Scalar(false)}, {"applied_labels", List({0, 1})}});
  const std::vector<float> scores = {1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1};
  EXPECT_EQ(LayersOf({kThreshold, together}, scores),
            (std::vector<Labels>{{1, 0, 1, 0, 0, 0}, {0, 2, 2, 0, 0, 0}}));
}

TEST(Postprocessing, RefusesOneMaskOfSeveralChannels) {
  EXPECT_TRUE(LayersOf({kThreshold, Largest({{"is_onehot", Scalar(false)}})}, kTwoMasks).empty());
}

using Slices = ProbabilitySlices::Slices;

/// What `steps` keep of the probabilities of `label`, of scores [2][6][1][1] on slices of `columns`
/// columns.
Slices ProbabilitiesOf(const std::vector<config::StepSpec>& steps, std::vector<float> scores,
                       int label, int slices = 1) {
  const Geometry g = AxialGeometry({slices, 1, 6 / slices}, 1, 1, 1);
  const ModelImage image = FromVolume({g, std::vector<float>(6)});
  ProbabilitySlices kept({label}, g.size, 1000);
  const auto layers = MakePostprocessing(steps).Labels(
      {{2, 6 / slices, 1, slices}, std::move(scores)}, image, g.size, 1, &kept);
  EXPECT_TRUE(layers.ok());
  EXPECT_FALSE(kept.exhausted());
  return kept.Take(label);
}

const std::vector<float> kLogits = {-5, 1, 2, -5, 0, -9, /**/ -5, 3, -1, -5, 6, -9};

TEST(Postprocessing, KeepsTheProbabilitiesOfAThreshold) {
  // sigmoid(-5) = 0.0067, (1) = 0.7311, (2) = 0.8808, (0) = 0.5, (-9) = 0.0001
  EXPECT_EQ(ProbabilitiesOf({kSigmoid, kThreshold}, kLogits, 1),
            (Slices{{2, 186, 225, 2, 128, 0}}));
  EXPECT_EQ(ProbabilitiesOf({kSigmoid, kThreshold}, kLogits, 2), (Slices{{2, 243, 69, 2, 254, 0}}));
}

TEST(Postprocessing, KeepsTheProbabilitiesOfAnArgmax) {
  // softmax of equal scores is 0.5; of 1 and 3 0.8808; of 2 and -1 0.0474; of 0 and 6 0.9975.
  EXPECT_EQ(ProbabilitiesOf({kSoftmax, kArgmax}, kLogits, 1),
            (Slices{{128, 225, 12, 128, 254, 128}}));
}

TEST(Postprocessing, SlicesWithoutAChanceCostNothing) {
  std::vector<float> scores(12, -20);
  scores[2] = 4;  // [channel][column][row][slice]: column 1 of slice 0
  EXPECT_EQ(ProbabilitiesOf({kSigmoid, kThreshold}, scores, 1, 2), (Slices{{0, 250, 0}, {}}));
}

/// The probability of a part that is too small to be kept is taken from it, too.
TEST(Postprocessing, ARemovedComponentHasNoProbability) {
  const config::StepSpec largest = {
      "KeepLargestConnectedComponentd", {{"applied_labels", List({0, 1})}}, 3};
  const std::vector<float> logits = {-9, -9, -9, -9, -9, -9, 3, -1, 3, 3, -1, -9};
  EXPECT_EQ(ProbabilitiesOf({kSigmoid, kThreshold, largest}, logits, 2),
            (Slices{{0, 69, 243, 243, 69, 0}}));
}

TEST(Postprocessing, ProbabilitiesGoBackLinearlyAsTheScoresDo) {
  const Geometry g = AxialGeometry({1, 1, 4}, 1, 1, 1);
  ModelImage image = FromVolume({g, std::vector<float>(4)});
  const float high = std::log(4.0F);  // 0.8
  ProbabilitySlices kept({1}, g.size, 1000);
  const auto labels = MakePostprocessing({kSigmoid, kThreshold})
                          .Labels({{1, 2, 1, 1}, {-high, high}}, image, g.size, 1, &kept);
  ASSERT_TRUE(labels.ok());
  EXPECT_EQ(labels->front().values, (Labels{0, 0, 1, 1}));
  EXPECT_EQ(kept.Take(1), (Slices{{51, 89, 166, 204}}));  // 0.2, 0.35, 0.65, 0.8
}

TEST(Postprocessing, OnlySoftmaxAndSigmoidMakeProbabilities) {
  EXPECT_TRUE(MakePostprocessing({kSoftmax, kArgmax}).GivesProbabilities());
  EXPECT_TRUE(MakePostprocessing({kSigmoid, kThreshold}).GivesProbabilities());
  EXPECT_FALSE(MakePostprocessing({kThreshold}).GivesProbabilities());
  EXPECT_FALSE(MakePostprocessing({kArgmax}).GivesProbabilities());
  EXPECT_FALSE(MakePostprocessing({kSigmoid}).GivesProbabilities());
}

TEST(ProbabilitySlices, SayThatTheyHaveNoRoom) {
  ProbabilitySlices kept({3}, {3, 2, 4}, 2 * 8);
  const std::vector<float> row(4, 0.5F);
  kept.Put(3, 0, row);
  kept.Put(3, 5, row);
  EXPECT_FALSE(kept.exhausted());
  kept.Put(3, 2, std::vector<float>(4, 0.001F));  // nothing of it is left
  EXPECT_FALSE(kept.exhausted());
  kept.Put(3, 3, row);
  EXPECT_TRUE(kept.exhausted());
}

TEST(ProbabilitySlices, TakeWhatIsNoProbabilityForTheNearest) {
  ProbabilitySlices kept({1}, {1, 1, 5}, 100);
  kept.Put(1, 0, std::vector<float>{-1, 2, std::nanf(""), 0.002F, 1});
  EXPECT_EQ(kept.Take(1), (Slices{{0, 255, 0, 1, 255}}));
}

TEST(Postprocessing, ACoarserOutputIsStretched) {
  const Geometry g = AxialGeometry({1, 1, 8}, 1, 1, 1);
  const ModelImage image = FromVolume({g, std::vector<float>(8)});
  const auto labels =
      MakePostprocessing({kThreshold}).Labels({{1, 2, 1, 1}, {0, 1.01F}}, image, g.size, 1);
  ASSERT_TRUE(labels.ok());
  EXPECT_EQ(labels->front().values, (Labels{0, 0, 0, 0, 1, 1, 1, 1}));
}

TEST(Postprocessing, RefusesOutputsItCannotRead) {
  const Geometry g = AxialGeometry({1, 1, 3}, 1, 1, 1);
  const ModelImage image = FromVolume({g, {0, 0, 0}});
  const auto accepted = [&](const Postprocessing& steps, std::vector<std::int64_t> shape) {
    Tensor scores{std::move(shape), {}};
    scores.values.resize(static_cast<std::size_t>(Tensor::Elements(scores.shape)));
    return steps.Labels(scores, image, g.size, 1).ok();
  };
  EXPECT_TRUE(accepted(MakePostprocessing({kArgmax}), {2, 3, 1, 1}));
  EXPECT_FALSE(accepted(MakePostprocessing({}), {2, 3, 1, 1}));
  EXPECT_FALSE(accepted(MakePostprocessing({kArgmax}), {2, 3}));
  EXPECT_TRUE(accepted(MakePostprocessing({kArgmax}), {65536, 3, 1, 1}));
  EXPECT_FALSE(accepted(MakePostprocessing({kArgmax}), {65537, 3, 1, 1}));
  EXPECT_FALSE(accepted(MakePostprocessing({kThreshold}), {65536, 3, 1, 1}));
}

TEST(Postprocessing, SoftmaxOfClassScores) {
  const std::vector<double> p =
      MakePostprocessing({kSoftmax}).Probabilities({{2}, {0, std::log(3.0F)}});
  EXPECT_NEAR(p[0], 0.25, 1e-6);
  EXPECT_NEAR(p[1], 0.75, 1e-6);
}

TEST(Components, KeepsTheLargestOfEachLabel) {
  Labels labels = {1, 1, 0, 1, 2, 0, 2, 2};
  KeepLargestComponents(labels, {1, 1, 8}, std::vector<bool>(256, true), false, 1, 1);
  EXPECT_EQ(labels, (Labels{1, 1, 0, 0, 0, 0, 2, 2}));
}

TEST(Components, TogetherLabelsFormOneForeground) {
  Labels labels = {1, 1, 0, 1, 2, 2, 0, 2};
  std::vector<bool> wanted(256, true);
  wanted[0] = false;
  KeepLargestComponents(labels, {1, 1, 8}, wanted, true, 1, 1);
  EXPECT_EQ(labels, (Labels{0, 0, 0, 1, 2, 2, 0, 0}));
}

TEST(Components, ConnectivityDecidesOnDiagonals) {
  for (const int connectivity : {1, 2, 3}) {
    Labels corners = {1, 0, 0, 0, 0, 0, 0, 1};  // opposite corners of 2 x 2 x 2
    KeepLargestComponents(corners, {2, 2, 2}, std::vector<bool>(256, true), false, connectivity, 1);
    EXPECT_EQ(corners[7], connectivity == 3 ? 1 : 0) << connectivity;
    Labels edge = {1, 0, 0, 1};  // one plane, touching along an edge
    KeepLargestComponents(edge, {1, 2, 2}, std::vector<bool>(256, true), false, connectivity, 1);
    EXPECT_EQ(edge[3], connectivity >= 2 ? 1 : 0) << connectivity;
  }
}

}  // namespace
}  // namespace axial
