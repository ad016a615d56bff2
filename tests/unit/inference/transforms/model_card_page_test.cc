#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "config/sections.h"
#include "inference/transforms/image_step.h"
#include "inference/transforms/inferer.h"
#include "inference/transforms/postprocessing.h"
#include "tests/support/repository_paths.h"

namespace axial {
namespace {

/// docs/model-card.md, which whoever writes a model.yaml reads, names all that there is.
class ModelCardPage : public ::testing::Test {
 protected:
  void ExpectNamed(std::string_view name) {
    // `name`, `section.name`, `.name` beside another one, or {name: ...}
    const auto is_end = [](char c) { return c == '`' || c == ':' || c == '.'; };
    bool found = false;
    for (auto at = page_.find(name); !found && at != std::string::npos;
         at = page_.find(name, at + 1))
      found = at > 0 && std::string_view("`.{ ").find(page_[at - 1]) != std::string_view::npos &&
              is_end(page_[at + name.size()]);
    EXPECT_TRUE(found) << "docs/model-card.md does not say what '" << name << "' is";
  }

  std::ifstream file_{testing::SourceDir() + "/docs/model-card.md"};
  const std::string page_{std::istreambuf_iterator<char>(file_), {}};
};

TEST_F(ModelCardPage, NamesEveryKey) {
  for (const config::Section& section : config::ModelCardSections())
    for (const std::string_view key : section.keys) ExpectNamed(key);
}

TEST_F(ModelCardPage, NamesEveryStepAndInferer) {
  for (const auto* steps : {&SpatialSteps(), &IntensitySteps()})
    for (const ImageStepKind& step : *steps) ExpectNamed(step.name);
  for (const InfererKind& inferer : Inferers()) ExpectNamed(inferer.name);
  for (const std::string& step : Postprocessing::StepNames()) ExpectNamed(step);
}

}  // namespace
}  // namespace axial
