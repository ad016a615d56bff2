#include <algorithm>
#include <thread>

#include "core/base/log.h"
#include "gateway/dispatch/dispatcher_state.h"

namespace axial::dispatch {
namespace {

/// How often rows that no nudge tells of are looked at: expired leases, Jobs without a model.
constexpr Duration kHousekeeping = std::chrono::seconds(1);
/// A lease is renewed this many times before it would end.
constexpr int kRenewalsPerLease = 3;

void LogStoreError(const char* doing, const Error& error) {
  Log(LogLevel::kError, "dispatch_store_error", {{"doing", doing}, {"error", error.ToString()}});
}

}  // namespace

void Dispatcher::State::RunOnce(TimePoint now) {
  TakeNewModels();
  HearWorkers(now);
  EnforceDeadlines(now);
  RenewLeases(now);
  DropGoneSlots();
  if (!ending_all) {
    KeepHouse(now);
    RetireOutdated();
    Assign(now);
    WarmUp(now);
    ReportFailures(now);
  }
  Publish();
}

void Dispatcher::State::TakeNewModels() {
  std::optional<std::vector<config::ModelCard>> taken;
  {
    const std::lock_guard lock(mutex);
    taken.swap(new_models);
  }
  if (!taken) return;
  models.Set(std::move(*taken));
  house_kept_at = TimePoint{};
}

void Dispatcher::State::KeepHouse(TimePoint now) {
  if (reclaimed && now - house_kept_at < kHousekeeping && now >= house_kept_at) return;
  const Result<int> taken_back = reclaimed ? jobs.ReclaimLeases(now) : jobs.ReclaimAllLeases(now);
  if (!taken_back.ok()) return LogStoreError("reclaim", taken_back.error());
  if (*taken_back > 0) Log(LogLevel::kWarning, "job_leases_reclaimed", {{"jobs", *taken_back}});
  reclaimed = true;
  house_kept_at = now;
  const Result<int> failed = jobs.FailQueuedWithoutModel(models.Names(), now);
  if (!failed.ok()) return LogStoreError("fail jobs without model", failed.error());
  if (*failed > 0) Log(LogLevel::kError, "jobs_without_model", {{"jobs", *failed}});
}

void Dispatcher::State::EnforceDeadlines(TimePoint now) {
  for (WorkerSlot& slot : slots) {
    if (slot.gone) continue;
    if (slot.state == SlotState::kStarting && now - slot.since >= options.startup_deadline) {
      CondemnSlot(slot,
                  MakeError(ErrorCode::kTimeout, "the worker was not ready after {} s",
                            options.startup_deadline / std::chrono::seconds(1)),
                  "start_failed", now);
    } else if (slot.state == SlotState::kBusy &&
               now - slot.running->started_at >= workers.deadline) {
      CondemnSlot(slot,
                  MakeError(ErrorCode::kTimeout, "no result after {} s (workers.deadline)",
                            workers.deadline / std::chrono::seconds(1)),
                  "deadline", now);
    }
  }
}

void Dispatcher::State::RenewLeases(TimePoint now) {
  for (WorkerSlot& slot : slots)
    if (!slot.gone && slot.running &&
        now - slot.running->recorded_at >= options.lease / kRenewalsPerLease)
      RecordProgress(slot, now);
}

void Dispatcher::State::RetireOutdated() {
  for (WorkerSlot& slot : slots) {
    const Model* model = models.Find(slot.model);
    const bool outdated = model == nullptr || model->fingerprint != slot.fingerprint;
    if (outdated && !slot.running) EndSlot(slot);
  }
  DropGoneSlots();
}

bool Dispatcher::State::HasRoom() const {
  if (static_cast<int>(slots.size()) < workers.processes) return true;
  return std::any_of(slots.begin(), slots.end(),
                     [](const WorkerSlot& slot) { return !slot.running; });
}

std::vector<std::string> Dispatcher::State::LeasableModels(TimePoint now) const {
  std::vector<std::string> names;
  for (const Model& model : models.all()) {
    const bool has_worker = std::any_of(slots.begin(), slots.end(), [&](const WorkerSlot& slot) {
      return slot.model == model.card.name && !slot.running;
    });
    if (has_worker || now >= model.not_before) names.push_back(model.card.name);
  }
  return names;
}

void Dispatcher::State::Assign(TimePoint now) {
  if (!reclaimed) return;  // the store does not answer yet
  while (HasRoom()) {
    const std::vector<std::string> names = LeasableModels(now);
    if (names.empty()) return;
    Result<std::optional<store::Job>> job = jobs.Lease(names, now, options.lease);
    if (!job.ok()) return LogStoreError("lease", job.error());
    if (!*job || !Place(std::move(**job), now)) return;
  }
}

/// False when no worker could be started for it.
bool Dispatcher::State::Place(store::Job job, TimePoint now) {
  WorkerSlot* slot = FreeSlotOf(job.model);
  if (!slot) slot = StartSlot(*models.Find(job.model), now);
  if (!slot) {
    const Model* model = models.Find(job.model);
    const Error reason(ErrorCode::kUnavailable, model->last_error);
    metrics.Outcome("start_failed").Increment();
    if (const axial::Status lost = jobs.LoseAttempt(job, reason, /*worker_died=*/true, now,
                                                    {store::FailureCause::kNotStarted});
        !lost.ok())
      LogStoreError("lose attempt", lost.error());
    return false;
  }
  slot->running = RunningJob{};
  slot->running->job = std::move(job);
  slot->running->recorded_at = now;
  if (slot->state == SlotState::kIdle) GiveJob(*slot, now);
  DropGoneSlots();
  return true;
}

/// A worker of the model that is or will be ready; a ready one first.
WorkerSlot* Dispatcher::State::FreeSlotOf(const std::string& model) {
  WorkerSlot* starting = nullptr;
  for (WorkerSlot& slot : slots) {
    if (slot.gone || slot.running || slot.model != model) continue;
    if (slot.state == SlotState::kIdle) return &slot;
    starting = &slot;
  }
  return starting;
}

WorkerSlot* Dispatcher::State::StartSlot(const Model& model, TimePoint now) {
  if (static_cast<int>(slots.size()) >= workers.processes) MakeRoom();
  WorkerCommand command;
  command.binary =
      options.worker_binary.empty() ? WorkerBinaryBesideExecutable() : options.worker_binary;
  command.model = model.card.name;
  command.model_folder = model.card.folder;
  command.threads =
      workers.ThreadsPerProcess(static_cast<int>(std::thread::hardware_concurrency()));
  command.memory_bytes = workers.memory_bytes;
  command.device = workers.device;
  Result<std::unique_ptr<WorkerProcess>> process = options.launcher(command);
  if (!process.ok()) {
    const Error reason = process.error().WithContext("cannot start a worker");
    Log(LogLevel::kError, "worker_not_started",
        {{"model", model.card.name}, {"error", reason.ToString()}});
    models.Failed(model.card.name, /*at_start=*/true, reason.message(), now);
    return nullptr;
  }
  WorkerSlot slot;
  slot.process = std::move(process).value();
  slot.model = model.card.name;
  slot.fingerprint = model.fingerprint;
  slot.since = now;
  Log(LogLevel::kInfo, "worker_starting", {{"model", slot.model}, {"pid", slot.process->pid()}});
  slots.push_back(std::move(slot));
  return &slots.back();
}

/// Ends the free worker whose model was used longest ago.
void Dispatcher::State::MakeRoom() {
  WorkerSlot* oldest = nullptr;
  TimePoint oldest_used_at{};
  for (WorkerSlot& slot : slots) {
    if (slot.running) continue;
    const Model* model = models.Find(slot.model);
    const TimePoint used_at = model ? model->last_used_at : TimePoint{};
    if (oldest && used_at >= oldest_used_at) continue;
    oldest = &slot;
    oldest_used_at = used_at;
  }
  AXIAL_INVARIANT(oldest != nullptr);  // HasRoom was asked
  EndSlot(*oldest);
  DropGoneSlots();
}

/// Starts workers for models without one while there is room, so that the first Job need not wait.
void Dispatcher::State::WarmUp(TimePoint now) {
  while (static_cast<int>(slots.size()) < workers.processes) {
    const Model* next = nullptr;
    for (const Model& model : models.all()) {
      if (model.start_failed || now < model.not_before) continue;
      const bool warm = std::any_of(slots.begin(), slots.end(), [&](const WorkerSlot& slot) {
        return slot.model == model.card.name;
      });
      if (!warm && (!next || model.last_used_at > next->last_used_at)) next = &model;
    }
    if (!next || !StartSlot(*next, now)) return;
  }
}

void Dispatcher::State::ReportFailures(TimePoint now) {
  ProfilesByDestination in_force;
  {
    const std::lock_guard lock(mutex);
    in_force = profiles;
  }
  reporter.RunOnce(now, models, in_force);
}

TimePoint Dispatcher::State::NextWake(TimePoint now) const {
  TimePoint wake_at = now + kHousekeeping;
  const auto consider = [&](TimePoint at) {
    if (at > now) wake_at = std::min(wake_at, at);
  };
  for (const WorkerSlot& slot : slots) {
    if (slot.state == SlotState::kStarting) consider(slot.since + options.startup_deadline);
    if (slot.state == SlotState::kBusy) consider(slot.running->started_at + workers.deadline);
    if (slot.running) consider(slot.running->recorded_at + options.lease / kRenewalsPerLease);
  }
  for (const Model& model : models.all()) consider(model.not_before);
  if (const auto at = reporter.NextWake()) consider(*at);
  if (HasRoom())
    if (const auto due = jobs.NextDue(); due.ok() && *due) consider(**due);
  return wake_at;
}

void Dispatcher::State::Publish() {
  DispatchStatus fresh;
  double counts[3] = {0, 0, 0};
  for (const WorkerSlot& slot : slots) {
    ++counts[static_cast<int>(slot.state)];
    fresh.workers.push_back({slot.model, std::string(SlotStateName(slot.state)),
                             slot.process->pid(), slot.running ? slot.running->job.id : 0,
                             slot.hello.model_digest, slot.hello.device, slot.hello.load_seconds,
                             slot.since});
  }
  for (const Model& model : models.all()) {
    const bool loaded = std::any_of(slots.begin(), slots.end(), [&](const WorkerSlot& slot) {
      return slot.model == model.card.name && slot.state != SlotState::kStarting;
    });
    fresh.models.push_back(
        {model.card.name, model.card.version, loaded, model.last_error, model.not_before});
  }
  for (const SlotState state : {SlotState::kStarting, SlotState::kIdle, SlotState::kBusy})
    metrics.SetWorkers(state, counts[static_cast<int>(state)]);
  const std::lock_guard lock(mutex);
  status = std::move(fresh);
}

}  // namespace axial::dispatch
