#include "gateway/deliver/delivery_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "core/base/log_exceptions.h"

namespace axial::deliver {
namespace {

std::string KindName(config::DestinationKind kind) {
  switch (kind) {
    case config::DestinationKind::kDicom:
      return "dicom";
    case config::DestinationKind::kStow:
      return "stow";
    case config::DestinationKind::kFolder:
      return "folder";
    case config::DestinationKind::kOrthanc:
      return "orthanc";
  }
  return "";
}

std::string Target(const config::Destination& destination) {
  if (destination.kind == config::DestinationKind::kDicom)
    return fmt::format("{}@{}:{}", destination.ae_title, destination.host, destination.port);
  if (destination.kind == config::DestinationKind::kOrthanc) return "this Orthanc";
  return destination.kind == config::DestinationKind::kStow ? destination.url : destination.path;
}

}  // namespace

DestinationQueue::DestinationQueue(const config::Destination& destination,
                                   store::DeliveryStore& deliveries, const DeliverOptions& options)
    : config_(destination),
      deliveries_(deliveries),
      options_(options),
      back_off_(options.back_off),
      breaker_(back_off_) {
  status_.name = config_.name;
  status_.kind = KindName(config_.kind);
  status_.target = Target(config_);
  status_.deadline = config_.deadline;
  MakeDestinationAgain();
}

DestinationQueue::~DestinationQueue() { Stop(); }

void DestinationQueue::MakeDestinationAgain() {
  auto made = options_.make_destination(config_, options_.destination);
  const std::lock_guard lock(mutex_);
  if (made.ok()) {
    destination_ = std::move(made).value();
    return;
  }
  const TimePoint now = options_.clock->Now();
  status_.state = DestinationState::kFailing;
  status_.failing_since = now;
  status_.last_error = made.error().ToString();
  status_.last_error_at = now;
  Log(LogLevel::kError, "destination_unusable",
      {{"destination", config_.name}, {"reason", status_.last_error}});
}

std::shared_ptr<Destination> DestinationQueue::current() const {
  const std::lock_guard lock(mutex_);
  return destination_;
}

bool DestinationQueue::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void DestinationQueue::Start() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = false;
  }
  for (int i = 0; i < config_.connections; ++i) threads_.emplace_back([this] { Run(); });
}

void DestinationQueue::Nudge() {
  {
    const std::lock_guard lock(mutex_);
    ++nudges_;
  }
  wake_.notify_all();
}

void DestinationQueue::TryNow() {
  breaker_.EndPause();
  commits_ = true;
  answers_ = true;
  Nudge();
}

void DestinationQueue::Stop() {
  if (threads_.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (destination_) destination_->Interrupt();
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  breaker_.GiveUpProbe();
  MakeDestinationAgain();  // the interrupted one stays interrupted
}

void DestinationQueue::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::uint64_t seen = nudges_;
    lock.unlock();
    const TimePoint now = options_.clock->Now();
    std::optional<TimePoint> next;
    if (!LogExceptions(config_.name, [&] { next = RunOnce(now); })) breaker_.GiveUpProbe();
    lock.lock();
    const TimePoint tick = now + options_.tick;
    const Duration pause = std::min(next.value_or(tick), tick) - options_.clock->Now();
    if (pause > Duration::zero())
      wake_.wait_for(lock, pause, [&] { return stopping_ || nudges_ != seen; });
  }
}

std::optional<TimePoint> DestinationQueue::RunOnce(TimePoint now) {
  const std::shared_ptr<Destination> destination = current();
  if (!destination) {
    UpdateGauges(now);
    return std::nullopt;
  }
  const CircuitBreaker::Permit permit = breaker_.Ask(now);
  const bool probing = permit == CircuitBreaker::Permit::kProbe;
  if (permit == CircuitBreaker::Permit::kNothing || (probing && !Probe(*destination, now))) {
    UpdateGauges(now);
    return std::max(breaker_.next_try_at(), now + std::chrono::milliseconds(1));
  }
  // One artifact, to begin with, at a Destination that has just come back.
  const bool sent = SendOne(*destination, probing ? 1 : options_.batch, now);
  const bool prove = !breaker_.failing() || (probing && !sent);
  const bool proven = prove && Prove(*destination, options_.clock->Now());
  if (probing && !sent && !proven) RecordReached();  // the echo is all there is to judge by
  if (sent || proven) {
    if (options_.on_change) options_.on_change();
    if (config_.connections > 1) Nudge();  // others may wait for this study, or for the probe
  }
  UpdateGauges(options_.clock->Now());
  if (breaker_.failing()) return breaker_.next_try_at();
  const auto due = deliveries_.NextDue(config_.name);
  if (!due.ok()) return now + options_.tick;
  // What is due and was not taken is in the hands of another thread, which nudges when it is done.
  if (!sent && !proven && *due && **due <= now) return now + options_.tick;
  return *due;
}

