#include "gateway/dispatch/failure_reporter.h"

#include <fmt/format.h>

#include <csignal>

#include "core/base/log.h"
#include "gateway/dispatch/artifacts.h"
#include "gateway/dispatch/failed_run.h"
#include "gateway/dispatch/keep_refused.h"
#include "gateway/dispatch/run_job.h"

namespace axial::dispatch {
namespace {

/// Reading some thousand headers at idle priority beside a busy gateway takes minutes at worst.
constexpr Duration kDeadline = std::chrono::minutes(5);
constexpr Duration kLease = std::chrono::minutes(8);
constexpr Duration kReclaimInterval = std::chrono::seconds(1);

void LogStoreError(const char* doing, const Error& error) {
  Log(LogLevel::kError, "failure_report_store_error",
      {{"doing", doing}, {"error", error.ToString()}});
}

/// Those of the Job's Destinations that want to be told that a model could not run.
ResultWishes WhoWantsFailures(const ResultWishes& all) {
  ResultWishes wishes;
  for (std::size_t i = 0; i < all.profiles.size(); ++i) {
    if (!all.profiles[i].report_failures) continue;
    wishes.profiles.push_back(all.profiles[i]);
    wishes.destinations.push_back(all.destinations[i]);
  }
  return wishes;
}

}  // namespace

void FailureReporter::RunOnce(TimePoint now, ModelTable& models,
                              const ProfilesByDestination& profiles) {
  Reclaim(now);
  if (!reclaimed_) return;  // the store does not answer yet
  Hear(now);
  EnforceDeadlines(now);
  Take(now, profiles);
  if (report_ && !process_) Start(now);
  if (report_ && process_ && state_ == SlotState::kIdle) Give(now, models);
  if (!report_) EndProcess();
}

void FailureReporter::Stop(TimePoint now) {
  Hear(now);  // what is done is done
  EndProcess();
  if (!report_) return;
  if (const axial::Status returned = with_.reports.ReturnLease(*report_, now); !returned.ok())
    LogStoreError("return lease", returned.error());
  Forget(/*keep_files=*/false);
}

void FailureReporter::AppendPollDescriptors(std::vector<pollfd>& descriptors) const {
  if (process_) process_->AppendPollDescriptors(descriptors);
}

std::optional<TimePoint> FailureReporter::NextWake() const {
  if (process_ && state_ == SlotState::kStarting) return since_ + with_.options.startup_deadline;
  if (process_ && state_ == SlotState::kBusy) return since_ + kDeadline;
  const auto due = with_.reports.NextDue();
  return due.ok() ? *due : std::nullopt;
}

void FailureReporter::Reclaim(TimePoint now) {
  if (reclaimed_ && now - reclaimed_at_ < kReclaimInterval && now >= reclaimed_at_) return;
  const Result<int> taken_back = with_.reports.ReclaimLeases(now, /*everything=*/!reclaimed_);
  if (!taken_back.ok()) return LogStoreError("reclaim", taken_back.error());
  reclaimed_ = true;
  reclaimed_at_ = now;
}

void FailureReporter::Hear(TimePoint now) {
  while (process_) {
    const std::optional<WorkerEvent> event = process_->NextEvent();
    if (!event) return;
    if (const auto* exited = std::get_if<WorkerExited>(&*event)) {
      process_.reset();  // already reaped
      return Lose(exited->reason, /*worker_died=*/true, now);
    }
    OnMessage(std::get<protocol::Message>(*event), now);
  }
}

void FailureReporter::OnMessage(const protocol::Message& message, TimePoint now) {
  switch (React(state_, report_ ? report_->job.id : 0, message)) {
    case Reaction::kReady:
      if (std::get<protocol::Hello>(message).version != protocol::kVersion)
        return Condemn(Error(ErrorCode::kInternal,
                             "the worker speaks another protocol version; install it and the "
                             "gateway from the same build"),
                       now);
      state_ = SlotState::kIdle;
      since_ = now;
      return;
    case Reaction::kProgress:
      return;
    case Reaction::kDone:
      return OnDone(std::get<protocol::JobDone>(message), now);
    case Reaction::kFailed: {
      const auto& failed = std::get<protocol::JobFailed>(message);
      state_ = SlotState::kIdle;
      return Lose(Error(failed.code, failed.message), /*worker_died=*/false, now);
    }
    case Reaction::kBroken:
      return Condemn(MakeError(ErrorCode::kInternal,
                               "the worker broke the protocol: a message that has no meaning while "
                               "it is {}",
                               SlotStateName(state_)),
                     now);
  }
}

void FailureReporter::OnDone(const protocol::JobDone& done, TimePoint now) {
  state_ = SlotState::kIdle;
  Result<std::vector<store::ProducedArtifact>> artifacts =
      CheckArtifacts(output_directory_, done.artifacts, wishes_);
  if (!artifacts.ok()) {
    if (artifacts.error().code() == ErrorCode::kCorrupt) MarkRefused(output_directory_);
    return Lose(artifacts.error(), /*worker_died=*/false, now);
  }
  const axial::Status produced = with_.reports.Produce(*report_, *artifacts, now);
  if (!produced.ok()) {
    // Withdrawn meanwhile, or a store that does not answer: then its lease ends by itself. The
    // files stay in the second case, because a commit that only seemed to fail would name them.
    LogStoreError("produce", produced.error());
    return Forget(/*keep_files=*/produced.error().code() != ErrorCode::kConflict);
  }
  Log(LogLevel::kInfo, "failure_report_produced",
      {{"job", report_->job.id},
       {"study", report_->job.study_uid},
       {"model", report_->job.model},
       {"cause", store::FailureCauseName(report_->cause)}});
  with_.metrics.FailureReport(artifacts->empty() ? "not_wanted" : "produced").Increment();
  Forget(/*keep_files=*/true);
  if (with_.options.on_produced) with_.options.on_produced();
}

void FailureReporter::EnforceDeadlines(TimePoint now) {
  if (!process_ || state_ == SlotState::kIdle) return;
  const Duration deadline =
      state_ == SlotState::kStarting ? with_.options.startup_deadline : kDeadline;
  if (now - since_ >= deadline)
    Condemn(MakeError(ErrorCode::kTimeout, "the worker was {} for {} s", SlotStateName(state_),
                      deadline / std::chrono::seconds(1)),
            now);
}

void FailureReporter::Take(TimePoint now, const ProfilesByDestination& profiles) {
  while (!report_) {
    Result<std::optional<store::LeasedReport>> leased = with_.reports.Lease(now, kLease);
    if (!leased.ok()) return LogStoreError("lease", leased.error());
    if (!*leased) return;
    report_ = std::move(**leased);
    const Result<std::vector<std::string>> destinations = with_.jobs.Destinations(report_->job);
    if (!destinations.ok()) return Lose(destinations.error(), /*worker_died=*/false, now);
    wishes_ = WhoWantsFailures(GatherWishes(*destinations, profiles));
    if (!wishes_.profiles.empty()) return;
    with_.metrics.FailureReport("not_wanted").Increment();
    if (const axial::Status declined = with_.reports.Produce(*report_, {}, now); !declined.ok())
      LogStoreError("decline", declined.error());
    Forget(/*keep_files=*/false);
  }
}

void FailureReporter::Start(TimePoint now) {
  WorkerCommand command;
  command.binary = with_.options.worker_binary.empty() ? WorkerBinaryBesideExecutable()
                                                       : with_.options.worker_binary;
  command.model = "failure reports";
  command.memory_bytes = with_.workers.memory_bytes;
  Result<std::unique_ptr<WorkerProcess>> process = with_.options.launcher(command);
  if (!process.ok())
    return Lose(process.error().WithContext("cannot start a worker"), /*worker_died=*/true, now);
  process_ = std::move(process).value();
  state_ = SlotState::kStarting;
  since_ = now;
}

void FailureReporter::Give(TimePoint now, ModelTable& models) {
  const store::Job& job = report_->job;
  const auto give = [&]() -> axial::Status {
    AXIAL_ASSIGN_OR_RETURN(
        output_directory_,
        MakeOutputDirectory(with_.options.results_directory, job.id,
                            fmt::format("failure-{}-{}", report_->id, report_->attempt)));
    AXIAL_ASSIGN_OR_RETURN(protocol::RunJob run,
                           MakeRunJob(with_.jobs, job, wishes_, output_directory_));
    AXIAL_ASSIGN_OR_RETURN(const std::vector<store::EarlierArtifact> earlier,
                           with_.reports.Predecessors(job));
    run.attempt = report_->attempt;
    run.predecessors = ToPredecessors(earlier, wishes_);
    const Model* model = models.Find(job.model);
    run.failure =
        protocol::RunFailure{report_->cause == store::FailureCause::kNotApplicable, report_->reason,
                             model ? DescribeFailedModel(model->card, report_->model_digest)
                                   : DescribeMissingModel(job.model, job.model_version)};
    return process_->Send(run);
  };
  if (const axial::Status given = give(); !given.ok())
    return Lose(given.error(), /*worker_died=*/false, now);
  state_ = SlotState::kBusy;
  since_ = now;
}

void FailureReporter::Lose(const Error& reason, bool worker_died, TimePoint now) {
  if (!report_) return;
  const Error told =
      KeepRefused(with_.quarantine, with_.metrics, output_directory_, report_->job, reason, now);
  Log(LogLevel::kWarning, "failure_report_attempt_lost",
      {{"job", report_->job.id},
       {"study", report_->job.study_uid},
       {"attempt", report_->attempt},
       {"error", told.ToString()}});
  with_.metrics.FailureReport("lost").Increment();
  // A row that cannot be written now comes back when its lease ends.
  if (const axial::Status lost = with_.reports.LoseAttempt(*report_, told, worker_died, now);
      !lost.ok())
    LogStoreError("lose attempt", lost.error());
  Forget(/*keep_files=*/false);
}

void FailureReporter::Condemn(const Error& reason, TimePoint now) {
  EndProcess();
  Lose(reason, /*worker_died=*/true, now);
}

void FailureReporter::EndProcess() {
  if (!process_) return;
  process_->Signal(SIGKILL);
  with_.ending.push_back(std::move(process_));
}

void FailureReporter::Forget(bool keep_files) {
  if (!keep_files && !output_directory_.empty()) RemoveOutputDirectory(output_directory_);
  output_directory_.clear();
  report_.reset();
}

}  // namespace axial::dispatch
