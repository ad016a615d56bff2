// SPDX-License-Identifier: GPL-3.0-or-later
#include "orthanc-plugin/plugin_configuration.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace axial::plugin {
namespace {

constexpr const char* kOrthancFile = "Orthanc's configuration";

PluginConfiguration Refused(const std::string& what, const std::string& remedy) {
  return {kOrthancFile, std::nullopt, {{kOrthancFile, 0, what, remedy}}};
}

}  // namespace

PluginConfiguration ReadPluginConfiguration(const OrthancApi& orthanc) {
  const Result<std::string> text = orthanc.Configuration();
  if (!text.ok()) return Refused(text.error().message(), "look into Orthanc's log");
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  if (!json.is_object() || !json.contains("Axial"))
    return Refused("there is no \"Axial\" section",
                   "add \"Axial\": {\"Configuration\": \"/etc/axial/axial.yaml\"}");
  const auto& section = json["Axial"];
  if (!section.is_object() || !section.contains("Configuration") ||
      !section["Configuration"].is_string())
    return Refused("\"Axial\" does not name the YAML file",
                   "write {\"Configuration\": \"/etc/axial/axial.yaml\"}");
  PluginConfiguration configuration;
  configuration.file = section["Configuration"].get<std::string>();
  config::LoadedConfig loaded = config::LoadConfig(configuration.file);
  configuration.config = std::move(loaded.config);
  configuration.problems = std::move(loaded.problems);
  return configuration;
}

}  // namespace axial::plugin
