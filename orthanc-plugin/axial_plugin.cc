// SPDX-License-Identifier: GPL-3.0-or-later
#include "orthanc-plugin/axial_plugin.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "gateway/pipeline/analysis_requests.h"
#include "orthanc-plugin/orthanc_destination.h"
#include "orthanc-plugin/plugin_configuration.h"

namespace axial::plugin {
namespace {

/// The running executable is Orthanc, so the worker is looked for beside this shared library; where
/// Orthanc was given a link, beside what it leads to.
std::string WorkerBesidePlugin() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&ReadPluginConfiguration), &info) == 0) return "";
  std::error_code error;
  const std::filesystem::path library = std::filesystem::canonical(info.dli_fname, error);
  return (error ? std::filesystem::path(info.dli_fname) : library).parent_path() / "axial-worker";
}

}  // namespace

AxialPlugin::AxialPlugin(OrthancPluginContext* context) : context_(context), orthanc_(context) {
  try {
    Start();
  } catch (const std::exception& exception) {  // no thread to be had, no memory
    intake_.reset();
    pipeline_.reset();
    problems_.push_back({"Axial", 0, exception.what(), "mend what is named here"});
  }
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
  if (::access(options.worker_binary.c_str(), X_OK) != 0) {
    problems_.push_back({options.worker_binary, 0, "there is no such program",
                         "install axial-worker beside libAxialOrthanc.so, and restart Orthanc"});
    return;
  }
  options.listen = false;
  options.make_destination = [this](const config::Destination& destination,
                                    const deliver::DestinationOptions& destination_options)
      -> Result<std::unique_ptr<deliver::Destination>> {
    if (destination.kind == config::DestinationKind::kOrthanc)
      return MakeOrthancDestination(orthanc_);
    return deliver::MakeDestination(destination, destination_options);
  };
  auto started = pipeline::Pipeline::Start(*configuration.config, options);
  if (!started.ok()) {
    problems_.push_back({configuration.file, 0, started.error().message(),
                         "mend what is named here and restart Orthanc"});
    return;
  }
  pipeline_ = std::move(started).value();
  InstanceTaker::Options taker;
  taker.storage_folder = configuration.host.storage_folder;
  taker.reserve_bytes = configuration.config->storage.reserve_bytes;
  taker.analyze_copies = configuration.analyze_copies;
  taker.own_ae_title = configuration.host.ae_title;
  taker.metrics = &pipeline_->metrics();
  intake_ = std::make_unique<HostIntake>(
      orthanc_, *pipeline_, HostPorts{configuration.host.dicom_port, configuration.host.http_port},
      std::move(taker), configuration.config->completion.quiet);
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
  if (asked.ok() && !asked->study_here) intake_->events().OnWanted(orthanc_study_id);
  return asked;
}

void AxialPlugin::OnStoredInstance(const OrthancPluginDicomInstance* instance,
                                   const char* instance_id) {
  if (!intake_) return;
  const auto metadata = [&](const char* name) -> std::string {
    if (OrthancPluginHasInstanceMetadata(context_, instance, name) != 1) return "";
    const char* value = OrthancPluginGetInstanceMetadata(context_, instance, name);
    return value == nullptr ? "" : value;
  };
  Sender sender;
  // Whoever did not come by C-STORE is asked for later: it takes more questions.
  if (OrthancPluginGetInstanceOrigin(context_, instance) ==
      OrthancPluginInstanceOrigin_DicomProtocol) {
    sender = {Way::kDicom, metadata("RemoteAET"), metadata("CalledAET"), metadata("RemoteIP")};
    if (sender.calling_ae_title.empty() || sender.address.empty()) sender = {};
  }
  intake_->events().OnStored(instance_id, std::move(sender));
}

void AxialPlugin::OnChange(OrthancPluginChangeType change, OrthancPluginResourceType type,
                           const char* resource_id) {
  if (!intake_) return;
  HostEvents& events = intake_->events();
  if (change == OrthancPluginChangeType_OrthancStarted)
    events.OnStarted();
  else if (change == OrthancPluginChangeType_StableStudy)
    events.OnStable(resource_id);
  else if (change == OrthancPluginChangeType_Deleted && type == OrthancPluginResourceType_Study)
    events.OnDeletedStudy(resource_id);
  else if (change == OrthancPluginChangeType_Deleted && type == OrthancPluginResourceType_Series)
    events.OnDeletedSeries(resource_id);
}

}  // namespace axial::plugin
