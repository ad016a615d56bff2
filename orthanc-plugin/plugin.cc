// SPDX-License-Identifier: GPL-3.0-or-later
//
// The four entry points Orthanc looks for. No exception leaves them, no callback blocks, and
// whatever is wrong with our configuration leaves Orthanc itself running.

#include <dlfcn.h>
#include <orthanc/OrthancCPlugin.h>

#include <exception>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "config/config.h"
#include "core/base/log.h"
#include "gateway/pipeline/pipeline.h"
#include "orthanc-plugin/orthanc_api.h"
#include "orthanc-plugin/study_intake.h"

namespace axial::plugin {
namespace {

/// Everything the plugin runs; members end in reverse order.
struct Plugin {
  explicit Plugin(OrthancPluginContext* context) : orthanc(context) {}

  OrthancApi orthanc;
  std::unique_ptr<pipeline::Pipeline> pipeline;
  std::unique_ptr<StudyIntake> intake;
};

OrthancPluginContext* g_context = nullptr;  // Orthanc's C interface has no other place for it
std::unique_ptr<Plugin> g_plugin;

void LogToOrthanc(LogLevel level, std::string_view line) {
  const std::string text = "Axial: " + std::string(line);
  if (level == LogLevel::kError)
    OrthancPluginLogError(g_context, text.c_str());
  else if (level == LogLevel::kWarning)
    OrthancPluginLogWarning(g_context, text.c_str());
  else
    OrthancPluginLogInfo(g_context, text.c_str());
}

/// The YAML file named by {"Axial": {"Configuration": "..."}}. Errors: NotFound, InvalidInput.
Result<std::string> ConfigurationFile(const OrthancApi& orthanc) {
  AXIAL_ASSIGN_OR_RETURN(const std::string text, orthanc.Configuration());
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("Axial"))
    return Error(ErrorCode::kNotFound,
                 "there is no \"Axial\" section in Orthanc's configuration; add "
                 "\"Axial\": {\"Configuration\": \"/etc/axial/axial.yaml\"}");
  const auto& section = json["Axial"];
  if (!section.is_object() || !section.contains("Configuration") ||
      !section["Configuration"].is_string())
    return Error(ErrorCode::kInvalidInput,
                 "\"Axial\" in Orthanc's configuration must name the YAML file: "
                 "{\"Configuration\": \"/etc/axial/axial.yaml\"}");
  return section["Configuration"].get<std::string>();
}

/// The running executable is Orthanc, so the worker is looked for beside this shared library.
std::string WorkerBesidePlugin() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&ConfigurationFile), &info) == 0) return "";
  return std::filesystem::path(info.dli_fname).parent_path() / "axial-worker";
}

Status StartPlugin(Plugin& plugin) {
  AXIAL_ASSIGN_OR_RETURN(const std::string file, ConfigurationFile(plugin.orthanc));
  const config::LoadedConfig loaded = config::LoadConfig(file);
  for (const config::Problem& problem : loaded.problems)
    Log(LogLevel::kError, "configuration_problem", {{"problem", problem.ToString()}});
  if (!loaded.config)
    return MakeError(ErrorCode::kInvalidInput, "{} has {} problems", file, loaded.problems.size());
  pipeline::PipelineOptions options;
  options.config_file = file;
  options.worker_binary = WorkerBesidePlugin();
  options.listen = false;
  AXIAL_ASSIGN_OR_RETURN(plugin.pipeline, pipeline::Pipeline::Start(*loaded.config, options));
  plugin.intake = std::make_unique<StudyIntake>(plugin.orthanc, plugin.pipeline->intake(),
                                                plugin.pipeline->spool());
  return {};
}

OrthancPluginErrorCode OnChange(OrthancPluginChangeType change, OrthancPluginResourceType,
                                const char* resource_id) noexcept {
  try {
    if (change == OrthancPluginChangeType_StableStudy && g_plugin && g_plugin->intake)
      g_plugin->intake->OnStableStudy(resource_id);
    return OrthancPluginErrorCode_Success;
  } catch (const std::exception&) {
    return OrthancPluginErrorCode_Plugin;
  }
}

}  // namespace
}  // namespace axial::plugin

extern "C" {

ORTHANC_PLUGINS_API int32_t OrthancPluginInitialize(OrthancPluginContext* context) {
  using namespace axial::plugin;
  try {
    g_context = context;
    if (OrthancPluginCheckVersion(context) == 0) {
      OrthancPluginLogError(context,
                            "Axial: this Orthanc is older than the plugin needs; not started");
      return 0;
    }
    axial::SetLogSink(&LogToOrthanc);
    g_plugin = std::make_unique<Plugin>(context);
    const axial::Status started = StartPlugin(*g_plugin);
    if (!started.ok()) {
      axial::Log(axial::LogLevel::kError, "plugin_not_started",
                 {{"error", started.error().ToString()}});
      return 0;  // Orthanc goes on without us
    }
    OrthancPluginRegisterOnChangeCallback(context, &OnChange);
    axial::Log(axial::LogLevel::kWarning, "plugin_started");
  } catch (const std::exception& exception) {
    OrthancPluginLogError(context, exception.what());
  }
  return 0;
}

ORTHANC_PLUGINS_API void OrthancPluginFinalize() {
  try {
    axial::plugin::g_plugin.reset();
  } catch (const std::exception&) {  // the process is ending anyway
  }
}

ORTHANC_PLUGINS_API const char* OrthancPluginGetName() { return "axial"; }

ORTHANC_PLUGINS_API const char* OrthancPluginGetVersion() { return AXIAL_VERSION; }

}  // extern "C"
