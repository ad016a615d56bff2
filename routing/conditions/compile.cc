#include <array>

#include "routing/conditions/condition.h"

namespace axial::routing {
namespace {

struct Kind {
  config::ConditionKind kind;
  CompileCondition compile;
};

constexpr std::array kKinds = {
    Kind{config::ConditionKind::kAnyOf, &CompileAnyOf},
    Kind{config::ConditionKind::kContains, &CompileContains},
    Kind{config::ConditionKind::kMatches, &CompileMatches},
    Kind{config::ConditionKind::kAbsent, &CompileAbsent},
    Kind{config::ConditionKind::kPresent, &CompilePresent},
};

}  // namespace

CompileCondition CompilerOf(config::ConditionKind kind) {
  for (const Kind& entry : kKinds)
    if (entry.kind == kind) return entry.compile;
  AXIAL_INVARIANT(!"every ConditionKind has a compiler");
  return nullptr;
}

std::string JoinOperands(const std::vector<std::string>& operands) {
  constexpr std::size_t kMaxShown = 10;
  std::string joined;
  for (std::size_t i = 0; i < operands.size() && i < kMaxShown; ++i) {
    if (i > 0) joined += i + 1 == operands.size() ? " or " : ", ";
    joined += operands[i];
  }
  if (operands.size() > kMaxShown) joined += ", ...";
  return joined;
}

}  // namespace axial::routing
