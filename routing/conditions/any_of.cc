#include <algorithm>

#include "routing/conditions/condition.h"
#include "routing/operand.h"

namespace axial::routing {
namespace {

/// `Keyword: X` and `Keyword: [X, Y]`: some value satisfies some operand; `"!= X"`: there are
/// values, and all of them satisfy it.
class AnyOf final : public Condition {
 public:
  AnyOf(Attribute attribute, std::vector<Operand> operands, std::string wanted)
      : Condition(std::move(attribute)),
        operands_(std::move(operands)),
        wanted_(std::move(wanted)) {}

  [[nodiscard]] std::string Wanted() const override { return wanted_; }

 private:
  [[nodiscard]] bool HoldsFor(const std::vector<std::string>& values) const override {
    if (operands_.front().IsNegated())
      return !values.empty() &&
             std::all_of(values.begin(), values.end(), [this](const std::string& value) {
               return operands_.front().Holds(value);
             });
    return std::any_of(values.begin(), values.end(), [this](const std::string& value) {
      return std::any_of(operands_.begin(), operands_.end(),
                         [&value](const Operand& operand) { return operand.Holds(value); });
    });
  }

  std::vector<Operand> operands_;
  std::string wanted_;
};

}  // namespace

Result<ConditionPtr> CompileAnyOf(const config::ConditionSpec& spec, Attribute attribute) {
  std::vector<Operand> operands;
  for (const std::string& text : spec.operands) {
    AXIAL_ASSIGN_OR_RETURN(Operand operand, Operand::Parse(text, attribute.value_class));
    operands.push_back(std::move(operand));
  }
  if (operands.empty()) return Error(ErrorCode::kInvalidInput, "it has no value; write one");
  const bool some_negated = std::any_of(operands.begin(), operands.end(),
                                        [](const Operand& operand) { return operand.IsNegated(); });
  if (some_negated && operands.size() > 1)
    return Error(ErrorCode::kInvalidInput,
                 "'!=' within a list holds for nearly everything, because a list means any of; "
                 "write the list under unless");
  return ConditionPtr(std::make_unique<AnyOf>(std::move(attribute), std::move(operands),
                                              JoinOperands(spec.operands)));
}

}  // namespace axial::routing
