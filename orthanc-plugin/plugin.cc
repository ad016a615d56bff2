// SPDX-License-Identifier: GPL-3.0-or-later
//
// The four entry points Orthanc looks for, and the callbacks it makes. No exception leaves them, no
// callback blocks, and whatever is wrong with our configuration leaves Orthanc itself running.

#include <orthanc/OrthancCPlugin.h>

#include <exception>
#include <memory>
#include <string>

#include "core/base/log.h"
#include "core/base/result.h"
#include "orthanc-plugin/axial_plugin.h"
#include "orthanc-plugin/explorer_script.h"
#include "orthanc-plugin/orthanc_face.h"
#include "orthanc-plugin/rest_api.h"

namespace axial::plugin {
namespace {

// Orthanc's C interface has no other place for them.
OrthancPluginContext* g_context = nullptr;
std::unique_ptr<AxialPlugin> g_plugin;

void LogToOrthanc(LogLevel level, std::string_view line) {
  const std::string text = "Axial: " + std::string(line);
  if (level == LogLevel::kError)
    OrthancPluginLogError(g_context, text.c_str());
  else if (level == LogLevel::kWarning)
    OrthancPluginLogWarning(g_context, text.c_str());
  else
    OrthancPluginLogInfo(g_context, text.c_str());
}

/// Runs what a callback of Orthanc does: no exception crosses the C boundary.
template <typename Work>
OrthancPluginErrorCode Guarded(const Work& work) noexcept {
  try {
    if (g_plugin) work(*g_plugin);
    return OrthancPluginErrorCode_Success;
  } catch (...) {
    return OrthancPluginErrorCode_Plugin;
  }
}

OrthancPluginErrorCode OnChange(OrthancPluginChangeType change, OrthancPluginResourceType type,
                                const char* resource_id) noexcept {
  return Guarded([&](AxialPlugin& plugin) { plugin.OnChange(change, type, resource_id); });
}

OrthancPluginErrorCode OnStoredInstance(const OrthancPluginDicomInstance* instance,
                                        const char* instance_id) noexcept {
  return Guarded([&](AxialPlugin& plugin) { plugin.OnStoredInstance(instance, instance_id); });
}

OrthancPluginErrorCode OnRest(OrthancPluginRestOutput* output, const char* path,
                              const OrthancPluginHttpRequest* request) noexcept {
  return Guarded([&](AxialPlugin& plugin) {
    Answer(g_context, output, RestApi(plugin).Handle(ReadRequest(path, *request)));
  });
}

void OnRefreshMetrics() noexcept {
  (void)Guarded([](AxialPlugin& plugin) {
    if (plugin.running()) ExportMetrics(g_context, *plugin.metrics());
  });
}

}  // namespace
}  // namespace axial::plugin

extern "C" {

ORTHANC_PLUGINS_API int32_t OrthancPluginInitialize(OrthancPluginContext* context) {
  using namespace axial::plugin;
  try {
    g_context = context;
    if (OrthancPluginCheckVersionAdvanced(context, kMinimumOrthanc[0], kMinimumOrthanc[1],
                                          kMinimumOrthanc[2]) == 0) {
      OrthancPluginLogError(context,
                            "Axial: not started; the plugin needs Orthanc 1.10.1 or later");
      return 0;
    }
    axial::SetLogSink(&LogToOrthanc);
    axial::ThrowOnBrokenInvariant();
    g_plugin = std::make_unique<AxialPlugin>(context);
    if (g_plugin->running()) {
      OrthancPluginRegisterOnChangeCallback(context, &OnChange);
      OrthancPluginRegisterOnStoredInstanceCallback(context, &OnStoredInstance);
    }
    OrthancPluginRegisterRestCallbackNoLock(context, kRestPaths, &OnRest);
    OrthancPluginRegisterRefreshMetricsCallback(context, &OnRefreshMetrics);
    OrthancPluginExtendOrthancExplorer(context, kExplorerScript);
  } catch (const std::exception& exception) {
    OrthancPluginLogError(context, exception.what());
  } catch (...) {
    OrthancPluginLogError(context, "Axial: not started; an exception that is no standard one");
  }
  return 0;  // Orthanc goes on without us
}

ORTHANC_PLUGINS_API void OrthancPluginFinalize() {
  try {
    axial::plugin::g_plugin.reset();
  } catch (...) {  // the process is ending anyway
  }
}

ORTHANC_PLUGINS_API const char* OrthancPluginGetName() { return "axial"; }

ORTHANC_PLUGINS_API const char* OrthancPluginGetVersion() { return AXIAL_VERSION; }

}  // extern "C"
