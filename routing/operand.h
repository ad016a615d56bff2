#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "routing/interval.h"
#include "routing/value_class.h"

namespace re2 {
class RE2;
}

namespace axial::routing {

/// One text compared with values regardless of the case of letters (Unicode simple folding), in
/// linear time. Copies share it. Thread-safe.
class FoldedText {
 public:
  explicit FoldedText(const std::string& text);
  [[nodiscard]] bool Equals(std::string_view value) const;
  [[nodiscard]] bool IsIn(std::string_view value) const;

 private:
  std::shared_ptr<const re2::RE2> pattern_;
};

/// One operand of a condition: a value, a range "20..40" (both ends included), or a comparison
/// "<= 3", "< 3", ">= 3", "> 3", "!= 3". Ordered classes know all of them; text and UIDs know
/// values and "!=". Immutable; thread-safe.
class Operand {
 public:
  enum class Relation { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

  /// Error: InvalidInput; its message says what was expected, for a Problem.
  [[nodiscard]] static Result<Operand> Parse(const std::string& text, ValueClass value_class);

  [[nodiscard]] bool IsNegated() const { return relation_ == Relation::kNotEqual; }

  /// Whether one value of the attribute satisfies the operand. A value that cannot be read as the
  /// class (a DS that is no number) satisfies nothing, not even a negated operand.
  [[nodiscard]] bool Holds(std::string_view value) const;

 private:
  Operand(ValueClass value_class, Relation relation)
      : value_class_(value_class), relation_(relation) {}

  [[nodiscard]] bool HoldsOrdinal(const Ordinal& value) const;

  ValueClass value_class_;
  Relation relation_;
  Interval interval_;                       ///< ordered classes
  std::string uid_;                         ///< kUid
  std::shared_ptr<const FoldedText> text_;  ///< kText
};

}  // namespace axial::routing
