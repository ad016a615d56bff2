#include "routing/conditions/condition.h"

namespace axial::routing {
namespace {

/// `Keyword: present`: the attribute has a value.
class Present final : public Condition {
 public:
  using Condition::Condition;
  [[nodiscard]] std::string Wanted() const override { return "present"; }

 private:
  [[nodiscard]] bool HoldsFor(const std::vector<std::string>& values) const override {
    return !values.empty();
  }
};

}  // namespace

Result<ConditionPtr> CompilePresent(const config::ConditionSpec&, Attribute attribute) {
  return ConditionPtr(std::make_unique<Present>(std::move(attribute)));
}

}  // namespace axial::routing
