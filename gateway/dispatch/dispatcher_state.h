#pragma once

// Private to gateway/dispatch: what the dispatcher's thread works on.

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gateway/dispatch/dispatch_metrics.h"
#include "gateway/dispatch/dispatcher.h"
#include "gateway/dispatch/failure_reporter.h"
#include "gateway/dispatch/model_table.h"
#include "gateway/dispatch/owned_fd.h"
#include "gateway/dispatch/worker_slot.h"

namespace axial::dispatch {

/// One thread calls everything but Nudge, SetModels and Status.
struct Dispatcher::State {
  State(store::JobStore& jobs_in, store::FailureReportStore& reports,
        const config::Workers& workers_in, std::vector<config::ModelCard> models_in,
        DispatchOptions options_in);

  // ---- one round (dispatcher_round.cc): leases, places, renews, enforces
  void RunOnce(TimePoint now);
  void TakeNewModels();
  void KeepHouse(TimePoint now);
  void EnforceDeadlines(TimePoint now);
  void RenewLeases(TimePoint now);
  void RetireOutdated();
  void Assign(TimePoint now);
  void WarmUp(TimePoint now);
  [[nodiscard]] bool HasRoom() const;
  [[nodiscard]] std::vector<std::string> LeasableModels(TimePoint now) const;
  [[nodiscard]] bool Place(store::Job job, TimePoint now);
  [[nodiscard]] WorkerSlot* FreeSlotOf(const std::string& model);
  [[nodiscard]] WorkerSlot* StartSlot(const Model& model, TimePoint now);
  void MakeRoom();
  [[nodiscard]] TimePoint NextWake(TimePoint now) const;
  void Publish();

  // ---- what a worker says (dispatcher_hear.cc)
  void HearWorkers(TimePoint now);
  void Hear(WorkerSlot& slot, protocol::Message message, TimePoint now);
  void OnReady(WorkerSlot& slot, protocol::Hello hello, TimePoint now);
  void OnProgress(WorkerSlot& slot, const protocol::Progress& progress, TimePoint now);
  void OnDone(WorkerSlot& slot, const protocol::JobDone& done, TimePoint now);
  void OnFailed(WorkerSlot& slot, const protocol::JobFailed& failed, TimePoint now);
  void OnExited(WorkerSlot& slot, const Error& reason, TimePoint now);
  void GiveJob(WorkerSlot& slot, TimePoint now);
  [[nodiscard]] Result<ResultWishes> WishesFor(const store::Job& job) const;
  void RecordProgress(WorkerSlot& slot, TimePoint now);
  void Lose(WorkerSlot& slot, const Error& reason, bool worker_died, const char* outcome,
            store::FailureCause cause, TimePoint now);
  static void Become(WorkerSlot& slot, SlotState state, TimePoint now);
  /// Kills the worker of a slot whose Job (if any) has been dealt with.
  void EndSlot(WorkerSlot& slot);
  /// As EndSlot, because the worker misbehaved: its Job loses the attempt, its model waits.
  void CondemnSlot(WorkerSlot& slot, const Error& reason, const char* outcome, TimePoint now);
  void ReportFailures(TimePoint now);
  void DropGoneSlots();

  // ---- thread and end (dispatcher.cc)
  void Loop();
  /// As after a restart of the process: no worker, and every lease is taken back.
  void StartOver();
  void Wait(Duration at_most);
  void EndWorkers();
  void Nudge() const;

  store::JobStore& jobs;
  const config::Workers workers;
  const DispatchOptions options;
  const Quarantine quarantine;
  DispatchMetrics metrics;
  ModelTable models;
  std::vector<WorkerSlot> slots;
  std::vector<std::unique_ptr<WorkerProcess>> ending;  ///< killed, not yet reaped
  FailureReporter reporter;
  bool reclaimed = false;  ///< leases of an earlier process
  TimePoint house_kept_at{};
  bool ending_all = false;  ///< Stop has begun: no Job is taken, none loses its attempt

  OwnedFd wake;  ///< eventfd
  std::thread thread;
  std::atomic<bool> stop{false};

  mutable std::mutex mutex;
  std::optional<std::vector<config::ModelCard>> new_models;  // guarded by mutex
  ProfilesByDestination profiles;                            // guarded by mutex
  DispatchStatus status;                                     // guarded by mutex
};

}  // namespace axial::dispatch
