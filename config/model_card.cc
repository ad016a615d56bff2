#include "config/model_card.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "config/model_card_readers.h"
#include "config/readers.h"
#include "config/section_reader.h"

namespace axial::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxModelFolders = 1000;
constexpr std::size_t kMaxLongString = 64;  // PS3.5 6.2, VR LO
constexpr std::size_t kMaxCodeString = 16;  // PS3.5 6.2, VR CS
constexpr std::size_t kMaxNoticeBytes = 200;

std::string FileOf(const std::string& folder) { return (fs::path(folder) / "model.yaml").string(); }

void ReadWeights(const YamlNode& yaml, ModelCard& card, ProblemList& problems) {
  SectionReader reader(yaml, ModelCardSection("weights"), "weights", problems);
  const std::string file = reader.RequiredText("file", "name the weights' file");
  card.weights_sha256 = reader.Text("sha256", "");
  const bool is_digest =
      card.weights_sha256.size() == 64 &&
      card.weights_sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!card.weights_sha256.empty() && !is_digest)
    problems.Add(reader.Find("sha256")->line, "'weights.sha256' is no SHA-256",
                 "write the 64 lower-case hexadecimal digits that sha256sum prints");
  if (file.empty()) return;

  const fs::path given(file);
  const fs::path path = (fs::path(card.folder) / given).lexically_normal();
  card.weights_file = path.string();
  const int line = reader.Find("file")->line;
  std::error_code error;
  if (given.is_relative() && *given.lexically_normal().begin() == "..")
    problems.Add(line, "'weights.file' leaves the model's folder",
                 "put the file into the folder, or write its absolute path");
  else if (!fs::is_regular_file(path, error))
    problems.Add(line, fmt::format("there is no file {}", path.string()),
                 "put the weights there, or correct 'weights.file'");
}

void ReadAlgorithm(const YamlNode& yaml, ModelCard::Algorithm& algorithm, ProblemList& problems) {
  SectionReader reader(yaml, ModelCardSection("algorithm"), "algorithm", problems);
  algorithm.name =
      reader.RequiredText("name", "name the algorithm as results shall show it", kMaxLongString);
  algorithm.manufacturer =
      reader.RequiredText("manufacturer", "name who made the algorithm", kMaxLongString);
  algorithm.version =
      reader.RequiredText("version", "write the algorithm's version", kMaxLongString);
  if (reader.Find("notice") != nullptr)
    algorithm.notice = reader.RequiredText("notice", "", kMaxNoticeBytes);
}

