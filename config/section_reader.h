#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/problem_list.h"
#include "config/sections.h"
#include "config/yaml_document.h"
#include "core/base/clock.h"
#include "core/dicom/ae_title.h"

namespace axial::config {

/// Reads one map by its Section's keys. Unknown keys are problems at construction, naming the
/// nearest known key. Every getter returns the fallback when the key is absent, and also, after
/// adding a problem with the value's line, when the value is wrong; so reading goes on and finds
/// every problem of a file at once. Does not own what it is given. Not thread-safe.
class SectionReader {
 public:
  /// `where`: how the section is called in problems, for example "node.tls".
  SectionReader(const YamlNode& node, const Section& section, std::string where,
                ProblemList& problems);

  /// The value under `key`, or nullptr when it is absent or empty.
  [[nodiscard]] const YamlNode* Find(std::string_view key) const;
  /// Find, with a problem when there is nothing. `remedy`: what to write.
  const YamlNode* Require(std::string_view key, std::string_view remedy);

  std::string Text(std::string_view key, std::string fallback);
  /// Of 1 to `max_bytes` bytes without control characters; a problem when absent.
  std::string RequiredText(std::string_view key, std::string_view remedy,
                           std::size_t max_bytes = 1024);
  bool Boolean(std::string_view key, bool fallback);
  std::int64_t Integer(std::string_view key, std::int64_t fallback, std::int64_t min,
                       std::int64_t max);
  double Number(std::string_view key, double fallback, double min, double max);
  Duration DurationOf(std::string_view key, Duration fallback, Duration min, Duration max);
  std::int64_t SizeInBytes(std::string_view key, std::int64_t fallback, std::int64_t min,
                           std::int64_t max);
  AeTitle AeTitleOf(std::string_view key, AeTitle fallback);
  /// A path, resolved against `folder` when relative; absolute ones are kept.
  std::string Path(std::string_view key, std::string fallback, const std::string& folder);
  /// One text, or a list of texts; empty with no problem when absent.
  std::vector<std::string> TextList(std::string_view key);

  /// One of the named values.
  template <typename T>
  T Choice(std::string_view key, T fallback,
           std::initializer_list<std::pair<std::string_view, T>> choices) {
    const YamlNode* node = Find(key);
    if (node == nullptr) return fallback;
    std::vector<std::string_view> names;
    for (const auto& [name, value] : choices) {
      if (node->kind == YamlNode::Kind::kScalar && node->text == name) return value;
      names.push_back(name);
    }
    AddChoiceProblem(key, *node, names);
    return fallback;
  }

  /// "node.port": how a key of this section is called in problems.
  [[nodiscard]] std::string NameOf(std::string_view key) const;
  [[nodiscard]] int line() const { return node_.line; }
  [[nodiscard]] ProblemList& problems() { return problems_; }

 private:
  const YamlNode* FindScalar(std::string_view key);
  void AddChoiceProblem(std::string_view key, const YamlNode& node,
                        const std::vector<std::string_view>& names);

  const YamlNode& node_;
  const Section& section_;
  std::string where_;
  ProblemList& problems_;
};

/// A scalar's text, or nullopt with a problem when it is a list, a map or empty. `name`: for the
/// problem.
[[nodiscard]] std::optional<std::string> ScalarText(const YamlNode& node, std::string_view name,
                                                    ProblemList& problems);

}  // namespace axial::config
