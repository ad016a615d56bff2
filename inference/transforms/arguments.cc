#include "inference/transforms/arguments.h"

#include <fmt/format.h>

#include <algorithm>

namespace axial {
namespace {

std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above + 1, row[j - 1] + 1, replaced});
      diagonal = above;
    }
  }
  return row[b.size()];
}

bool IsNull(const config::Argument& argument) {
  if (argument.is_list || argument.values.size() != 1) return false;
  const std::string* text = std::get_if<std::string>(&argument.values[0]);
  return text != nullptr && (*text == "null" || *text == "None" || *text == "~" || text->empty());
}

}  // namespace

std::string NearestName(std::string_view name, const std::vector<std::string>& known) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = EditDistance(name, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

const config::Argument* ArgumentReader::Find(const char* name) {
  known_.emplace_back(name);
  const auto found = step_.arguments.find(name);
  if (found == step_.arguments.end() || IsNull(found->second)) return nullptr;
  return &found->second;
}

std::optional<double> ArgumentReader::Number(const char* name) {
  const config::Argument* argument = Find(name);
  if (argument == nullptr) return std::nullopt;
  if (argument->values.size() == 1)
    if (const double* number = std::get_if<double>(&argument->values[0])) return *number;
  Fail(fmt::format("{} must be a number", name));
  return std::nullopt;
}

double ArgumentReader::Number(const char* name, double fallback) {
  return Number(name).value_or(fallback);
}

double ArgumentReader::RequiredNumber(const char* name) {
  const std::size_t before = wrong_.size();
  const std::optional<double> number = Number(name);
  if (!number && wrong_.size() == before) Fail(fmt::format("{} is missing", name));
  return number.value_or(0);
}

bool ArgumentReader::Bool(const char* name, bool fallback) {
  const config::Argument* argument = Find(name);
  if (argument == nullptr) return fallback;
  if (argument->values.size() == 1)
    if (const bool* value = std::get_if<bool>(&argument->values[0])) return *value;
  Fail(fmt::format("{} must be true or false", name));
  return fallback;
}

std::string ArgumentReader::Text(const char* name, const std::string& fallback) {
  const config::Argument* argument = Find(name);
  if (argument == nullptr) return fallback;
  if (!argument->values.empty())
    if (const auto* text = std::get_if<std::string>(&argument->values[0])) return *text;
  Fail(fmt::format("{} must be text", name));
  return fallback;
}

std::vector<double> ArgumentReader::Numbers(const char* name) {
  const config::Argument* argument = Find(name);
  std::vector<double> numbers;
  if (argument == nullptr) return numbers;
  for (const config::Argument::Scalar& value : argument->values) {
    const double* number = std::get_if<double>(&value);
    if (number == nullptr) {
      Fail(fmt::format("{} must be numbers", name));
      return {};
    }
    numbers.push_back(*number);
  }
  return numbers;
}

std::string ArgumentReader::Choice(const char* name, const std::string& fallback,
                                   const std::vector<std::string>& allowed) {
  const std::string text = Text(name, fallback);
  if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) return text;
  Fail(fmt::format("{} is \"{}\"; supported are {}", name, text, fmt::join(allowed, ", ")));
  return fallback;
}

void ArgumentReader::Ignore(std::initializer_list<const char*> names) {
  for (const char* name : names) known_.emplace_back(name);
}

void ArgumentReader::OnlyBool(const char* name, bool value) {
  if (Bool(name, value) != value)
    Fail(fmt::format("{} is supported only as {}", name, value ? "true" : "false"));
}

std::vector<std::string> ArgumentReader::Finish() {
  Ignore({"keys", "allow_missing_keys", "meta_keys", "meta_key_postfix", "dtype", "lazy"});
  for (const auto& [name, value] : step_.arguments) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    const std::string nearest = NearestName(name, known_);
    Fail(fmt::format("unknown argument \"{}\"{}", name,
                     nearest.empty() ? "" : fmt::format("; did you mean \"{}\"?", nearest)));
  }
  return wrong_;
}

}  // namespace axial
