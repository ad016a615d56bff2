#include "config/model_card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/repository_paths.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/config/config_fixture.h"

namespace axial::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr const char* kCard = R"(name: chest-ct-lungs
version: 1.0.0
engine: torchscript
weights: {file: model.pt}
algorithm: {name: Lungs, manufacturer: Axial, version: "1.0", notice: "For demonstration, not for diagnosis"}
input: {modality: [CT], kind: volume, minimum_slices: 10}
preprocessing:
  - Orientationd: {axcodes: PLS}
  - Spacingd: {pixdim: [3.0, 3.0, -1], mode: bilinear}
  - ScaleIntensityRanged: {a_min: -1024, a_max: 400, b_min: 0.0, b_max: 1.0, clip: true}
  - EnsureChannelFirstd
inferer: {SliceInferer: {roi_size: [128, 128], spatial_dim: 2, sw_batch_size: 8}}
postprocessing:
  - AsDiscreted: {argmax: true}
  - KeepLargestConnectedComponentd: {applied_labels: [1, 2], name: "7"}
outputs:
  segments:
    - {label: 1, name: Right lung, category: {code: "123037004", scheme: SCT, meaning: Anatomical Structure}, type: {code: "39607008", scheme: SCT, meaning: Lung}, modifier: {code: "24028007", scheme: SCT, meaning: Right}, colour: [200, 60, 60]}
    - label: 2
      name: Left lung
      category: {code: 123037004, scheme: SCT, meaning: Anatomical Structure}
      type: {code: 39607008, scheme: SCT, meaning: Lung}
  measurements: [volume, longest_diameter, surface_area, mean]
  classifications:
    - concept: {code: "111031", scheme: DCM, meaning: Image View}
      threshold: 0.25
      classes: [{index: 0, value: {code: "399348003", scheme: SCT, meaning: antero-posterior}}]
)";

/// A model folder with weights and the card that the test gives it.
class ModelCards : public ::testing::Test {
 protected:
  ModelCards() { Write("model.pt", "weights"); }

  void Write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(folder_.File(name)).parent_path());
    std::ofstream(folder_.File(name), std::ios::binary) << text;
  }

  [[nodiscard]] LoadedModelCard Parse(const std::string& text) const {
    LoadedModelCard loaded = ParseModelCard(text, folder_.path().string());
    EXPECT_EQ(loaded.card.has_value(), loaded.problems.empty());
    return loaded;
  }

  /// The problems of the good card with one piece of its text replaced, without the folder.
  [[nodiscard]] std::string ProblemsWith(const std::string& piece, const std::string& by) const {
    std::string text = kCard;
    const std::size_t at = text.find(piece);
    EXPECT_NE(at, std::string::npos) << piece;
    text.replace(at, piece.size(), by);
    return Lines(Parse(text).problems);
  }

  testing::TempDir folder_;
};

TEST_F(ModelCards, ReadEveryKey) {
  const LoadedModelCard loaded = Parse(kCard);
  ASSERT_TRUE(loaded.card) << Lines(loaded.problems);
  const ModelCard& card = *loaded.card;
  EXPECT_EQ(card.name, "chest-ct-lungs");
  EXPECT_EQ(card.weights_file, folder_.File("model.pt"));
  EXPECT_EQ(card.algorithm.notice, "For demonstration, not for diagnosis");
  EXPECT_THAT(card.input.modalities, ElementsAre("CT"));
  EXPECT_EQ(card.input.minimum_slices, 10);
  ASSERT_THAT(card.preprocessing, SizeIs(4));
  EXPECT_EQ(card.preprocessing[1].name, "Spacingd");
  EXPECT_EQ(card.preprocessing[1].line, 9);
  const Argument& pixdim = card.preprocessing[1].arguments.at("pixdim");
  EXPECT_TRUE(pixdim.is_list);
  EXPECT_EQ(std::get<double>(pixdim.values.at(2)), -1.0);
  EXPECT_EQ(std::get<std::string>(card.preprocessing[1].arguments.at("mode").values.at(0)),
            "bilinear");
  EXPECT_TRUE(std::get<bool>(card.preprocessing[2].arguments.at("clip").values.at(0)));
  EXPECT_EQ(card.preprocessing[3].name, "EnsureChannelFirstd");
  EXPECT_EQ(card.inferer.name, "SliceInferer");
  EXPECT_EQ(std::get<std::string>(card.postprocessing[1].arguments.at("name").values.at(0)), "7");
  ASSERT_THAT(card.segments, SizeIs(2));
  EXPECT_EQ(card.segments[0].modifier->value, "24028007");
  EXPECT_EQ(card.segments[0].colour[0], 200);
  EXPECT_EQ(card.segments[1].type.value, "39607008");
  EXPECT_NE(card.segments[1].colour, (std::array<std::uint8_t, 3>{}));
  EXPECT_THAT(card.measurements,
              ElementsAre(MeasurementKind::kVolume, MeasurementKind::kLongestDiameter,
                          MeasurementKind::kSurfaceArea, MeasurementKind::kMean));
  ASSERT_THAT(card.classifications, SizeIs(1));
  EXPECT_EQ(card.classifications[0].threshold, 0.25);
  EXPECT_EQ(card.classifications[0].classes[0].value.meaning, "antero-posterior");
}

