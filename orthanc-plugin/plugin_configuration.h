// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/problem.h"
#include "orthanc-plugin/orthanc_api.h"

namespace axial::plugin {

/// What the "Axial" section of Orthanc's configuration says.
struct PluginConfiguration {
  std::string file;  ///< that holds Axial's keys, for messages
  std::optional<config::Config> config;
  std::vector<config::Problem> problems;  ///< without config: why; never empty then
};

[[nodiscard]] PluginConfiguration ReadPluginConfiguration(const OrthancApi& orthanc);

}  // namespace axial::plugin
