#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "config/model_card.h"
#include "core/dicom/uid.h"
#include "tests/support/repository_paths.h"

namespace axial {
namespace {

const std::string kModels = axial::testing::SourceDir() + "/models";
constexpr std::uintmax_t kLargestWeightsBytes = 5U << 20;

/// The cards of the sample models; fails the test on any problem.
std::vector<config::ModelCard> SampleCards() {
  std::vector<config::ModelCard> cards;
  for (const config::LoadedModelCard& loaded : config::LoadModelCards(kModels)) {
    EXPECT_TRUE(loaded.problems.empty()) << loaded.problems.front().what;
    if (loaded.card) cards.push_back(*loaded.card);
  }
  return cards;
}

TEST(SampleModels, CardsAreFreeOfProblems) {
  std::vector<std::string> names;
  for (const config::ModelCard& card : SampleCards()) names.push_back(card.name);
  EXPECT_EQ(names, (std::vector<std::string>{"chest-ct-lungs", "dx-position"}));
}

TEST(SampleModels, WeightsAreSmallAndAreTheOnesTheCardNames) {
  for (const config::ModelCard& card : SampleCards()) {
    const auto hash = Sha256HexOfFile(card.weights_file);
    ASSERT_TRUE(hash.ok()) << card.name;
    EXPECT_EQ(*hash, card.weights_sha256) << card.name;
    EXPECT_LT(std::filesystem::file_size(card.weights_file), kLargestWeightsBytes) << card.name;
  }
}

TEST(SampleModels, SayThatTheyAreForDemonstration) {
  for (const config::ModelCard& card : SampleCards()) {
    EXPECT_EQ(card.algorithm.notice, "For demonstration, not for diagnosis") << card.name;
    EXPECT_TRUE(std::filesystem::exists(card.folder + "/README.md")) << card.name;
  }
}

}  // namespace
}  // namespace axial
