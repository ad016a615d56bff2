#pragma once

#include <vector>

#include "config/model_card.h"
#include "config/problem_list.h"
#include "config/yaml_document.h"

namespace axial::config {

/// `preprocessing:` or `postprocessing:`, a list of steps. `where`: its name in problems.
[[nodiscard]] std::vector<StepSpec> ReadSteps(const YamlNode& yaml, const std::string& where,
                                              ProblemList& problems);

/// One step: `Name: {argument: value}`, `Name:` or just `Name`.
[[nodiscard]] StepSpec ReadStep(const YamlNode& yaml, const std::string& where,
                                ProblemList& problems);

/// `outputs:` into the card's segments, classifications and measurements.
void ReadOutputs(const YamlNode& yaml, ModelCard& card, ProblemList& problems);

}  // namespace axial::config