bool DestinationQueue::Probe(Destination& destination, TimePoint now) {
  const Status answered = destination.Echo();
  // Who takes an Association but knows no Verification, or no search, may still take results.
  if (answered.ok() || answered.error().code() == ErrorCode::kUnsupported) return true;
  if (!stopping()) RecordFailure(answered.error(), std::max(now, options_.clock->Now()));
  return false;
}

bool DestinationQueue::SendOne(Destination& destination, int limit, TimePoint now) {
  const auto batch = deliveries_.Take(config_.name, limit, now, config_.connections > 1);
  if (!batch.ok())
    Log(LogLevel::kError, "deliveries_not_taken",
        {{"destination", config_.name}, {"reason", batch.error().ToString()}});
  if (!batch.ok() || batch->empty()) return false;
  if (LogExceptions(config_.name, [&] { SendBatch(destination, *batch, now); })) return true;
  const Error reason(ErrorCode::kUnavailable, "an exception; the log has it");
  for (const store::Delivery& delivery : *batch)  // Conflict: it is recorded what became of it
    static_cast<void>(deliveries_.Postpone(
        delivery, reason, options_.clock->Now() + back_off_.After(std::max(delivery.attempt, 1))));
  return false;
}

void DestinationQueue::SendBatch(Destination& destination, const Deliveries& batch, TimePoint now) {
  const SendReport report = destination.Send(batch);
  now = std::max(now, options_.clock->Now());
  if (!report.reached.ok()) {
    PostponeAll(batch, report.reached.error(), now);
    return;
  }
  AXIAL_INVARIANT(report.results.size() <= batch.size() && !report.results.empty());
  const auto useless = [](const SendResult& result) {
    return !result.ok() && IsRetried(result.error().code());
  };
  // When nothing worked, it is there but does nothing, or one artifact is the cause: the next to be
  // tried is another one, because this one waits for itself, too.
  if (!std::all_of(report.results.begin(), report.results.end(), useless))
    RecordReached();
  else if (!stopping())
    RecordFailure(report.results.back().error(), now);
  for (std::size_t i = 0; i < report.results.size(); ++i)
    RecordOne(batch[i], report.results[i], now);
  const Error not_tried(ErrorCode::kUnavailable, "not tried: the connection was lost before");
  for (std::size_t i = report.results.size(); i < batch.size(); ++i) {
    const Status postponed = deliveries_.Postpone(batch[i], not_tried, now, /*tried=*/false);
    LogOutcome(batch[i], "postponed", not_tried.ToString(), postponed);
  }
}

void DestinationQueue::PostponeAll(const Deliveries& batch, const Error& reason, TimePoint now) {
  if (!stopping()) RecordFailure(reason, now);
  for (const store::Delivery& delivery : batch) {
    // The circuit breaker is what holds them back, and a person's retry opens it.
    const Status postponed = deliveries_.Postpone(delivery, reason, now, /*tried=*/false);
    if (!postponed.ok())
      Log(LogLevel::kError, "delivery_not_recorded",
          {{"delivery", delivery.id}, {"reason", postponed.error().ToString()}});
    Count("postponed");
  }
}

void DestinationQueue::RecordOne(const store::Delivery& delivery, const SendResult& result,
                                 TimePoint now) {
  if (result.ok()) {
    if (BestProof() == Proof::kStatus) return Confirm(delivery, store::kByStatus, *result, now);
    return LogOutcome(delivery, "stored", *result, deliveries_.Store(delivery, now, now));
  }
  RecordError(result.error(), now);
  if (IsRetried(result.error().code()))
    return LogOutcome(delivery, "postponed", result.error().ToString(),
                      deliveries_.Postpone(delivery, result.error(),
                                           now + back_off_.After(std::max(delivery.attempt, 1))));
  LogOutcome(delivery, "refused", result.error().ToString(),
             deliveries_.Refuse(delivery, result.error(), now));
}

void DestinationQueue::LogOutcome(const store::Delivery& delivery, const char* outcome,
                                  const std::string& note, const Status& recorded) {
  Count(outcome);
  const std::string_view word = outcome;
  Log(word == "confirmed" || word == "stored" ? LogLevel::kInfo : LogLevel::kWarning, "delivery",
      {{"destination", config_.name},
       {"delivery", delivery.id},
       {"job", delivery.job_id},
       {"sop_instance_uid", delivery.sop_instance_uid},
       {"attempt", delivery.attempt},
       {"outcome", outcome},
       {"note", note}});
  if (!recorded.ok())
    Log(LogLevel::kError, "delivery_not_recorded",
        {{"delivery", delivery.id}, {"reason", recorded.error().ToString()}});
}

