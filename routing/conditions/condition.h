#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/condition_spec.h"
#include "core/base/result.h"
#include "routing/subject.h"

namespace axial::routing {

/// One compiled condition of a Rule. Immutable; thread-safe.
class Condition {
 public:
  explicit Condition(Attribute attribute) : attribute_(std::move(attribute)) {}
  virtual ~Condition() = default;
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  [[nodiscard]] bool Holds(const Subject& subject) const {
    return HoldsFor(subject.ValuesOf(attribute_));
  }

  /// "SliceThickness is 5": what the condition sees.
  [[nodiscard]] std::string Seen(const Subject& subject) const {
    return Describe(attribute_, subject.ValuesOf(attribute_));
  }

  /// What it wants, as it follows "wanted": "<= 3", "CHEST, LUNG or THORAX", "to contain
  /// LOCALIZER".
  [[nodiscard]] virtual std::string Wanted() const = 0;

 protected:
  [[nodiscard]] const Attribute& attribute() const { return attribute_; }

 private:
  /// `values`: without empty ones; none when the attribute is absent.
  [[nodiscard]] virtual bool HoldsFor(const std::vector<std::string>& values) const = 0;

  Attribute attribute_;
};

using ConditionPtr = std::unique_ptr<const Condition>;

/// Error: InvalidInput with what is wrong and what to write.
using CompileCondition = Result<ConditionPtr> (*)(const config::ConditionSpec& spec,
                                                  Attribute attribute);

/// The operands as a person reads them: "CHEST, LUNG or THORAX"; long lists are cut.
[[nodiscard]] std::string JoinOperands(const std::vector<std::string>& operands);

// One file each. Adding a kind: a file, a line here, a line in conditions/compile.cc.
[[nodiscard]] Result<ConditionPtr> CompileAnyOf(const config::ConditionSpec&, Attribute);
[[nodiscard]] Result<ConditionPtr> CompileContains(const config::ConditionSpec&, Attribute);
[[nodiscard]] Result<ConditionPtr> CompileMatches(const config::ConditionSpec&, Attribute);
[[nodiscard]] Result<ConditionPtr> CompileAbsent(const config::ConditionSpec&, Attribute);
[[nodiscard]] Result<ConditionPtr> CompilePresent(const config::ConditionSpec&, Attribute);

/// The compiler of a kind, from the explicit list.
[[nodiscard]] CompileCondition CompilerOf(config::ConditionKind kind);

}  // namespace axial::routing
