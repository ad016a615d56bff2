// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <orthanc/OrthancCPlugin.h>

#include <memory>
#include <string>
#include <vector>

#include "config/problem.h"
#include "core/base/metrics.h"
#include "core/base/result.h"
#include "gateway/admin/admin_api.h"
#include "gateway/pipeline/pipeline.h"
#include "orthanc-plugin/host_intake.h"
#include "orthanc-plugin/orthanc_api.h"

namespace axial::plugin {

/// All that runs inside one Orthanc, from OrthancPluginInitialize to OrthancPluginFinalize.
///
/// With a wrong configuration it runs nothing, and only says so: `running()` is false, Health()
/// tells what is wrong and where. Thread-safe.
class AxialPlugin {
 public:
  /// Starts the pipeline. Whatever is wrong is logged and kept. `context` outlives this.
  explicit AxialPlugin(OrthancPluginContext* context);
  /// Ends after what is in progress.
  ~AxialPlugin();
  AxialPlugin(const AxialPlugin&) = delete;
  AxialPlugin& operator=(const AxialPlugin&) = delete;

  [[nodiscard]] bool running() const { return pipeline_ != nullptr; }

  /// The answer to GET /axial/healthz: that of the gateway, or 503 with what keeps it from running.
  [[nodiscard]] admin::Response Health() const;
  /// The same, the body alone.
  [[nodiscard]] std::string HealthJson() const { return Health().body; }

  /// The gateway's HTTP API (design 4.4); nullptr when it does not run.
  [[nodiscard]] const admin::AdminApi* api() const {
    return running() ? &pipeline_->api() : nullptr;
  }
  /// nullptr when it does not run.
  [[nodiscard]] Metrics* metrics() { return running() ? &pipeline_->metrics() : nullptr; }
  [[nodiscard]] const OrthancApi& orthanc() const { return orthanc_; }

  /// Runs a model on demand (analysis_requests.h); a study that is not here yet is taken in. Only
  /// when it runs.
  [[nodiscard]] Result<pipeline::RequestedAnalysis> Analyze(const std::string& orthanc_study_id,
                                                            const std::string& study_uid,
                                                            const std::string& series_uid,
                                                            const std::string& model);

  /// From Orthanc's callbacks: these return at once.
  void OnStoredInstance(const OrthancPluginDicomInstance* instance, const char* instance_id);
  void OnChange(OrthancPluginChangeType change, OrthancPluginResourceType type,
                const char* resource_id);

 private:
  void Start();

  OrthancPluginContext* const context_;
  const OrthancApi orthanc_;
  std::vector<config::Problem> problems_;  ///< why it does not run
  std::unique_ptr<pipeline::Pipeline> pipeline_;
  std::unique_ptr<HostIntake> intake_;
};

}  // namespace axial::plugin
