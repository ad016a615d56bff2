#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "routing/rule_set.h"

namespace axial::routing {

/// A Study of one Series with the given attributes, as text of one value each ("a\\b": two).
[[nodiscard]] StudySummary StudyWith(
    const std::vector<std::pair<std::string, std::string>>& attributes);

/// The rules section of a configuration that has the lines under `when:` (and `unless:`).
[[nodiscard]] CompiledRuleSet CompileWhen(const std::string& when, const std::string& unless = "");

/// The verdict of that rule on that Study's only Series; a compile problem ends the test.
[[nodiscard]] SeriesVerdict Judge(const std::string& when, const StudySummary& study,
                                  const std::string& unless = "");

}  // namespace axial::routing
