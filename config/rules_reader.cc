#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/readers.h"
#include "config/section_reader.h"

namespace axial::config {
namespace {

/// Appends the scalar, or the list's scalars, to the condition's operands.
void ReadOperands(const YamlNode& yaml, const std::string& where, ConditionSpec& condition,
                  ProblemList& problems) {
  const auto add = [&](const YamlNode& item) {
    if (auto text = ScalarText(item, where, problems)) condition.operands.push_back(*text);
  };
  if (yaml.kind != YamlNode::Kind::kList) return add(yaml);
  if (yaml.items.empty())
    problems.Add(yaml.line, fmt::format("'{}' is an empty list", where),
                 "write at least one value, or remove the condition");
  for (const YamlNode& item : yaml.items) add(item);
}

ConditionSpec ReadCondition(const YamlNode::Entry& entry, const std::string& where,
                            ProblemList& problems) {
  ConditionSpec condition;
  condition.attribute = entry.key;
  condition.line = entry.line;
  const YamlNode& value = entry.value;
  // Only unquoted: "absent" in quotes is the text itself.
  if (value.kind == YamlNode::Kind::kScalar && !value.quoted && value.text == "absent") {
    condition.kind = ConditionKind::kAbsent;
  } else if (value.kind == YamlNode::Kind::kScalar && !value.quoted && value.text == "present") {
    condition.kind = ConditionKind::kPresent;
  } else if (value.kind == YamlNode::Kind::kMap) {
    const SectionReader reader(value, ConfigSection("condition"), where, problems);
    const YamlNode* contains = reader.Find("contains");
    const YamlNode* matches = reader.Find("matches");
    const bool has_unknown_keys =
        value.entries.size() != (contains != nullptr ? 1u : 0u) + (matches != nullptr ? 1u : 0u);
    if ((contains == nullptr) == (matches == nullptr)) {
      if (has_unknown_keys) return condition;  // the reader said so already
      problems.Add(value.line, fmt::format("'{}' needs either contains or matches", where),
                   "write {contains: TEXT} or {matches: REGULAR EXPRESSION}");
      return condition;
    }
    condition.kind = contains != nullptr ? ConditionKind::kContains : ConditionKind::kMatches;
    ReadOperands(contains != nullptr ? *contains : *matches, where, condition, problems);
  } else if (value.kind == YamlNode::Kind::kNull) {
    problems.Add(entry.line, fmt::format("'{}' has no value", where),
                 "write a value, a list, or one of absent, present");
  } else {
    ReadOperands(value, where, condition, problems);
  }
  return condition;
}

std::vector<ConditionSpec> ReadConditions(const YamlNode* yaml, const std::string& where,
                                          ProblemList& problems) {
  std::vector<ConditionSpec> conditions;
  if (yaml == nullptr) return conditions;
  if (yaml->kind != YamlNode::Kind::kMap) {
    problems.Add(yaml->line, fmt::format("'{}' must hold `Attribute: value` lines", where),
                 "write DICOM keywords such as Modality: CT");
    return conditions;
  }
  if (yaml->entries.size() > kMaxConditionsPerRule)
    problems.Add(yaml->line,
                 fmt::format("'{}' has more than {} conditions", where, kMaxConditionsPerRule),
                 "split the rule");
  for (const YamlNode::Entry& entry : yaml->entries)
    conditions.push_back(ReadCondition(entry, where + "." + entry.key.substr(0, 64), problems));
  return conditions;
}

void CheckSendTo(const RuleSpec& rule, const YamlNode& yaml,
                 const std::map<std::string, Destination>& destinations, ProblemList& problems) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < rule.send_to.size(); ++i) {
    const std::string& name = rule.send_to[i];
    const int line = yaml.kind == YamlNode::Kind::kList && i < yaml.items.size()
                         ? yaml.items[i].line
                         : yaml.line;
    if (!seen.insert(name).second)
      problems.Add(line, fmt::format("destination '{}' is named twice in one rule", name),
                   "keep one of them");
    CheckDestinationName(name, line, destinations, problems);
  }
}

RuleSpec ReadRule(const YamlNode& yaml, const std::string& where,
                  const std::map<std::string, Destination>& destinations, ProblemList& problems) {
  SectionReader reader(yaml, ConfigSection("rule"), where, problems);
  RuleSpec rule;
  rule.line = yaml.line;
  rule.name = reader.RequiredText("name", "give the rule a name of its own", kMaxNameBytes);
  rule.when = ReadConditions(reader.Find("when"), where + ".when", problems);
  rule.unless = ReadConditions(reader.Find("unless"), where + ".unless", problems);
  const YamlNode* when = reader.Find("when");
  if (when == nullptr || when->kind == YamlNode::Kind::kNull ||
      (when->kind == YamlNode::Kind::kMap && when->entries.empty()))
    problems.Add(yaml.line,
                 fmt::format("'{}.when' has no condition, so the rule takes everything", where),
                 "write at least one condition, such as Modality: CT");
  rule.run = reader.RequiredText("run", "name the model to run", kMaxNameBytes);
  if (const YamlNode* run = reader.Find("run")) rule.run_line = run->line;
  if (!rule.run.empty() && !IsPlainName(rule.run))
    problems.Add(rule.run_line, fmt::format("'{}.run' is not a model's name", where),
                 "use the name written in the model's model.yaml");
  if (const YamlNode* send_to = reader.Require("send_to", "name at least one destination")) {
    rule.send_to = reader.TextList("send_to");
    if (send_to->kind == YamlNode::Kind::kList && send_to->items.empty())
      problems.Add(send_to->line, fmt::format("'{}.send_to' is empty", where),
                   "name at least one destination");
    CheckSendTo(rule, *send_to, destinations, problems);
  }
  rule.priority = reader.Choice<Priority>("priority", Priority::kNormal,
                                          {{"urgent", Priority::kUrgent},
                                           {"normal", Priority::kNormal},
                                           {"background", Priority::kBackground}});
  return rule;
}

}  // namespace

std::vector<RuleSpec> ReadRules(const YamlNode& yaml,
                                const std::map<std::string, Destination>& destinations,
                                ProblemList& problems) {
  std::vector<RuleSpec> rules;
  if (yaml.kind != YamlNode::Kind::kList) {
    problems.Add(yaml.line, "'rules' is not a list", "write one `- name: ...` per rule");
    return rules;
  }
  if (yaml.items.size() > kMaxRules) {
    problems.Add(yaml.line, fmt::format("there are more than {} rules", kMaxRules),
                 "join rules that differ in one value by writing a list of values");
    return rules;
  }
  std::map<std::string, int> line_of_name;
  for (const YamlNode& item : yaml.items) {
    RuleSpec rule = ReadRule(item, fmt::format("rules[{}]", rules.size()), destinations, problems);
    const auto [known, is_new] = line_of_name.emplace(rule.name, item.line);
    if (!is_new && !rule.name.empty())
      problems.Add(item.line,
                   fmt::format("rule '{}' exists already in line {}", rule.name, known->second),
                   "give each rule a name of its own");
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace axial::config
