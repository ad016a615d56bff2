#include "inference/transforms/label_layers.h"

#include <cmath>
#include <numeric>

#include "inference/transforms/postprocessing.h"
#include "tests/unit/inference/transforms/step_test_tools.h"

namespace axial {
namespace {

using testing::AxialGeometry;
using testing::List;
using testing::Scalar;
using Labels = std::vector<std::uint8_t>;

const config::StepSpec kThreshold = {"AsDiscreted", {{"threshold", Scalar(0.5)}}, 2};

std::vector<Labels> Merged(const std::vector<Labels>& masks) {
  std::vector<LabelLayer> layers;
  for (const Labels& mask : masks) layers.push_back({mask});
  MergeDisjointLayers(layers);
  std::vector<Labels> merged;
  for (const LabelLayer& layer : layers) merged.push_back(layer.values);
  return merged;
}

TEST(MergeDisjointLayers, MergesOnlyLayersThatShareNoVoxel) {
  EXPECT_EQ(Merged({{1, 0, 0, 0}, {0, 0, 2, 0}, {0, 3, 0, 0}}),
            (std::vector<Labels>{{1, 3, 2, 0}}));
  const std::vector<Labels> sharing = {{1, 0, 0, 0}, {0, 0, 2, 0}, {0, 0, 3, 0}};
  EXPECT_EQ(Merged(sharing), sharing);
}

/// What `labels`, those of the card, make of a label map.
Result<std::vector<LabelLayer>> LayersOfMap(std::vector<int> labels, std::vector<float> map) {
  const auto count = static_cast<int>(map.size());
  const Geometry g = AxialGeometry({1, 1, count}, 1, 1, 1);
  const ModelImage image = FromVolume({g, std::vector<float>(map.size())});
  std::vector<config::Problem> problems;
  return Postprocessing::Read({}, problems, std::move(labels))
      .Labels({{1, count, 1, 1}, std::move(map)}, image, g.size, 1);
}

TEST(LabelsOfTheCard, LabelsUpTo255AreTheirValues) {
  const auto layers = LayersOfMap({1, 255}, {0, 255, 1});
  ASSERT_TRUE(layers.ok());
  ASSERT_EQ(layers->size(), 1u);
  EXPECT_EQ(layers->front().values, (Labels{0, 255, 1}));
  EXPECT_EQ(layers->front().LabelOf(255), 255);
}

TEST(LabelsOfTheCard, LabelsAbove255GetValuesOfTheirOwn) {
  const auto layers = LayersOfMap({65535, 7, 300}, {0, 65535, 7, 300, 7, -3, std::nanf("")});
  ASSERT_TRUE(layers.ok()) << layers.error().message();
  ASSERT_EQ(layers->size(), 1u);
  EXPECT_EQ(layers->front().values, (Labels{0, 3, 1, 2, 1, 0, 0}));
  EXPECT_EQ(layers->front().labels, (std::vector<int>{0, 7, 300, 65535}));
}

TEST(LabelsOfTheCard, MoreThan255LabelsNeedMoreLayers) {
  std::vector<int> labels(600);
  std::iota(labels.begin(), labels.end(), 1);
  const auto layers = LayersOfMap(labels, {1, 255, 256, 511, 600});
  ASSERT_TRUE(layers.ok()) << layers.error().message();
  ASSERT_EQ(layers->size(), 3u);
  EXPECT_EQ(layers->at(0).values, (Labels{1, 255, 0, 0, 0}));
  EXPECT_EQ(layers->at(1).values, (Labels{0, 0, 1, 0, 0}));
  EXPECT_EQ(layers->at(2).values, (Labels{0, 0, 0, 1, 90}));
  EXPECT_EQ(layers->at(1).LabelOf(1), 256);
  EXPECT_EQ(layers->at(2).LabelOf(90), 600);
}

/// A card may leave out segments of its model; their labels are never taken for another's.
TEST(LabelsOfTheCard, LabelsThatNoSegmentHasAreNone) {
  EXPECT_EQ(LayersOfMap({1, 2}, {2, 256, 257, 65535})->front().values, (Labels{2, 0, 0, 0}));
  EXPECT_EQ(LayersOfMap({1, 300}, {1, 2, 299, 300})->front().values, (Labels{1, 0, 0, 2}));
  const auto refused = LayersOfMap({1, 300}, {1, 65536});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message(), "the model gives a label above 65535, the largest");
  EXPECT_FALSE(LayersOfMap({1}, {1e9F}).ok());
}

/// What is dropped is counted, whichever way the labels are kept.
TEST(LabelsOfTheCard, CountsLabelsThatNoSegmentHas) {
  std::vector<config::Problem> problems;
  const std::vector<float> map = {1, 2, 2, 3, 0, 1};
  const ModelImage image = FromVolume({AxialGeometry({1, 1, 6}, 1, 1, 1), map});
  for (const std::vector<int>& labels : {std::vector<int>{1}, std::vector<int>{1, 300}}) {
    UnnamedLabels unnamed = {{2, 10}};
    const auto layers = Postprocessing::Read({}, problems, labels)
                            .Labels({{1, 6, 1, 1}, map}, image, {1, 1, 6}, 2, nullptr, &unnamed);
    ASSERT_TRUE(layers.ok()) << layers.error().message();
    EXPECT_EQ(unnamed, (UnnamedLabels{{2, 12}, {3, 1}}));
  }
  UnnamedLabels unnamed;
  const auto channels = Postprocessing::Read({kThreshold}, problems, {1})
                            .Labels({{2, 2, 1, 1}, {1, 0, 1, 1}},
                                    FromVolume({AxialGeometry({1, 1, 2}, 1, 1, 1), {0, 0}}),
                                    {1, 1, 2}, 1, nullptr, &unnamed);
  ASSERT_TRUE(channels.ok()) << channels.error().message();
  EXPECT_EQ(unnamed, (UnnamedLabels{{2, 2}}));
}

TEST(LabelsOfTheCard, RefusesLayersOfMoreThanFourGigabytes) {
  std::vector<config::Problem> problems;
  const GridSize large = {600, 512, 512};
  const ModelImage image = FromVolume({AxialGeometry({1, 1, 3}, 1, 1, 1), {0, 0, 0}});
  const auto layers = Postprocessing::Read({kThreshold}, problems)
                          .Labels({{40, 3, 1, 1}, std::vector<float>(120)}, image, large, 1);
  ASSERT_FALSE(layers.ok());
  EXPECT_EQ(layers.error().code(), ErrorCode::kExhausted);
}

/// Components are of labels, whatever their values are.
TEST(LabelsOfTheCard, KeepsTheLargestComponentOfLabelsAbove255) {
  const config::StepSpec largest = {
      "KeepLargestConnectedComponentd", {{"applied_labels", List({300})}}, 3};
  std::vector<config::Problem> problems;
  const Geometry g = AxialGeometry({1, 1, 6}, 1, 1, 1);
  const ModelImage image = FromVolume({g, std::vector<float>(6)});
  const Postprocessing steps = Postprocessing::Read({largest}, problems, {7, 300});
  const auto layers = steps.Labels({{1, 6, 1, 1}, {300, 7, 300, 300, 0, 7}}, image, g.size, 1);
  ASSERT_TRUE(layers.ok());
  EXPECT_EQ(layers->front().values, (Labels{0, 1, 2, 2, 0, 1}));
}

}  // namespace
}  // namespace axial