void DestinationQueue::RecordError(const Error& reason, TimePoint now) {
  const std::lock_guard lock(mutex_);
  status_.last_error = reason.message();
  status_.last_error_at = now;
}

void DestinationQueue::RecordFailure(const Error& reason, TimePoint now) {
  const TimePoint next_try_at = breaker_.Failed(now);
  RecordError(reason, now);
  const std::lock_guard lock(mutex_);
  if (status_.state != DestinationState::kFailing) status_.failing_since = now;
  status_.state = DestinationState::kFailing;
  status_.next_try_at = next_try_at;
  Log(LogLevel::kWarning, "destination_failing",
      {{"destination", config_.name},
       {"failures", breaker_.failures()},
       {"reason", reason.ToString()}});
}

void DestinationQueue::RecordReached() {
  const bool recovered = breaker_.Succeeded();
  if (recovered) commits_ = answers_ = true;  // who was starting up may offer more now
  const std::lock_guard lock(mutex_);
  if (recovered)
    Log(LogLevel::kInfo, "destination_recovered",
        {{"destination", config_.name}, {"failing_since", FormatTime(status_.failing_since)}});
  status_.state = DestinationState::kOk;
  status_.failing_since = TimePoint{};
  status_.next_try_at = TimePoint{};
}

void DestinationQueue::Count(const char* outcome, int count) {
  options_.metrics
      ->GetCounter("axial_deliver_deliveries_total", "Tries to deliver one artifact, by outcome",
                   {{"destination", config_.name}, {"outcome", outcome}})
      .Increment(count);
}

void DestinationQueue::UpdateGauges(TimePoint now) {
  const auto ours = deliveries_.OwedTo(config_.name);
  const auto overdue = deliveries_.CountOwedSince(config_.name, now - config_.deadline);
  if (!ours.ok() || !overdue.ok()) return;
  const auto set = [&](const char* name, const char* help, double value) {
    options_.metrics->GetGauge(name, help, {{"destination", config_.name}}).Set(value);
  };
  set("axial_deliver_owed_artifacts", "Artifacts that the Destination has not confirmed",
      static_cast<double>(ours->pending));
  set("axial_deliver_unproven_artifacts", "Of these, those that it took and has not proven to have",
      static_cast<double>(ours->stored));
  set("axial_deliver_refused_artifacts", "Artifacts the Destination refused; a person has to act",
      static_cast<double>(ours->refused));
  set("axial_deliver_overdue_artifacts", "Artifacts owed for longer than the deadline",
      static_cast<double>(*overdue));
  set("axial_deliver_failing", "1 while the Destination cannot be used",
      breaker_.failing() || !current() ? 1 : 0);
  const Duration age = ours->oldest == TimePoint{} ? Duration::zero() : now - ours->oldest;
  set("axial_deliver_oldest_owed_seconds", "Age of the oldest owed artifact",
      std::chrono::duration<double>(age).count());
  if (overdue_.exchange(*overdue > 0) || *overdue == 0) return;
  Log(LogLevel::kWarning, "delivery_deadline_passed",
      {{"destination", config_.name},
       {"overdue", *overdue},
       {"deadline_s", std::chrono::duration<double>(config_.deadline).count()}});
}

void DestinationQueue::CountConfirmed(int count, TimePoint now) {
  if (count == 0) return;
  Count("confirmed", count);
  const std::lock_guard lock(mutex_);
  status_.last_confirmed_at = now;
  status_.confirmed_by = store::kByStorageCommitment;
}

Status DestinationQueue::Echo() {
  const std::shared_ptr<Destination> destination = current();
  if (!destination) return MakeError(ErrorCode::kUnsupported, "{}", status().last_error);
  const Status answered = destination->Echo();
  // It is there again: no reason to wait for the end of a long pause.
  if (answered.ok() && breaker_.failing()) TryNow();
  return answered;
}

Result<SeriesCounts> DestinationQueue::CountInstances(const std::string& study_uid) {
  const std::shared_ptr<Destination> destination = current();
  if (!destination) return MakeError(ErrorCode::kUnsupported, "{}", status().last_error);
  return destination->CountInstances(study_uid);
}

DestinationStatus DestinationQueue::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace axial::deliver
