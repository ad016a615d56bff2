#pragma once

#include <string>
#include <vector>

namespace axial::config {

/// How one condition of a rule tests an attribute; `operands` as written (scalars as text).
enum class ConditionKind {
  kAnyOf,     ///< a scalar or a list: any value equals any operand, or satisfies a comparison
              ///< operand such as "<= 3", "20..40" (range, both ends included), ">= 20"
  kContains,  ///< {contains: X} or a list: one of the attribute's values equals X (text: contains
              ///< it)
  kMatches,   ///< {matches: RE}: RE2 search in any value
  kAbsent,    ///< absent: the attribute is missing or has no value
  kPresent,   ///< present
};

/// One `Keyword: ...` line under when/unless.
struct ConditionSpec {
  std::string attribute;  ///< DICOM keyword, or CallingAETitle, CalledAETitle, instances, frames
  ConditionKind kind = ConditionKind::kAnyOf;
  std::vector<std::string> operands;
  int line = 0;
};

}  // namespace axial::config
