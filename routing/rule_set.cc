#include "routing/rule_set.h"

#include <fmt/format.h>

#include "core/dicom/dictionary.h"
#include "routing/conditions/condition.h"

namespace axial::routing {
namespace {

struct Rule {
  config::RuleSpec spec;
  std::vector<ConditionPtr> when;
  std::vector<ConditionPtr> unless;
};

/// The compilers' messages are "what; what to do"; a Problem has them apart.
config::Problem ToProblem(const std::string& file, int line, const std::string& subject,
                          const std::string& message) {
  const std::size_t split = message.find("; ");
  if (split == std::string::npos)
    return {file, line, fmt::format("{}: {}", subject, message), "correct the condition"};
  return {file, line, fmt::format("{}: {}", subject, message.substr(0, split)),
          message.substr(split + 2)};
}

ConditionPtr Compile(const config::ConditionSpec& spec, const std::string& rule,
                     const std::string& file, std::vector<config::Problem>& problems) {
  const std::string keyword = spec.attribute.substr(0, 64);
  Result<Attribute> attribute = FindAttributeByKeyword(spec.attribute);
  if (!attribute.ok()) {
    const bool is_unknown = attribute.error().code() == ErrorCode::kNotFound;
    problems.push_back(
        {file, spec.line,
         is_unknown ? fmt::format("rule '{}': there is no DICOM attribute '{}'", rule, keyword)
                    : fmt::format("rule '{}': {} cannot be tested", rule, keyword),
         attribute.error().message()});
    return nullptr;
  }
  Result<ConditionPtr> condition = CompilerOf(spec.kind)(spec, *std::move(attribute));
  if (condition.ok()) return std::move(condition).value();
  problems.push_back(ToProblem(file, spec.line, fmt::format("rule '{}': {}", rule, keyword),
                               condition.error().message()));
  return nullptr;
}

std::vector<ConditionPtr> CompileAll(const std::vector<config::ConditionSpec>& specs,
                                     const std::string& rule, const std::string& file,
                                     std::vector<config::Problem>& problems) {
  std::vector<ConditionPtr> conditions;
  for (const config::ConditionSpec& spec : specs)
    if (ConditionPtr condition = Compile(spec, rule, file, problems))
      conditions.push_back(std::move(condition));
  return conditions;
}

SeriesVerdict Judge(const Rule& rule, const StudySummary& study, const SeriesSummary& series) {
  const Subject subject(study, series);
  SeriesVerdict verdict{series.series_instance_uid, false, ""};
  for (const ConditionPtr& condition : rule.when) {
    if (condition->Holds(subject)) continue;
    verdict.reason = fmt::format("{}, wanted {}", condition->Seen(subject), condition->Wanted());
    return verdict;
  }
  for (const ConditionPtr& condition : rule.unless) {
    if (!condition->Holds(subject)) continue;
    verdict.reason =
        fmt::format("unless: {}, unwanted {}", condition->Seen(subject), condition->Wanted());
    return verdict;
  }
  verdict.matched = true;
  verdict.reason = "all conditions hold";
  return verdict;
}

}  // namespace

struct RuleSet::Rules {
  std::vector<Rule> rules;
};

RuleSet::RuleSet() : rules_(std::make_shared<const Rules>()) {}
RuleSet::RuleSet(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}

CompiledRuleSet RuleSet::Compile(const std::vector<config::RuleSpec>& rules,
                                 const std::string& file) {
  if (const Status dictionary = CheckDictionary(); !dictionary.ok())
    return {std::nullopt, {ToProblem(file, 0, "rules", dictionary.error().message())}};
  std::vector<config::Problem> problems;
  auto compiled = std::make_shared<Rules>();
  for (const config::RuleSpec& spec : rules) {
    Rule rule{spec, CompileAll(spec.when, spec.name, file, problems),
              CompileAll(spec.unless, spec.name, file, problems)};
    compiled->rules.push_back(std::move(rule));
  }
  if (!problems.empty()) return {std::nullopt, std::move(problems)};
  return {RuleSet(std::move(compiled)), {}};
}

RouteDecision RuleSet::Evaluate(const StudySummary& study) const {
  RouteDecision decision{study.study_instance_uid, {}};
  for (const Rule& rule : rules_->rules) {
    RuleDecision one{rule.spec.name, rule.spec.run, rule.spec.send_to, rule.spec.priority, {}};
    for (const SeriesSummary& series : study.series)
      one.series.push_back(Judge(rule, study, series));
    decision.rules.push_back(std::move(one));
  }
  return decision;
}

}  // namespace axial::routing
