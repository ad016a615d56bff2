#include <algorithm>
#include <csignal>

#include "core/base/log.h"
#include "gateway/dispatch/artifacts.h"
#include "gateway/dispatch/dispatcher_state.h"
#include "gateway/dispatch/failed_run.h"
#include "gateway/dispatch/keep_refused.h"
#include "gateway/dispatch/run_job.h"

namespace axial::dispatch {
namespace {

/// Of one worker in one round, so that a chattering one does not starve others.
constexpr int kMaxEventsAtOnce = 100;
/// Progress is a durable write; more of it than this is only remembered.
constexpr Duration kProgressInterval = std::chrono::milliseconds(500);
/// Texts from a worker that go into rows.
constexpr std::size_t kMaxStageBytes = 32;
constexpr std::size_t kMaxSummaryBytes = 500;
constexpr std::size_t kMaxMessageBytes = 2000;

/// At most `bytes` of UTF-8 text, cut between characters.
std::string Cut(const std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

/// Of an error of the gateway's own: full disks are worth telling.
store::FailureCause CauseByCode(const Error& error) {
  return error.code() == ErrorCode::kExhausted ? store::FailureCause::kExhausted
                                               : store::FailureCause::kError;
}

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

void Dispatcher::State::HearWorkers(TimePoint now) {
  for (WorkerSlot& slot : slots) {
    for (int i = 0; i < kMaxEventsAtOnce && !slot.gone; ++i) {
      std::optional<WorkerEvent> event = slot.process->NextEvent();
      if (!event) break;
      if (auto* message = std::get_if<protocol::Message>(&*event))
        Hear(slot, std::move(*message), now);
      else
        OnExited(slot, std::get<WorkerExited>(*event).reason, now);
    }
  }
  DropGoneSlots();
  std::erase_if(ending, [](const std::unique_ptr<WorkerProcess>& process) {
    while (const std::optional<WorkerEvent> event = process->NextEvent())
      if (std::holds_alternative<WorkerExited>(*event)) return true;
    return false;
  });
}

void Dispatcher::State::Hear(WorkerSlot& slot, protocol::Message message, TimePoint now) {
  switch (React(slot.state, slot.running ? slot.running->job.id : 0, message)) {
    case Reaction::kReady:
      return OnReady(slot, std::move(std::get<protocol::Hello>(message)), now);
    case Reaction::kProgress:
      return OnProgress(slot, std::get<protocol::Progress>(message), now);
    case Reaction::kDone:
      return OnDone(slot, std::get<protocol::JobDone>(message), now);
    case Reaction::kFailed:
      return OnFailed(slot, std::get<protocol::JobFailed>(message), now);
    case Reaction::kBroken:
      return CondemnSlot(slot,
                         MakeError(ErrorCode::kInternal,
                                   "the worker broke the protocol: a message that has no meaning "
                                   "while it is {}",
                                   SlotStateName(slot.state)),
                         "crashed", now);
  }
}

void Dispatcher::State::OnReady(WorkerSlot& slot, protocol::Hello hello, TimePoint now) {
  if (hello.version != protocol::kVersion)
    return CondemnSlot(slot,
                       MakeError(ErrorCode::kInternal,
                                 "the worker speaks protocol version {}, this gateway {}; install "
                                 "both from the same build",
                                 hello.version, protocol::kVersion),
                       "start_failed", now);
  if (hello.model != slot.model)
    return CondemnSlot(slot, Error(ErrorCode::kInternal, "the worker loaded another model"),
                       "start_failed", now);
  Log(LogLevel::kInfo, "worker_ready",
      {{"model", slot.model},
       {"pid", slot.process->pid()},
       {"device", hello.device},
       {"load_seconds", hello.load_seconds}});
  metrics.ObserveLoad(slot.model, hello.load_seconds);
  slot.hello = std::move(hello);
  models.Started(slot.model, now);
  Become(slot, SlotState::kIdle, now);
  if (slot.running && !ending_all) GiveJob(slot, now);
}

Result<ResultWishes> Dispatcher::State::WishesFor(const store::Job& job) const {
  AXIAL_ASSIGN_OR_RETURN(const std::vector<std::string> destinations, jobs.Destinations(job));
  const std::lock_guard lock(mutex);
  return GatherWishes(destinations, profiles);
}

void Dispatcher::State::GiveJob(WorkerSlot& slot, TimePoint now) {
  const store::Job& job = slot.running->job;
  const auto give = [&]() -> axial::Status {
    AXIAL_ASSIGN_OR_RETURN(
        slot.running->output_directory,
        MakeOutputDirectory(options.results_directory, job.id, std::to_string(job.attempt)));
    AXIAL_ASSIGN_OR_RETURN(slot.running->wishes, WishesFor(job));
    AXIAL_ASSIGN_OR_RETURN(protocol::RunJob run, MakeRunJob(jobs, job, slot.running->wishes,
                                                            slot.running->output_directory));
    AXIAL_ASSIGN_OR_RETURN(const std::vector<store::EarlierArtifact> earlier,
                           jobs.Predecessors(job));
    run.predecessors = ToPredecessors(earlier, slot.running->wishes);
    return slot.process->Send(run);
  };
  if (const axial::Status given = give(); !given.ok())
    return Lose(slot, given.error(), /*worker_died=*/false, "not_given", CauseByCode(given.error()),
                now);
  slot.running->started_at = now;
  Become(slot, SlotState::kBusy, now);
  Log(LogLevel::kInfo, "job_started",
      {{"job", job.id},
       {"attempt", job.attempt},
       {"study", job.study_uid},
       {"series", job.series_uid},
       {"model", job.model},
       {"pid", slot.process->pid()}});
}

void Dispatcher::State::OnProgress(WorkerSlot& slot, const protocol::Progress& progress,
                                   TimePoint now) {
  slot.running->fraction = std::clamp(progress.fraction, 0.0, 1.0);
  slot.running->stage = Cut(progress.stage, kMaxStageBytes);
  if (now - slot.running->recorded_at >= kProgressInterval) RecordProgress(slot, now);
}

void Dispatcher::State::RecordProgress(WorkerSlot& slot, TimePoint now) {
  RunningJob& running = *slot.running;
  running.recorded_at = now;
  const axial::Status recorded =
      jobs.RecordProgress(running.job, running.fraction, running.stage, now + options.lease);
  if (recorded.ok()) return;
  Log(LogLevel::kWarning, "job_progress_not_recorded",
      {{"job", running.job.id}, {"error", recorded.error().ToString()}});
  if (recorded.error().code() != ErrorCode::kConflict) return;
  // The Job is someone else's, or cancelled: what runs is of no use any more.
  const bool busy = slot.state == SlotState::kBusy;
  RemoveOutputDirectory(running.output_directory);
  metrics.Outcome("dropped").Increment();
  slot.running.reset();
  if (busy) EndSlot(slot);
}

void Dispatcher::State::OnDone(WorkerSlot& slot, const protocol::JobDone& done, TimePoint now) {
  RunningJob& running = *slot.running;
  Result<std::vector<store::ProducedArtifact>> artifacts =
      CheckArtifacts(running.output_directory, done.artifacts, running.wishes);
  if (!artifacts.ok()) {
    if (artifacts.error().code() == ErrorCode::kCorrupt) MarkRefused(running.output_directory);
    Lose(slot, artifacts.error(), /*worker_died=*/false, "bad_artifacts",
         store::FailureCause::kBadResult, now);
    if (artifacts.error().code() == ErrorCode::kCorrupt) EndSlot(slot);
    return;
  }
  const axial::Status produced =
      jobs.Produce(running.job, *artifacts, Cut(done.summary, kMaxSummaryBytes), now);
  models.Answered(slot.model, now);
  if (!produced.ok()) {
    running.output_directory
        .clear();  // kept: a commit that only seemed to fail would name its files
    return Lose(slot, produced.error(), /*worker_died=*/false, "dropped",
                CauseByCode(produced.error()), now);
  }
  Log(LogLevel::kInfo, "job_produced",
      {{"job", running.job.id},
       {"attempt", running.job.attempt},
       {"study", running.job.study_uid},
       {"model", slot.model},
       {"artifacts", artifacts->size()},
       {"seconds", Seconds(now - running.started_at)}});
  metrics.Outcome("produced").Increment();
  metrics.ObserveRun(slot.model, now - running.started_at);
  slot.running.reset();
  Become(slot, SlotState::kIdle, now);
  if (options.on_produced) options.on_produced();
}

void Dispatcher::State::OnFailed(WorkerSlot& slot, const protocol::JobFailed& failed,
                                 TimePoint now) {
  models.Answered(slot.model, now);
  Lose(slot, Error(failed.code, Cut(failed.message, kMaxMessageBytes)),
       /*worker_died=*/false, "refused", CauseOf(failed), now);
}

void Dispatcher::State::OnExited(WorkerSlot& slot, const Error& reason, TimePoint now) {
  slot.gone = true;  // already reaped: nothing to end
  if (!ending_all)
    return CondemnSlot(slot, reason,
                       slot.state == SlotState::kStarting ? "start_failed" : "crashed", now);
  if (!slot.running) return;
  if (const axial::Status returned = jobs.ReturnLease(slot.running->job, now); !returned.ok())
    Log(LogLevel::kWarning, "job_lease_not_returned",
        {{"job", slot.running->job.id}, {"error", returned.error().ToString()}});
}

void Dispatcher::State::CondemnSlot(WorkerSlot& slot, const Error& reason, const char* outcome,
                                    TimePoint now) {
  const bool at_start = slot.state == SlotState::kStarting;
  const auto cause = reason.code() == ErrorCode::kTimeout ? store::FailureCause::kTimeout
                                                          : store::FailureCause::kCrashed;
  Log(LogLevel::kError, "worker_lost",
      {{"model", slot.model},
       {"pid", slot.process->pid()},
       {"state", SlotStateName(slot.state)},
       {"error", reason.ToString()}});
  models.Failed(slot.model, at_start, reason.message(), now);
  if (slot.running)
    Lose(slot, at_start ? reason.WithContext("model {} did not start", slot.model) : reason,
         /*worker_died=*/true, outcome, at_start ? store::FailureCause::kNotStarted : cause, now);
  EndSlot(slot);
}

void Dispatcher::State::Lose(WorkerSlot& slot, const Error& reason, bool worker_died,
                             const char* outcome, store::FailureCause cause, TimePoint now) {
  const RunningJob& running = *slot.running;
  const Error told =
      KeepRefused(quarantine, metrics, running.output_directory, running.job, reason, now);
  Log(LogLevel::kWarning, "job_attempt_lost",
      {{"job", running.job.id},
       {"attempt", running.job.attempt},
       {"study", running.job.study_uid},
       {"model", slot.model},
       {"outcome", outcome},
       {"error", told.ToString()}});
  metrics.Outcome(outcome).Increment();
  // A row that cannot be written now comes back when its lease ends.
  if (const axial::Status lost =
          jobs.LoseAttempt(running.job, told, worker_died, now, {cause, slot.hello.model_digest});
      !lost.ok())
    Log(LogLevel::kWarning, "job_attempt_not_recorded",
        {{"job", running.job.id}, {"error", lost.error().ToString()}});
  if (!running.output_directory.empty()) RemoveOutputDirectory(running.output_directory);
  slot.running.reset();
  if (slot.state == SlotState::kBusy) Become(slot, SlotState::kIdle, now);
}

void Dispatcher::State::Become(WorkerSlot& slot, SlotState state, TimePoint now) {
  slot.state = state;
  slot.since = now;
}

void Dispatcher::State::EndSlot(WorkerSlot& slot) {
  if (slot.gone) return;
  slot.process->Signal(SIGKILL);
  ending.push_back(std::move(slot.process));
  slot.gone = true;
}

void Dispatcher::State::DropGoneSlots() {
  std::erase_if(slots, [](const WorkerSlot& slot) { return slot.gone; });
}

}  // namespace axial::dispatch
