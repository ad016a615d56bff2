#include "gateway/pipeline/configuration_in_force.h"

#include "core/base/log.h"

namespace axial::pipeline {

std::vector<config::ModelCard> UsableCards(const std::vector<config::LoadedModelCard>& loaded) {
  std::vector<config::ModelCard> cards;
  for (const config::LoadedModelCard& entry : loaded) {
    for (const config::Problem& problem : entry.problems)
      Log(LogLevel::kError, "model_card_problem", {{"problem", problem.ToString()}});
    if (entry.card && entry.problems.empty()) cards.push_back(*entry.card);
  }
  return cards;
}

Result<routing::RuleSet> CompileRules(const config::Config& config, const std::string& file) {
  routing::CompiledRuleSet compiled = routing::RuleSet::Compile(config.rules, file);
  if (compiled.rule_set) return *compiled.rule_set;
  std::string text;
  for (const config::Problem& problem : compiled.problems) {
    text += '\n';
    text += problem.ToString();
  }
  return MakeError(ErrorCode::kInvalidInput, "the rules have problems:{}", text);
}

bool NeedsRestart(const config::Config& old, const config::Config& config) {
  return old.node.port != config.node.port || old.node.bind != config.node.bind ||
         old.storage.directory != config.storage.directory ||
         old.storage.reserve_bytes != config.storage.reserve_bytes ||
         old.storage.durability != config.storage.durability ||
         old.storage.same_uid != config.storage.same_uid ||
         old.workers.processes != config.workers.processes ||
         old.workers.threads != config.workers.threads || old.admin.port != config.admin.port ||
         old.admin.bind != config.admin.bind;
}

}  // namespace axial::pipeline
