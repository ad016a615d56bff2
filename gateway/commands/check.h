#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/model_card.h"
#include "config/problem.h"
#include "routing/rule_set.h"

namespace axial::gateway {

/// A configuration and everything that it refers to.
struct CheckedConfig {
  std::optional<config::Config> config;      ///< absent when the file itself has problems
  std::optional<routing::RuleSet> rule_set;  ///< absent when the rules have problems
  std::vector<config::ModelCard> models;     ///< those without problems
  std::vector<config::Problem> problems;     ///< empty: the gateway may run it
};

/// Reads the file, compiles its rules, reads every model card and looks for the files it names
/// (models run by rules, certificates, weights). Reads weights whole to compare their SHA-256, so
/// it may take seconds. Thread-safe.
[[nodiscard]] CheckedConfig CheckConfig(const std::string& path);

/// Looks, without making anything, whether this user can write to storage.directory and to the
/// folders of `folder` destinations, or make them. Not part of CheckConfig: a share that is away
/// for a while must not keep a reload, or the other destinations, from working.
[[nodiscard]] std::vector<config::Problem> CheckPlaces(const config::Config& config,
                                                       const std::string& path);

/// `axial check`: prints one line per problem, also of CheckPlaces and CheckCertificates, or what
/// was found right. Exit status: 0, or 1 on any problem.
[[nodiscard]] int RunCheck(const std::string& config_path, std::ostream& out);

}  // namespace axial::gateway
