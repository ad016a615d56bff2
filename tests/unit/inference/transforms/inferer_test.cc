#include "inference/transforms/inferer.h"

#include <cmath>

#include "inference/transforms/sliding_window.h"
#include "tests/unit/inference/transforms/step_test_tools.h"

namespace axial {
namespace {

using testing::List;
using testing::Scalar;
using testing::Text;
using Starts = std::vector<std::int64_t>;

std::unique_ptr<Inferer> MakeInferer(const std::string& name, testing::Arguments arguments) {
  config::ModelCard card;
  card.inferer = {name, std::move(arguments), 1};
  CompiledPipeline compiled = CompilePipeline(card);
  EXPECT_TRUE(compiled.pipeline.has_value());
  return std::move(compiled.pipeline->inferer);
}

/// Two output channels: the input, and its double.
Result<std::vector<Tensor>> Doubling(const Tensor& batch) {
  Tensor output{batch.shape, {}};
  output.shape[1] = 2;
  const std::int64_t per_item = static_cast<std::int64_t>(batch.values.size()) / batch.shape[0];
  for (std::int64_t n = 0; n < batch.shape[0]; ++n) {
    const auto begin = batch.values.begin() + n * per_item;
    output.values.insert(output.values.end(), begin, begin + per_item);
    for (auto it = begin; it != begin + per_item; ++it) output.values.push_back(*it * 2);
  }
  return std::vector<Tensor>{output};
}

Tensor Counting(std::vector<std::int64_t> shape) {
  Tensor tensor{std::move(shape), {}};
  tensor.values.resize(static_cast<std::size_t>(Tensor::Elements(tensor.shape)));
  std::iota(tensor.values.begin(), tensor.values.end(), 1.0F);
  return tensor;
}

void ExpectDoubled(const Inferer& inferer, const Tensor& input) {
  double last = 0;
  const auto outputs = inferer.Run(input, Doubling, [&](double done) {
    EXPECT_GE(done, last);
    last = done;
  });
  ASSERT_TRUE(outputs.ok()) << outputs.error().message();
  EXPECT_EQ(last, 1);
  const Tensor& output = outputs->front();
  std::vector<std::int64_t> shape = input.shape;
  shape[0] = 2;
  ASSERT_EQ(output.shape, shape);
  for (std::size_t i = 0; i < input.values.size(); ++i) {
    ASSERT_NEAR(output.values[i], input.values[i], 1e-3);
    ASSERT_NEAR(output.values[i + input.values.size()], 2 * input.values[i], 2e-3);
  }
}

TEST(Inferer, SimpleSeesTheWholeImage) {
  ExpectDoubled(*MakeInferer("SimpleInferer", {}), Counting({1, 3, 4, 5}));
}

TEST(Inferer, SlidingWindowCoversEveryVoxelInEveryMode) {
  for (const char* mode : {"constant", "gaussian"})
    for (const double overlap : {0.0, 0.25, 0.7}) {
      const auto inferer = MakeInferer("SlidingWindowInferer", {{"roi_size", List({4, 3, 6})},
                                                                {"sw_batch_size", Scalar(3.0)},
                                                                {"overlap", Scalar(overlap)},
                                                                {"mode", Text(mode)}});
      ExpectDoubled(*inferer, Counting({1, 9, 7, 11}));
      ExpectDoubled(*inferer, Counting({1, 2, 3, 11}));  // smaller than the window: padded
    }
}

TEST(Inferer, SlidingWindowOnImages) {
  ExpectDoubled(*MakeInferer("SlidingWindowInferer", {{"roi_size", List({4, 4})}}),
                Counting({1, 9, 7}));
}

TEST(Inferer, SliceAlongEveryDimension) {
  for (const double axis : {0.0, 1.0, 2.0}) {
    ExpectDoubled(*MakeInferer("SliceInferer", {{"roi_size", List({-1, -1})},
                                                {"sw_batch_size", Scalar(2.0)},
                                                {"spatial_dim", Scalar(axis)}}),
                  Counting({1, 5, 6, 7}));
    ExpectDoubled(
        *MakeInferer("SliceInferer", {{"roi_size", List({4, 4})}, {"spatial_dim", Scalar(axis)}}),
        Counting({1, 5, 6, 7}));
  }
}

TEST(Inferer, WindowStartsAreMonaisDensePatches) {
  EXPECT_EQ(WindowStarts(10, 4, 0.25), (Starts{0, 3, 6}));
  EXPECT_EQ(WindowStarts(11, 4, 0.25), (Starts{0, 3, 6, 7}));
  EXPECT_EQ(WindowStarts(4, 4, 0.9), (Starts{0}));
}

TEST(Inferer, GaussianWeightsFallFromTheMiddle) {
  WindowOptions options;
  options.gaussian = true;
  const std::vector<float> weights = WindowWeights({5}, options);
  EXPECT_FLOAT_EQ(weights[2], 1);
  EXPECT_NEAR(weights[1], std::exp(-1.0 / (2 * 0.625 * 0.625)), 1e-5);
  EXPECT_GE(weights[0], 1e-3F);
}

TEST(Inferer, AModelOfAnotherOutputSizeIsRefused) {
  const auto inferer = MakeInferer("SlidingWindowInferer", {{"roi_size", List({4, 4})}});
  const EngineCall halving = [](const Tensor& batch) -> Result<std::vector<Tensor>> {
    Tensor half = batch;
    half.shape[2] /= 2;
    half.values.resize(static_cast<std::size_t>(Tensor::Elements(half.shape)));
    return std::vector<Tensor>{half};
  };
  const auto outputs = inferer->Run(Counting({1, 8, 8}), halving, [](double) {});
  ASSERT_FALSE(outputs.ok());
  EXPECT_EQ(outputs.error().code(), ErrorCode::kInvalidInput);
}

}  // namespace
}  // namespace axial
