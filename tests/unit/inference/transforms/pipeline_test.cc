#include "inference/transforms/pipeline.h"

#include <gmock/gmock.h>

#include "tests/unit/inference/transforms/step_test_tools.h"

namespace axial {
namespace {

using ::testing::HasSubstr;
using testing::List;
using testing::Scalar;
using testing::Text;

/// The one problem of a card with that preprocessing step at line 12.
std::string ProblemOf(const std::string& name, testing::Arguments arguments) {
  config::ModelCard card;
  card.folder = "/models/lungs";
  card.preprocessing = {{name, std::move(arguments), 12}};
  const CompiledPipeline compiled = CompilePipeline(card);
  EXPECT_FALSE(compiled.pipeline.has_value());
  EXPECT_EQ(compiled.problems.size(), 1u);
  return compiled.problems.empty() ? "" : compiled.problems.front().ToString();
}

TEST(Pipeline, UnknownStepNamesTheNearestKnownAndTheLine) {
  const std::string problem = ProblemOf("Spacing", {});
  EXPECT_THAT(problem,
              HasSubstr("/models/lungs/model.yaml:12: unknown preprocessing step Spacing"));
  EXPECT_THAT(problem, HasSubstr("did you mean Spacingd?"));
  EXPECT_THAT(ProblemOf("Zzzzz", {}), HasSubstr("known are"));
}

TEST(Pipeline, UnknownArgumentNamesTheNearestKnown) {
  EXPECT_THAT(ProblemOf("Spacingd", {{"pixdim", Scalar(1.0)}, {"padding_mod", Scalar(1.0)}}),
              HasSubstr("unknown argument \"padding_mod\"; did you mean \"padding_mode\"?"));
}

TEST(Pipeline, WrongValuesAreNamed) {
  EXPECT_THAT(ProblemOf("Orientationd", {{"axcodes", Text("LLS")}}), HasSubstr("axcodes"));
  EXPECT_THAT(ProblemOf("Spacingd", {{"pixdim", List({1, 2})}}), HasSubstr("pixdim"));
  EXPECT_THAT(ProblemOf("Spacingd", {{"pixdim", Scalar(1.0)}, {"mode", Text("cubic")}}),
              HasSubstr("supported are bilinear, nearest"));
  EXPECT_THAT(
      ProblemOf("ScaleIntensityRanged",
                {{"a_min", Scalar(-1.0)}, {"a_max", Scalar(1.0)}, {"clip", Text("yes please")}}),
      HasSubstr("clip must be true or false"));
}

TEST(Pipeline, EveryProblemIsFoundAtOnce) {
  config::ModelCard card;
  card.preprocessing = {{"Nope", {}, 3}, {"Spacingd", {}, 4}};
  card.inferer = {"SlidingWindow", {}, 5};
  card.postprocessing = {{"AsDiscrete", {}, 6}, {"Activationsd", {}, 7}};
  const CompiledPipeline compiled = CompilePipeline(card);
  ASSERT_EQ(compiled.problems.size(), 5u);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(compiled.problems[static_cast<std::size_t>(i)].line, i + 3);
}

TEST(Pipeline, GeometryStepsNeedAVolume) {
  config::ModelCard card;
  card.input.kind = config::InputKind::kImage;
  card.preprocessing = {{"Spacingd", {{"pixdim", Scalar(1.0)}}, 3}};
  const CompiledPipeline compiled = CompilePipeline(card);
  ASSERT_EQ(compiled.problems.size(), 1u);
  EXPECT_THAT(compiled.problems[0].what, HasSubstr("needs patient geometry"));
}

TEST(Pipeline, AnEmptyCardIsTheSimpleInferer) {
  EXPECT_TRUE(CompilePipeline({}).pipeline.has_value());
}

TEST(Pipeline, NullMeansNotGiven) {
  config::ModelCard card;
  card.preprocessing = {{"ScaleIntensityd", {{"factor", Text("None")}, {"minv", Scalar(0.0)}}, 3}};
  EXPECT_TRUE(CompilePipeline(card).pipeline.has_value());
}

}  // namespace
}  // namespace axial
