#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/problem.h"
#include "routing/route_decision.h"
#include "routing/study_summary.h"

namespace axial::routing {

struct CompiledRuleSet;

/// The Rules of one configuration, ready to be evaluated. Immutable; copies share it. Thread-safe.
class RuleSet {
 public:
  /// No rules: nothing is routed.
  RuleSet();

  /// Checks every condition against the DICOM dictionary (keyword, value representation, operands,
  /// regular expressions). `file` is named in the problems.
  [[nodiscard]] static CompiledRuleSet Compile(const std::vector<config::RuleSpec>& rules,
                                               const std::string& file);

  /// Every Rule's verdict on every Series. Pure: the same summary gives the same decision.
  [[nodiscard]] RouteDecision Evaluate(const StudySummary& study) const;

 private:
  struct Rules;
  explicit RuleSet(std::shared_ptr<const Rules> rules);
  std::shared_ptr<const Rules> rules_;
};

/// A RuleSet or every problem found in the rules (never empty when rule_set is absent).
struct CompiledRuleSet {
  std::optional<RuleSet> rule_set;
  std::vector<config::Problem> problems;
};

}  // namespace axial::routing
