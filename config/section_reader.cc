#include "config/section_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "config/quantity.h"
#include "core/base/spelling.h"

namespace axial::config {
namespace {

/// What a person reads of a value that is wrong: short, on one line.
std::string Shown(const std::string& text) {
  std::string shown = text.substr(0, 60);
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return shown.size() < text.size() ? shown + "..." : shown;
}

template <typename T>
std::optional<T> ParseWhole(const std::string& text) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

bool HasControlCharacter(const std::string& text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

std::optional<std::string> ScalarText(const YamlNode& node, std::string_view name,
                                      ProblemList& problems) {
  if (node.kind == YamlNode::Kind::kScalar) return node.text;
  problems.Add(node.line, fmt::format("'{}' is not a single value", name),
               "write one value after the colon");
  return std::nullopt;
}

SectionReader::SectionReader(const YamlNode& node, const Section& section, std::string where,
                             ProblemList& problems)
    : node_(node), section_(section), where_(std::move(where)), problems_(problems) {
  if (node.kind == YamlNode::Kind::kScalar || node.kind == YamlNode::Kind::kList) {
    problems_.Add(node.line,
                  fmt::format("'{}' must hold `key: value` lines",
                              where_.empty() ? std::string_view("the file") : where_),
                  fmt::format("known keys are {}", fmt::join(section.keys, ", ")));
    return;
  }
  for (const YamlNode::Entry& entry : node.entries) {
    if (std::find(section.keys.begin(), section.keys.end(), entry.key) != section.keys.end())
      continue;
    const std::string_view nearest = NearestWord(entry.key, section.keys);
    problems_.Add(entry.line, fmt::format("unknown key '{}'", NameOf(Shown(entry.key))),
                  nearest.empty() ? fmt::format("known keys are {}", fmt::join(section.keys, ", "))
                                  : fmt::format("did you mean '{}'?", nearest));
  }
}

std::string SectionReader::NameOf(std::string_view key) const {
  return where_.empty() ? std::string(key) : fmt::format("{}.{}", where_, key);
}

const YamlNode* SectionReader::Find(std::string_view key) const {
  AXIAL_INVARIANT(std::find(section_.keys.begin(), section_.keys.end(), key) !=
                  section_.keys.end());
  const YamlNode* found = FindEntry(node_, std::string(key));
  return found == nullptr || found->kind == YamlNode::Kind::kNull ? nullptr : found;
}

const YamlNode* SectionReader::Require(std::string_view key, std::string_view remedy) {
  const YamlNode* found = Find(key);
  if (found == nullptr)
    problems_.Add(node_.line, fmt::format("'{}' is missing", NameOf(key)), std::string(remedy));
  return found;
}

const YamlNode* SectionReader::FindScalar(std::string_view key) {
  const YamlNode* found = Find(key);
  if (found == nullptr || !ScalarText(*found, NameOf(key), problems_)) return nullptr;
  return found;
}

void SectionReader::AddChoiceProblem(std::string_view key, const YamlNode& node,
                                     const std::vector<std::string_view>& names) {
  const std::string_view nearest = NearestWord(node.text, names);
  problems_.Add(node.line, fmt::format("'{}' cannot be '{}'", NameOf(key), Shown(node.text)),
                nearest.empty() ? fmt::format("write one of {}", fmt::join(names, ", "))
                                : fmt::format("did you mean '{}'?", nearest));
}

std::string SectionReader::Text(std::string_view key, std::string fallback) {
  const YamlNode* node = FindScalar(key);
  if (node == nullptr) return fallback;
  if (!node->text.empty() && node->text.size() <= 1024 && !HasControlCharacter(node->text))
    return node->text;
  problems_.Add(
      node->line,
      fmt::format("'{}' is empty, longer than 1024 bytes or has control characters", NameOf(key)),
      "write a short text on one line");
  return fallback;
}

std::string SectionReader::RequiredText(std::string_view key, std::string_view remedy,
                                        std::size_t max_bytes) {
  if (Require(key, remedy) == nullptr) return "";
  std::string text = Text(key, "");
  if (text.size() <= max_bytes) return text;
  problems_.Add(Find(key)->line,
                fmt::format("'{}' is longer than {} bytes", NameOf(key), max_bytes), "shorten it");
  return "";
}

bool SectionReader::Boolean(std::string_view key, bool fallback) {
  return Choice<bool>(key, fallback, {{"true", true}, {"false", false}});
}

std::int64_t SectionReader::Integer(std::string_view key, std::int64_t fallback, std::int64_t min,
                                    std::int64_t max) {
  const YamlNode* node = FindScalar(key);
  if (node == nullptr) return fallback;
  const auto value = ParseWhole<std::int64_t>(node->text);
  if (value && *value >= min && *value <= max) return *value;
  problems_.Add(node->line, fmt::format("'{}' cannot be '{}'", NameOf(key), Shown(node->text)),
                fmt::format("write a whole number from {} to {}", min, max));
  return fallback;
}

double SectionReader::Number(std::string_view key, double fallback, double min, double max) {
  const YamlNode* node = FindScalar(key);
  if (node == nullptr) return fallback;
  const auto value = ParseWhole<double>(node->text);
  if (value && std::isfinite(*value) && *value >= min && *value <= max) return *value;
  problems_.Add(node->line, fmt::format("'{}' cannot be '{}'", NameOf(key), Shown(node->text)),
                fmt::format("write a number from {} to {}", min, max));
  return fallback;
}

Duration SectionReader::DurationOf(std::string_view key, Duration fallback, Duration min,
                                   Duration max) {
  const YamlNode* node = FindScalar(key);
  if (node == nullptr) return fallback;
  const Result<Duration> duration = ParseDuration(Shown(node->text));
  if (duration.ok() && *duration >= min && *duration <= max) return *duration;
  problems_.Add(node->line, fmt::format("'{}' cannot be '{}'", NameOf(key), Shown(node->text)),
                fmt::format("write a number and one of ms, s, min, h, d, from {} to {}",
                            FormatDuration(min), FormatDuration(max)));
  return fallback;
}

std::int64_t SectionReader::SizeInBytes(std::string_view key, std::int64_t fallback,
                                        std::int64_t min, std::int64_t max) {
  const YamlNode* node = FindScalar(key);
  if (node == nullptr) return fallback;
  const Result<std::int64_t> size = ParseSize(Shown(node->text));
  if (size.ok() && *size >= min && *size <= max) return *size;
  problems_.Add(node->line, fmt::format("'{}' cannot be '{}'", NameOf(key), Shown(node->text)),
                fmt::format("write a number and one of B, KiB, MiB, GiB, TiB, from {} to {}",
                            FormatSize(min), FormatSize(max)));
  return fallback;
}

AeTitle SectionReader::AeTitleOf(std::string_view key, AeTitle fallback) {
  const YamlNode* node = FindScalar(key);
  if (node == nullptr) return fallback;
  Result<AeTitle> title = AeTitle::Parse(node->text);
  if (title.ok()) return *std::move(title);
  problems_.Add(node->line, fmt::format("'{}' cannot be '{}'", NameOf(key), Shown(node->text)),
                "write an AE Title: 1 to 16 printable ASCII characters without backslash");
  return fallback;
}

std::string SectionReader::Path(std::string_view key, std::string fallback,
                                const std::string& folder) {
  std::string text = Text(key, std::move(fallback));
  if (text.empty()) return text;
  return (std::filesystem::path(folder) / text).lexically_normal().string();
}

std::vector<std::string> SectionReader::TextList(std::string_view key) {
  const YamlNode* node = Find(key);
  if (node == nullptr) return {};
  std::vector<std::string> texts;
  const auto add = [&](const YamlNode& item) {
    if (auto text = ScalarText(item, NameOf(key), problems_)) texts.push_back(*std::move(text));
  };
  if (node->kind == YamlNode::Kind::kList)
    for (const YamlNode& item : node->items) add(item);
  else
    add(*node);
  return texts;
}

}  // namespace axial::config
