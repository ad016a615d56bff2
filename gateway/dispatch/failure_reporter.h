#pragma once

// Private to gateway/dispatch: a part of the dispatcher.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/dispatch/dispatch_metrics.h"
#include "gateway/dispatch/dispatcher.h"
#include "gateway/dispatch/model_table.h"
#include "gateway/dispatch/quarantine.h"
#include "gateway/dispatch/worker_slot.h"
#include "gateway/store/failure_report_store.h"

namespace axial::dispatch {

/// Lets one worker process write the owed failure reports, one after the other.
///
/// The process loads no model, so that a model that cannot be loaded can be reported too; it is
/// none of workers.processes, lives only while something is owed, and costs the report one attempt
/// when it dies or hangs. Runs on the dispatcher's thread.
class FailureReporter {
 public:
  /// What it shares with the dispatcher, which outlives it.
  struct Surroundings {
    store::FailureReportStore& reports;
    const store::JobStore& jobs;
    const config::Workers& workers;
    const DispatchOptions& options;
    const Quarantine& quarantine;
    DispatchMetrics& metrics;
    std::vector<std::unique_ptr<WorkerProcess>>& ending;  ///< killed, for their owner to reap
  };
  explicit FailureReporter(const Surroundings& surroundings) : with_(surroundings) {}

  /// One round: hears the process, enforces its deadline, leases what is owed. `models` and
  /// `profiles`: of the configuration in force. Takes back every lease of an earlier process first.
  void RunOnce(TimePoint now, ModelTable& models, const ProfilesByDestination& profiles);

  /// Ends the process; a report that is not done keeps its attempt.
  void Stop(TimePoint now);

  void AppendPollDescriptors(std::vector<pollfd>& descriptors) const;
  [[nodiscard]] std::optional<TimePoint> NextWake() const;

 private:
  void Reclaim(TimePoint now);
  void Hear(TimePoint now);
  void OnMessage(const protocol::Message& message, TimePoint now);
  void OnDone(const protocol::JobDone& done, TimePoint now);
  void EnforceDeadlines(TimePoint now);
  /// Leases the next report that somebody wants.
  void Take(TimePoint now, const ProfilesByDestination& profiles);
  void Start(TimePoint now);
  void Give(TimePoint now, ModelTable& models);
  void Lose(const Error& reason, bool worker_died, TimePoint now);
  /// The process is of no more use: it dies, and its report loses the attempt.
  void Condemn(const Error& reason, TimePoint now);
  void EndProcess();
  void Forget(bool keep_files);

  const Surroundings with_;
  bool reclaimed_ = false;
  TimePoint reclaimed_at_{};
  std::unique_ptr<WorkerProcess> process_;
  SlotState state_ = SlotState::kStarting;
  TimePoint since_{};  ///< of the state
  std::optional<store::LeasedReport> report_;
  ResultWishes wishes_;           ///< of report_
  std::string output_directory_;  ///< of report_, once it is given to the process
};

}  // namespace axial::dispatch
