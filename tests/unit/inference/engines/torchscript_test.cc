#include <gtest/gtest.h>

#include "inference/engines/engine.h"

namespace axial {
namespace {

Result<std::unique_ptr<Engine>> Load(const std::string& name) {
  config::ModelCard card;
  card.engine = "torchscript";
  card.weights_file = AXIAL_TEST_MODELS "/" + name + ".pt";
  return LoadEngine(card, {.threads = 1, .device = "auto"});
}

TEST(TorchScript, EveryTensorOfATupleIsAnOutput) {
  const Result<std::unique_ptr<Engine>> engine = Load("mean_class");
  ASSERT_TRUE(engine.ok()) << engine.error().message();
  const auto outputs = (*engine)->Run({{1, 1, 1, 2}, {1, 3}});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message();
  ASSERT_EQ(outputs->size(), 2u);
  EXPECT_EQ((*outputs)[1].values, (std::vector<float>{-2, 2}));
}

TEST(TorchScript, AModelThatWritesIntoItsInputDoesNotChangeTheCallers) {
  const Result<std::unique_ptr<Engine>> engine = Load("writes_input");
  ASSERT_TRUE(engine.ok()) << engine.error().message();
  const Tensor batch{{1, 1, 1, 2}, {1, 3}};
  ASSERT_TRUE((*engine)->Run(batch).ok());
  EXPECT_EQ(batch.values, (std::vector<float>{1, 3}));
}

TEST(TorchScript, AnOutputThatIsNoTensorIsRefused) {
  const Result<std::unique_ptr<Engine>> engine = Load("gives_text");
  ASSERT_TRUE(engine.ok()) << engine.error().message();
  const auto outputs = (*engine)->Run({{1, 1, 1, 2}, {1, 3}});
  ASSERT_FALSE(outputs.ok());
  EXPECT_EQ(outputs.error().code(), ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace axial
