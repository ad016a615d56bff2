#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/problem_list.h"
#include "config/yaml_document.h"

namespace axial::config {

inline constexpr std::size_t kMaxRules = 1000;
inline constexpr std::size_t kMaxConditionsPerRule = 100;
inline constexpr std::size_t kMaxNameBytes = 100;

/// `node:`; relative paths of `tls` are resolved against `folder`. `inherited` completion is what a
/// peer's own `completion` starts from.
[[nodiscard]] Node ReadNode(const YamlNode& yaml, const Completion& inherited,
                            const std::map<std::string, Destination>& destinations,
                            const std::string& folder, ProblemList& problems);

/// `completion:`, of the node or of one peer; `archive` is checked against `destinations`.
[[nodiscard]] Completion ReadCompletion(const YamlNode& yaml, const std::string& where,
                                        const Completion& inherited,
                                        const std::map<std::string, Destination>& destinations,
                                        ProblemList& problems);

/// When `destinations` lacks `name`: a problem, with the nearest name as its remedy.
void CheckDestinationName(const std::string& name, int line,
                          const std::map<std::string, Destination>& destinations,
                          ProblemList& problems);

/// `destinations:`
[[nodiscard]] std::map<std::string, Destination> ReadDestinations(const YamlNode& yaml,
                                                                  const std::string& folder,
                                                                  ProblemList& problems);

/// `tls:` of a destination; relative paths are resolved against `folder`.
[[nodiscard]] ClientTls ReadClientTls(const YamlNode& yaml, const std::string& where,
                                      const std::string& folder, ProblemList& problems);

/// `results:` of a destination: what it gets of every model run.
[[nodiscard]] ResultProfile ReadResultProfile(const YamlNode& yaml, const std::string& where,
                                              ProblemList& problems);

/// `rules:`; send_to is checked against `destinations`. Attribute names and operands are checked
/// by routing::RuleSet::Compile.
[[nodiscard]] std::vector<RuleSpec> ReadRules(
    const YamlNode& yaml, const std::map<std::string, Destination>& destinations,
    ProblemList& problems);

/// True for 1 to kMaxNameBytes of letters, digits, `-`, `_` and `.`, not starting with `.` or `-`:
/// safe as a file name, a URL segment and a metric label.
[[nodiscard]] bool IsPlainName(const std::string& text);

}  // namespace axial::config