void ReadInput(const YamlNode& yaml, ModelCard::Input& input, ProblemList& problems) {
  SectionReader reader(yaml, ModelCardSection("input"), "input", problems);
  const YamlNode* modality = reader.Require("modality", "write [CT] or the like");
  input.modalities = reader.TextList("modality");
  if (modality != nullptr && input.modalities.empty())
    problems.Add(modality->line, "'input.modality' is empty", "write [CT] or the like");
  for (const std::string& text : input.modalities)
    if (text.empty() || text.size() > kMaxCodeString ||
        std::any_of(text.begin(), text.end(), [](char c) { return c < 'A' || c > 'Z'; }))
      problems.Add(modality == nullptr ? yaml.line : modality->line,
                   "'input.modality' has something that is no Modality",
                   "write DICOM's upper-case codes, such as CT, MR, DX");
  input.kind = reader.Choice<InputKind>(
      "kind", InputKind::kVolume, {{"volume", InputKind::kVolume}, {"image", InputKind::kImage}});
  input.minimum_slices = static_cast<int>(reader.Integer("minimum_slices", 1, 1, 100'000));
}

void ReadNames(SectionReader& reader, ModelCard& card) {
  card.name =
      reader.RequiredText("name", "give the model a name that rules can run", kMaxLongString);
  if (!card.name.empty() && !IsPlainName(card.name))
    reader.problems().Add(reader.Find("name")->line, "'name' is not a plain word",
                          "use letters, digits, '-', '_' and '.'");
  card.version =
      reader.RequiredText("version", "write the model's version, such as 1.0.0", kMaxLongString);
  card.engine =
      reader.RequiredText("engine", "name the engine, such as torchscript", kMaxLongString);
}

ModelCard ReadCard(const YamlNode& root, const std::string& folder, ProblemList& problems) {
  SectionReader reader(root, ModelCardSection("model"), "", problems);
  ModelCard card;
  card.folder = folder;
  ReadNames(reader, card);
  if (const YamlNode* yaml = reader.Find("weights")) ReadWeights(*yaml, card, problems);
  if (const YamlNode* yaml =
          reader.Require("algorithm", "write {name: ..., manufacturer: ..., version: ...}"))
    ReadAlgorithm(*yaml, card.algorithm, problems);
  if (const YamlNode* yaml = reader.Require("input", "write {modality: [CT], kind: volume}"))
    ReadInput(*yaml, card.input, problems);
  if (const YamlNode* yaml = reader.Find("preprocessing"))
    card.preprocessing = ReadSteps(*yaml, "preprocessing", problems);
  card.inferer.name = "SimpleInferer";
  if (const YamlNode* yaml = reader.Find("inferer"))
    card.inferer = ReadStep(*yaml, "inferer", problems);
  if (const YamlNode* yaml = reader.Find("postprocessing"))
    card.postprocessing = ReadSteps(*yaml, "postprocessing", problems);
  if (const YamlNode* yaml =
          reader.Require("outputs", "write outputs.segments or outputs.classifications"))
    ReadOutputs(*yaml, card, problems);
  return card;
}

LoadedModelCard Parse(const std::string& text, const std::string& folder, ProblemList& problems) {
  const YamlNode root = ParseYaml(text, problems);
  if (problems.empty() && root.kind == YamlNode::Kind::kNull)
    problems.Add(0, "the file is empty", "describe the model: name, version, engine, ...");
  std::optional<ModelCard> card;
  if (root.kind != YamlNode::Kind::kNull) card = ReadCard(root, folder, problems);
  if (!problems.empty()) card.reset();
  return {std::move(card), problems.Take()};
}

}  // namespace

LoadedModelCard ParseModelCard(const std::string& text, const std::string& folder) {
  ProblemList problems(FileOf(folder));
  return Parse(text, folder, problems);
}

LoadedModelCard LoadModelCard(const std::string& folder) {
  std::error_code error;
  fs::path absolute = fs::absolute(folder, error).lexically_normal();
  if (error) absolute = folder;
  ProblemList problems(FileOf(absolute.string()));
  const std::string text = ReadYamlFile(FileOf(absolute.string()), problems);
  if (!problems.empty()) return {std::nullopt, problems.Take()};
  return Parse(text, absolute.string(), problems);
}

std::vector<LoadedModelCard> LoadModelCards(const std::string& directory) {
  std::vector<std::string> folders;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (fs::is_regular_file(it->path() / "model.yaml", ignored))
      folders.push_back(it->path().string());
    if (folders.size() >= kMaxModelFolders) break;
  }
  std::sort(folders.begin(), folders.end());

  std::vector<LoadedModelCard> cards;
  std::map<std::string, std::string> folder_of_name;
  for (const std::string& folder : folders) {
    LoadedModelCard loaded = LoadModelCard(folder);
    if (loaded.card) {
      const auto [known, is_new] = folder_of_name.emplace(loaded.card->name, folder);
      if (!is_new)
        loaded = {std::nullopt,
                  {{FileOf(folder), 0,
                    fmt::format("model '{}' exists already in {}", known->first, known->second),
                    "give each model a name of its own"}}};
    }
    cards.push_back(std::move(loaded));
  }
  return cards;
}

}  // namespace axial::config
