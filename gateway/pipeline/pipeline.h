#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/base/metrics.h"
#include "core/base/result.h"
#include "gateway/deliver/destination.h"
#include "gateway/pipeline/study_remover.h"
#include "gateway/receive/receive_events.h"
#include "gateway/receive/spool_disk.h"
#include "gateway/store/host_store.h"

namespace axial::admin {
class AdminApi;
}

namespace axial::pipeline {

struct RequestedAnalysis;

/// What the host of the pipeline decides.
struct PipelineOptions {
  std::string config_file;    ///< named in messages
  std::string worker_binary;  ///< "": axial-worker beside the running executable
  /// false inside a host that receives DICOM and serves HTTP itself (the Orthanc plugin): no port
  /// is opened, Instances come through intake(), and api() is what to serve.
  bool listen = true;
  /// Makes the Destinations; empty: deliver::MakeDestination. A host adds what it alone can reach.
  deliver::DestinationFactory make_destination;
  /// Where received files go; nullptr: the folder `spool` of storage.directory.
  std::shared_ptr<receive::SpoolDisk> spool;
};

/// The gateway: receive, assemble, route, dispatch, deliver, and the admin server, wired over one
/// store. Every stage continues from the rows that an earlier process left, however it ended.
class Pipeline {
 public:
  /// Errors: what the rules, the storage, the ports say; each names the key to change.
  [[nodiscard]] static Result<std::unique_ptr<Pipeline>> Start(const config::Config& config,
                                                               const PipelineOptions& options);

  /// Takes over rules, models, destinations, peers and completion limits. Errors: InvalidInput (the
  /// old configuration stays), Unsupported (a key that needs a restart changed; the rest is in
  /// force).
  [[nodiscard]] Status Reload(const config::Config& config);

  /// Drains and stops: open Associations may finish, running Jobs get a short grace.
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// 0 when the pipeline does not listen.
  [[nodiscard]] std::uint16_t dicom_port() const;
  [[nodiscard]] std::uint16_t admin_port() const;

  /// Where Instances enter, and where their bytes must lie before they do. Both live as long as
  /// this.
  [[nodiscard]] receive::ReceiveEvents& intake();
  [[nodiscard]] receive::SpoolDisk& spool();

  /// The HTTP API of design 4.4 without HTTP, for a host that serves HTTP itself; and the metrics.
  [[nodiscard]] const admin::AdminApi& api() const;
  [[nodiscard]] Metrics& metrics();

  /// Runs a model that a person asks for; as AnalysisRequests::Ask (analysis_requests.h).
  [[nodiscard]] Result<RequestedAnalysis> Analyze(const std::string& study_uid,
                                                  const std::string& series_uid,
                                                  const std::string& model);

  /// Studies for which a person's request waits.
  [[nodiscard]] Result<std::vector<std::string>> AwaitedStudies() const;

  /// What a host tells of itself, and of its studies.
  [[nodiscard]] store::HostStore& host();
  [[nodiscard]] StudyRemover& remover();
  /// It had no new Instance of the study for as long as it waits.
  void OnStable(const std::string& study_uid);

 private:
  struct State;
  explicit Pipeline(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace axial::pipeline
