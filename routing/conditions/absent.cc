#include "routing/conditions/condition.h"

namespace axial::routing {
namespace {

/// `Keyword: absent`: the attribute is missing or has no value.
class Absent final : public Condition {
 public:
  using Condition::Condition;
  [[nodiscard]] std::string Wanted() const override { return "absent"; }

 private:
  [[nodiscard]] bool HoldsFor(const std::vector<std::string>& values) const override {
    return values.empty();
  }
};

}  // namespace

Result<ConditionPtr> CompileAbsent(const config::ConditionSpec&, Attribute attribute) {
  return ConditionPtr(std::make_unique<Absent>(std::move(attribute)));
}

}  // namespace axial::routing