TEST_F(ModelCards, MayNameWeightsByAbsolutePathButNotLeaveTheFolderByARelativeOne) {
  testing::TempDir elsewhere;
  std::ofstream(elsewhere.File("other.pt")) << "x";
  EXPECT_EQ(ProblemsWith("model.pt", elsewhere.File("other.pt")), "");
  EXPECT_THAT(ProblemsWith("model.pt", "a/../../model.pt"), HasSubstr("leaves the model's folder"));
  EXPECT_THAT(ProblemsWith("model.pt", "missing.pt"), HasSubstr("model.yaml:4: there is no file"));
  EXPECT_THAT(ProblemsWith("model.pt}", "model.pt, sha256: abc}"), HasSubstr("is no SHA-256"));
}

TEST_F(ModelCards, SayWhatIsWrongWithLineAndRemedy) {
  const std::vector<std::array<std::string, 3>> cases = {
      {"name: chest-ct-lungs", "name: ../lungs", ":1: 'name' is not a plain word"},
      {"version: 1.0.0", "versoin: 1.0.0", "did you mean 'version'?"},
      {"label: 2", "label: 1", ":19: label 1 is mapped twice"},
      {"label: 2", "label: 0", "whole number from 1 to 65535"},
      {"name: Left lung", "name: Right lung", "two segments are named 'Right lung'"},
      {"[200, 60, 60]", "[0, 0, 0]", ":18: 'outputs.segments[0].colour' is black"},
      {"[200, 60, 60]", "[200, 60, 256]", "is no colour"},
      {"[200, 60, 60]", "red", "is no colour"},
      {"meaning: Right}", "meaning: " + std::string(65, 'x') + "}", "has 65 characters; 64 is"},
      {"      type: {code: 39607008, scheme: SCT, meaning: Lung}\n", "",
       ":19: 'outputs.segments[1].type' is missing"},
      {"      category: {code: 123037004, scheme: SCT, meaning: Anatomical Structure}\n", "",
       "'outputs.segments[1].category' is missing"},
      {"code: \"24028007\"", "code: \"12345678901234567\"", "longer than 16 bytes"},
      {"[volume, longest_diameter", "[volume, diameter", "there is no measurement 'diameter'"},
      {"threshold: 0.25", "threshold: 25", "write a number from 0 to 1"},
      {"modality: [CT]", "modality: [ct]", "no Modality"},
      {"kind: volume", "kind: cube", "write one of volume, image"},
      {"- Orientationd: {axcodes: PLS}", "- {a: {}, b: {}}", "is not one step"},
      {"{axcodes: PLS}", "{axcodes: {a: b}}", "neither a value nor a list"},
      {"{axcodes: PLS}", "PLS", "are not named"},
      {"manufacturer: Axial, ", "", "'algorithm.manufacturer' is missing"},
  };
  for (const auto& [piece, by, problem] : cases)
    EXPECT_THAT(ProblemsWith(piece, by), HasSubstr(problem)) << piece << " -> " << by;
}

TEST_F(ModelCards, CountCodeMeaningsInCharacters) {
  std::string umlauts;
  for (int i = 0; i < 64; ++i) umlauts += "ü";
  EXPECT_EQ(ProblemsWith("meaning: Right}", "meaning: " + umlauts + "}"), "");
}

TEST_F(ModelCards, SurviveMutation) {
  for (unsigned seed = 0; seed < 1500; ++seed) (void)Parse(Mutate(kCard, seed));
}

TEST_F(ModelCards, LoadFromEverySubFolderInNameOrder) {
  Write("models/b/model.yaml", kCard);
  Write("models/b/model.pt", "x");
  Write("models/a/model.yaml", "broken: [");
  Write("models/c/model.yaml", kCard);
  Write("models/c/model.pt", "x");
  Write("models/no-model/readme", "x");
  const std::vector<LoadedModelCard> cards = LoadModelCards(folder_.File("models"));
  ASSERT_THAT(cards, SizeIs(3));
  EXPECT_FALSE(cards[0].card);
  ASSERT_TRUE(cards[1].card) << Lines(cards[1].problems);
  EXPECT_EQ(cards[1].card->folder, folder_.File("models/b"));
  EXPECT_THAT(Lines(cards[2].problems), HasSubstr("model 'chest-ct-lungs' exists already in"));
  EXPECT_THAT(LoadModelCards(folder_.File("nowhere")), SizeIs(0));
}

TEST(LoadModelCard, ReadsEveryModelOfTheRepository) {
  for (const LoadedModelCard& loaded : LoadModelCards(axial::testing::SourceDir() + "/models"))
    EXPECT_TRUE(loaded.card) << Lines(loaded.problems);
}

}  // namespace
}  // namespace axial::config
