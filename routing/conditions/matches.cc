#include <re2/re2.h>

#include <algorithm>

#include "routing/conditions/condition.h"

namespace axial::routing {
namespace {

constexpr std::size_t kMaxPatternBytes = 1000;
constexpr int kMaxPatternMemoryBytes = 1 << 20;

/// `{matches: RE}`: RE2's search, linear in the value's length, finds the pattern in some value.
class Matches final : public Condition {
 public:
  Matches(Attribute attribute, std::vector<std::unique_ptr<const re2::RE2>> patterns,
          std::string wanted)
      : Condition(std::move(attribute)),
        patterns_(std::move(patterns)),
        wanted_(std::move(wanted)) {}

  [[nodiscard]] std::string Wanted() const override { return wanted_; }

 private:
  [[nodiscard]] bool HoldsFor(const std::vector<std::string>& values) const override {
    return std::any_of(values.begin(), values.end(), [this](const std::string& value) {
      return std::any_of(patterns_.begin(), patterns_.end(), [&value](const auto& pattern) {
        return re2::RE2::PartialMatch(value, *pattern);
      });
    });
  }

  std::vector<std::unique_ptr<const re2::RE2>> patterns_;
  std::string wanted_;
};

}  // namespace

Result<ConditionPtr> CompileMatches(const config::ConditionSpec& spec, Attribute attribute) {
  if (IsOrdered(attribute.value_class))
    return MakeError(ErrorCode::kInvalidInput,
                     "matches works on text, and the attribute is {}; write a comparison such as "
                     "\"<= 3\"",
                     NameOf(attribute.value_class));
  if (spec.operands.empty()) return Error(ErrorCode::kInvalidInput, "it has no pattern; write one");
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxPatternMemoryBytes);
  std::vector<std::unique_ptr<const re2::RE2>> patterns;
  for (const std::string& text : spec.operands) {
    if (text.empty() || text.size() > kMaxPatternBytes)
      return MakeError(ErrorCode::kInvalidInput,
                       "the pattern is empty or longer than {} bytes; shorten it",
                       kMaxPatternBytes);
    auto pattern = std::make_unique<const re2::RE2>(text, options);
    if (!pattern->ok())
      return MakeError(ErrorCode::kInvalidInput,
                       "'{}' is no regular expression ({}); write RE2 syntax", text,
                       pattern->error());
    patterns.push_back(std::move(pattern));
  }
  return ConditionPtr(std::make_unique<Matches>(std::move(attribute), std::move(patterns),
                                                "to match " + JoinOperands(spec.operands)));
}

}  // namespace axial::routing
