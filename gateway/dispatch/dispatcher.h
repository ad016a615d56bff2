#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/model_card.h"
#include "core/base/clock.h"
#include "core/base/metrics.h"
#include "gateway/dispatch/quarantine.h"
#include "gateway/dispatch/worker_process.h"
#include "gateway/store/failure_report_store.h"
#include "gateway/store/job_store.h"

namespace axial::dispatch {

struct DispatchOptions {
  std::string results_directory;  ///< absolute; files of an attempt go to <job id>/<attempt>/ below
  std::string worker_binary;      ///< "": axial-worker beside the running executable
  Metrics* metrics = nullptr;     ///< required; outlives the dispatcher
  const Clock* clock = &Clock::System();
  QuarantineLimits quarantine;        ///< of results that the workers' own checks refused
  std::function<void()> on_produced;  ///< on the dispatcher's thread; must not block

  Duration lease = std::chrono::seconds(60);  ///< renewed while the worker runs
  Duration startup_deadline = std::chrono::minutes(2);
  Duration restart_pause = std::chrono::seconds(1);  ///< after a failed start; doubles
  Duration restart_pause_at_most = std::chrono::minutes(1);
  Duration stop_grace = std::chrono::seconds(5);  ///< real time; then SIGTERM, then SIGKILL
  WorkerLauncher launcher = SpawnWorker;
};

/// One worker process, for people.
struct WorkerStatus {
  std::string model;
  std::string state;  ///< starting | idle | busy
  pid_t pid = 0;
  std::int64_t job = 0;  ///< 0: none
  std::string model_digest;
  std::string device;
  double load_seconds = 0;
  TimePoint since{};  ///< of the state
};

/// One model, for people.
struct ModelStatus {
  std::string name;
  std::string version;
  bool loaded = false;     ///< a worker holds it now
  std::string last_error;  ///< of the last failed start or lost attempt; "" after a success
  TimePoint not_before{};  ///< not started again before; 0: now
};

struct DispatchStatus {
  std::vector<WorkerStatus> workers;
  std::vector<ModelStatus> models;
};

/// Leases Jobs to worker processes that are kept warm with one model each.
///
/// A crash, a hang beyond workers.deadline or a broken protocol costs the Job one attempt and the
/// worker its life; nothing else. A Job that failed for good is reported (FailureReporter). All
/// work is done on one thread (Start), or by whoever calls RunOnce (the simulator); the rest of the
/// interface is thread-safe.
class Dispatcher {
 public:
  /// `jobs` and `reports` outlive the dispatcher. `models`: those whose card is without problems.
  Dispatcher(store::JobStore& jobs, store::FailureReportStore& reports,
             const config::Workers& workers, std::vector<config::ModelCard> models,
             DispatchOptions options);
  /// Stops.
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  /// Runs RunOnce on an own thread: on a nudge, when a worker has news, and when something falls
  /// due. Takes back every lease left by an earlier process first.
  void Start();

  /// There may be a new Job. Cheap.
  void Nudge();

  /// Ends the workers: a Shutdown message (a running Job may end within stop_grace), then SIGTERM,
  /// then SIGKILL. A Job that did not end goes back to the queue and keeps its attempt.
  void Stop();

  /// After a reload: workers of models that changed or are gone end after their Job; queued Jobs of
  /// models that are gone fail.
  void SetModels(std::vector<config::ModelCard> models);

  /// What each Destination wants of a run; holds for Jobs given to a worker from now on.
  void SetDestinations(const std::map<std::string, config::Destination>& destinations);

  [[nodiscard]] DispatchStatus Status() const;

  /// What was refused before it could leave.
  [[nodiscard]] const Quarantine& quarantine() const;

  /// One round without waiting: hears the workers, enforces deadlines, leases and starts. Not
  /// together with Start.
  void RunOnce(TimePoint now);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace axial::dispatch
