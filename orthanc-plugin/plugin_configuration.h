// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/problem.h"
#include "orthanc-plugin/orthanc_api.h"

namespace axial::plugin {

/// What Orthanc's own configuration says.
struct HostConfiguration {
  std::string ae_title = "ORTHANC";
  std::uint16_t dicom_port = 4242;
  std::uint16_t http_port = 8042;
  std::string storage_folder;  ///< where it keeps its files itself; "": nowhere
};

/// What the "Axial" section of Orthanc's configuration says, and what the plugin needs of the rest.
struct PluginConfiguration {
  std::string file;  ///< that holds Axial's keys, for messages
  std::optional<config::Config> config;
  std::vector<config::Problem> problems;  ///< without config: why; never empty then
  /// "ModifiedCopies": what Orthanc makes by modifying or anonymising is a new input.
  bool analyze_copies = true;
  HostConfiguration host;
};

/// {"Axial": {"Configuration": FILE}} names the YAML file; without "Configuration" the section
/// holds the same keys itself. Problems name the line of the file that they stand in, also of
/// Orthanc's own where its text can be found.
[[nodiscard]] PluginConfiguration ReadPluginConfiguration(const OrthancApi& orthanc);

/// JSON as Orthanc reads it, with comments, made plain JSON with every line where it was.
[[nodiscard]] std::string WithoutComments(const std::string& json);

}  // namespace axial::plugin
