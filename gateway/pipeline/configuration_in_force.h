#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "config/model_card.h"
#include "core/base/result.h"
#include "routing/rule_set.h"

namespace axial::pipeline {

/// The cards without problems; what is wrong with the others is logged.
[[nodiscard]] std::vector<config::ModelCard> UsableCards(
    const std::vector<config::LoadedModelCard>& loaded);

/// The rules of the configuration; `file`: where it was read from. Error: InvalidInput, which names
/// every problem.
[[nodiscard]] Result<routing::RuleSet> CompileRules(const config::Config& config,
                                                    const std::string& file);

/// Whether something differs that a running pipeline cannot change.
[[nodiscard]] bool NeedsRestart(const config::Config& old, const config::Config& config);

}  // namespace axial::pipeline
