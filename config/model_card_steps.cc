#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "config/model_card_readers.h"

namespace axial::config {
namespace {

constexpr std::size_t kMaxSteps = 64;
constexpr std::size_t kMaxNameBytes = 64;

Argument::Scalar ToScalar(const YamlNode& yaml) {
  if (yaml.quoted) return yaml.text;
  if (yaml.text == "true" || yaml.text == "True") return true;
  if (yaml.text == "false" || yaml.text == "False") return false;
  double number = 0;
  const char* const end = yaml.text.data() + yaml.text.size();
  const auto [stop, error] = std::from_chars(yaml.text.data(), end, number);
  if (error == std::errc() && stop == end && std::isfinite(number)) return number;
  return yaml.text;
}

Argument ReadArgument(const YamlNode& yaml, const std::string& where, ProblemList& problems) {
  Argument argument;
  argument.is_list = yaml.kind == YamlNode::Kind::kList;
  const auto add = [&](const YamlNode& item) {
    if (item.kind == YamlNode::Kind::kScalar)
      argument.values.push_back(ToScalar(item));
    else
      problems.Add(item.line, fmt::format("'{}' is neither a value nor a list of values", where),
                   "write a number, a word, true or false, or a list of them");
  };
  if (!argument.is_list) add(yaml);
  for (const YamlNode& item : yaml.items) add(item);
  return argument;
}

}  // namespace

StepSpec ReadStep(const YamlNode& yaml, const std::string& where, ProblemList& problems) {
  StepSpec step;
  step.line = yaml.line;
  if (yaml.kind == YamlNode::Kind::kScalar) {
    step.name = yaml.text;
  } else if (yaml.kind == YamlNode::Kind::kMap && yaml.entries.size() == 1) {
    const YamlNode::Entry& entry = yaml.entries.front();
    step.name = entry.key;
    step.line = entry.line;
    if (entry.value.kind == YamlNode::Kind::kMap) {
      for (const YamlNode::Entry& argument : entry.value.entries)
        step.arguments.emplace(argument.key,
                               ReadArgument(argument.value, where + "." + argument.key, problems));
    } else if (entry.value.kind != YamlNode::Kind::kNull) {
      problems.Add(entry.value.line, fmt::format("the arguments of '{}' are not named", step.name),
                   "write {argument: value}");
    }
  } else {
    problems.Add(yaml.line, fmt::format("'{}' is not one step", where),
                 "write one `- Name: {argument: value}` per step");
    return step;
  }
  if (step.name.empty() || step.name.size() > kMaxNameBytes)
    problems.Add(step.line, fmt::format("'{}' has no usable name", where),
                 "write the transform's MONAI name, such as Spacingd");
  return step;
}

std::vector<StepSpec> ReadSteps(const YamlNode& yaml, const std::string& where,
                                ProblemList& problems) {
  std::vector<StepSpec> steps;
  if (yaml.kind != YamlNode::Kind::kList || yaml.items.size() > kMaxSteps) {
    problems.Add(yaml.line, fmt::format("'{}' is not a list of up to {} steps", where, kMaxSteps),
                 "write one `- Name: {argument: value}` per step");
    return steps;
  }
  for (const YamlNode& item : yaml.items)
    steps.push_back(ReadStep(item, fmt::format("{}[{}]", where, steps.size()), problems));
  return steps;
}

}  // namespace axial::config
