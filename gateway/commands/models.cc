#include "gateway/commands/models.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <vector>

#include "config/config.h"
#include "config/model_card.h"
#include "gateway/commands/probe_worker.h"
#include "gateway/dispatch/worker_process.h"

namespace axial::gateway {
namespace {

std::vector<std::string> Outputs(const config::ModelCard& card) {
  std::vector<std::string> outputs;
  for (const config::SegmentSpec& segment : card.segments)
    outputs.push_back(fmt::format("segment '{}' ({}, {})", segment.name, segment.type.meaning,
                                  segment.type.value));
  for (const config::ClassificationSpec& question : card.classifications)
    outputs.push_back(fmt::format("classification '{}' ({} classes)", question.concept_name.meaning,
                                  question.classes.size()));
  if (!card.measurements.empty())
    outputs.push_back(fmt::format("{} measurements per segment", card.measurements.size()));
  return outputs;
}

void PrintCard(const config::ModelCard& card, const config::Config& config, std::ostream& out) {
  const bool is_volume = card.input.kind == config::InputKind::kVolume;
  out << fmt::format("{} {} ({})\n", card.name, card.version, card.engine);
  out << fmt::format(
      "  needs: {} {}{}\n", fmt::join(card.input.modalities, " or "),
      is_volume ? "volume" : "image",
      is_volume ? fmt::format(" of at least {} slices", card.input.minimum_slices) : std::string());
  out << fmt::format("  gives: {}\n", fmt::join(Outputs(card), ", "));
  std::vector<std::string> rules;
  for (const config::RuleSpec& rule : config.rules)
    if (rule.run == card.name) rules.push_back(rule.name);
  out << fmt::format("  run by: {}\n",
                     rules.empty() ? "no rule" : fmt::format("{}", fmt::join(rules, "; ")));
  if (!card.algorithm.notice.empty()) out << fmt::format("  notice: {}\n", card.algorithm.notice);
}

/// Says whether the model loads; true when it does.
bool PrintProbe(const config::ModelCard& card, std::ostream& out, std::ostream& err) {
  const Result<ModelProbe> probe =
      ProbeModel(dispatch::WorkerBinaryBesideExecutable(), card.folder);
  if (!probe.ok()) {
    err << fmt::format("{}: {}\n", card.name, probe.error().message());
    return false;
  }
  if (!probe->loaded) {
    err << fmt::format("{}: does not load: {}\n", card.name, probe->error);
    return false;
  }
  out << fmt::format("  loads: in {:.1f} s on {}\n", probe->load_seconds, probe->device);
  return true;
}

}  // namespace

int RunModels(const std::string& config_path, std::ostream& out, std::ostream& err) {
  const config::LoadedConfig loaded = config::LoadConfig(config_path);
  for (const config::Problem& problem : loaded.problems) err << problem.ToString() << '\n';
  if (!loaded.config) return 1;
  int status = 0;
  const auto cards = config::LoadModelCards(loaded.config->models_directory);
  for (const config::LoadedModelCard& card : cards) {
    if (card.card) PrintCard(*card.card, *loaded.config, out);
    if (!card.problems.empty() || (card.card && !PrintProbe(*card.card, out, err))) status = 1;
    for (const config::Problem& problem : card.problems) err << problem.ToString() << '\n';
  }
  std::error_code error;
  const bool exists = std::filesystem::is_directory(loaded.config->models_directory, error);
  out << fmt::format("{} models in {}{}\n", cards.size(), loaded.config->models_directory,
                     exists ? "" : ", which is no folder; correct models.directory");
  if (!exists) return 1;
  return status;
}

}  // namespace axial::gateway
