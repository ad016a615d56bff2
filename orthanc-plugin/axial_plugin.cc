// SPDX-License-Identifier: GPL-3.0-or-later
#include "orthanc-plugin/axial_plugin.h"

#include <dlfcn.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "gateway/pipeline/analysis_requests.h"
#include "orthanc-plugin/plugin_configuration.h"

namespace axial::plugin {
namespace {

/// The running executable is Orthanc, so the worker is looked for beside this shared library.
std::string WorkerBesidePlugin() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&ReadPluginConfiguration), &info) == 0) return "";
  return std::filesystem::path(info.dli_fname).parent_path() / "axial-worker";
}

}  // namespace

AxialPlugin::AxialPlugin(OrthancPluginContext* context) : orthanc_(context) {
  Start();
  for (const config::Problem& problem : problems_)
    Log(LogLevel::kError, "configuration_problem", {{"problem", problem.ToString()}});
  if (running())
    Log(LogLevel::kWarning, "plugin_started");
  else
    Log(LogLevel::kError, "plugin_not_started",
        {{"problems", problems_.size()},
         {"remedy", "mend the configuration and restart Orthanc; /axial/healthz says the same"}});
}

AxialPlugin::~AxialPlugin() = default;

void AxialPlugin::Start() {
  PluginConfiguration configuration = ReadPluginConfiguration(orthanc_);
  problems_ = std::move(configuration.problems);
  if (!configuration.config) return;
  pipeline::PipelineOptions options;
  options.config_file = configuration.file;
  options.worker_binary = WorkerBesidePlugin();
  options.listen = false;
  auto started = pipeline::Pipeline::Start(*configuration.config, options);
  if (!started.ok()) {
    problems_.push_back({configuration.file, 0, started.error().message(),
                         "mend what is named here and restart Orthanc"});
    return;
  }
  pipeline_ = std::move(started).value();
  intake_ = std::make_unique<StudyIntake>(orthanc_, pipeline_->intake(), pipeline_->spool());
}

admin::Response AxialPlugin::Health() const {
  if (running()) return api()->Handle({"GET", "/healthz", ""});
  auto reasons = nlohmann::json::array();
  auto checks = nlohmann::json::array();
  for (const config::Problem& problem : problems_) {
    reasons.push_back("configuration: " + problem.ToString());
    checks.push_back({{"name", "configuration"},
                      {"ok", false},
                      {"status", "failing"},
                      {"detail", problem.ToString()}});
  }
  const nlohmann::json health{{"status", "failing"},
                              {"time", FormatTime(Clock::System().Now())},
                              {"reasons", std::move(reasons)},
                              {"checks", std::move(checks)},
                              {"workers", nlohmann::json::array()}};
  admin::Response response;
  response.status = 503;
  response.body = health.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  return response;
}

Result<pipeline::RequestedAnalysis> AxialPlugin::Analyze(const std::string& orthanc_study_id,
                                                         const std::string& study_uid,
                                                         const std::string& series_uid,
                                                         const std::string& model) {
  auto asked = pipeline_->Analyze(study_uid, series_uid, model);
  if (asked.ok() && !asked->study_here) intake_->OnStableStudy(orthanc_study_id);
  return asked;
}

void AxialPlugin::OnChange(OrthancPluginChangeType change, OrthancPluginResourceType,
                           const char* resource_id) {
  if (change == OrthancPluginChangeType_StableStudy && intake_) intake_->OnStableStudy(resource_id);
}

}  // namespace axial::plugin
