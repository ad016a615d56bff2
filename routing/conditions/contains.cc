#include <algorithm>

#include "routing/conditions/condition.h"
#include "routing/operand.h"

namespace axial::routing {
namespace {

/// `{contains: X}`: some value of a text has X in it, whatever the case of letters.
class ContainsText final : public Condition {
 public:
  ContainsText(Attribute attribute, const std::vector<std::string>& operands)
      : Condition(std::move(attribute)), wanted_("to contain " + JoinOperands(operands)) {
    for (const std::string& text : operands) texts_.emplace_back(text);
  }

  [[nodiscard]] std::string Wanted() const override { return wanted_; }

 private:
  [[nodiscard]] bool HoldsFor(const std::vector<std::string>& values) const override {
    return std::any_of(values.begin(), values.end(), [this](const std::string& value) {
      return std::any_of(texts_.begin(), texts_.end(),
                         [&value](const FoldedText& text) { return text.IsIn(value); });
    });
  }

  std::vector<FoldedText> texts_;
  std::string wanted_;
};

/// `{contains: X}` of numbers, dates, UIDs: X is one of the values.
class ContainsValue final : public Condition {
 public:
  ContainsValue(Attribute attribute, std::vector<Operand> operands, std::string wanted)
      : Condition(std::move(attribute)),
        operands_(std::move(operands)),
        wanted_(std::move(wanted)) {}

  [[nodiscard]] std::string Wanted() const override { return wanted_; }

 private:
  [[nodiscard]] bool HoldsFor(const std::vector<std::string>& values) const override {
    return std::any_of(values.begin(), values.end(), [this](const std::string& value) {
      return std::any_of(operands_.begin(), operands_.end(),
                         [&value](const Operand& operand) { return operand.Holds(value); });
    });
  }

  std::vector<Operand> operands_;
  std::string wanted_;
};

}  // namespace

Result<ConditionPtr> CompileContains(const config::ConditionSpec& spec, Attribute attribute) {
  constexpr std::size_t kMaxTextBytes = 1024;
  std::vector<Operand> operands;
  for (const std::string& text : spec.operands) {
    if (text.empty() || text.size() > kMaxTextBytes)
      return MakeError(ErrorCode::kInvalidInput,
                       "the text is empty or longer than {} bytes; write what to look for",
                       kMaxTextBytes);
    if (attribute.value_class == ValueClass::kText) continue;
    AXIAL_ASSIGN_OR_RETURN(Operand operand, Operand::Parse(text, attribute.value_class));
    if (operand.IsNegated())
      return Error(ErrorCode::kInvalidInput, "contains takes no '!='; write it under unless");
    operands.push_back(std::move(operand));
  }
  if (spec.operands.empty()) return Error(ErrorCode::kInvalidInput, "it has no value; write one");
  if (attribute.value_class == ValueClass::kText)
    return ConditionPtr(std::make_unique<ContainsText>(std::move(attribute), spec.operands));
  return ConditionPtr(std::make_unique<ContainsValue>(std::move(attribute), std::move(operands),
                                                      "to contain " + JoinOperands(spec.operands)));
}

}  // namespace axial::routing
