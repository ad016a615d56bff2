#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/problem_list.h"

namespace axial::config {

/// One node of a YAML document as a plain value, with the line it starts on.
struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };
  struct Entry;

  Kind kind = Kind::kNull;
  std::string text;             ///< of a scalar
  bool quoted = false;          ///< a scalar written in quotes is always text
  int line = 0;                 ///< from 1
  std::vector<YamlNode> items;  ///< of a list
  std::vector<Entry> entries;   ///< of a map, in the file's order, keys unique
};

struct YamlNode::Entry {
  std::string key;
  int line = 0;
  YamlNode value;
};

/// The node under `key`, or nullptr when the map has none.
[[nodiscard]] const YamlNode* FindEntry(const YamlNode& map, const std::string& key);

inline constexpr std::size_t kMaxYamlBytes = 1u << 20;
inline constexpr std::size_t kMaxYamlNodes = 100'000;  ///< after aliases are expanded
inline constexpr std::size_t kMaxYamlDepth = 16;
inline constexpr std::size_t kMaxYamlMapKeys = 1000;  ///< of one map

/// Parses one YAML document within the limits above. Aliases are expanded (each copy counts, so a
/// chain of aliases cannot explode); duplicate keys, keys that are no scalars and a second document
/// are problems. The result is meaningful only if no problem was added. Thread-safe.
[[nodiscard]] YamlNode ParseYaml(const std::string& text, ProblemList& problems);

/// The bytes of a regular file of at most kMaxYamlBytes; "" with a problem when it cannot be read.
[[nodiscard]] std::string ReadYamlFile(const std::string& path, ProblemList& problems);

}  // namespace axial::config
