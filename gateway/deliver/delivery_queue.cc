#include "gateway/deliver/delivery_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/log.h"

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
  }
  return "";
}

std::string Target(const config::Destination& destination) {
  if (destination.kind == config::DestinationKind::kDicom)
    return fmt::format("{}@{}:{}", destination.ae_title, destination.host, destination.port);
  return destination.kind == config::DestinationKind::kStow ? destination.url : destination.path;
}

}  // namespace

DestinationQueue::DestinationQueue(const config::Destination& destination,
                                   store::DeliveryStore& deliveries, const DeliverOptions& options)
    : config_(destination),
      deliveries_(deliveries),
      options_(options),
      back_off_(options.back_off) {
  status_.name = config_.name;
  status_.kind = KindName(config_.kind);
  status_.target = Target(config_);
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

void DestinationQueue::Start() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = false;
  }
  thread_ = std::thread([this] { Run(); });
}

void DestinationQueue::Nudge() {
  {
    const std::lock_guard lock(mutex_);
    nudged_ = true;
  }
  wake_.notify_all();
}

void DestinationQueue::TryNow() {
  {
    const std::lock_guard lock(mutex_);
    nudged_ = true;
    status_.next_try_at = TimePoint{};
  }
  wake_.notify_all();
}

void DestinationQueue::Stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (destination_) destination_->Interrupt();
  }
  wake_.notify_all();
  thread_.join();
  MakeDestinationAgain();  // the interrupted one stays interrupted
}

void DestinationQueue::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    nudged_ = false;
    lock.unlock();
    const TimePoint now = options_.clock->Now();
    const std::optional<TimePoint> next = RunOnce(now);
    lock.lock();
    const TimePoint tick = now + options_.tick;
    const Duration pause = std::min(next.value_or(tick), tick) - options_.clock->Now();
    if (pause > Duration::zero()) wake_.wait_for(lock, pause, [&] { return stopping_ || nudged_; });
  }
}

std::optional<TimePoint> DestinationQueue::RunOnce(TimePoint now) {
  const std::shared_ptr<Destination> destination = current();
  TimePoint not_before{};
  bool failing = false;
  {
    const std::lock_guard lock(mutex_);
    failing = failures_ > 0;
    not_before = status_.next_try_at;
  }
  if (!destination || not_before > now) {
    UpdateGauges(now);
    return destination ? std::optional(not_before) : std::nullopt;
  }
  // One artifact as a probe while the Destination fails: the others keep their place untouched.
  const auto batch = deliveries_.Take(config_.name, failing ? 1 : options_.batch, now);
  if (!batch.ok()) {
    Log(LogLevel::kError, "deliveries_not_taken",
        {{"destination", config_.name}, {"reason", batch.error().ToString()}});
    return now + options_.tick;
  }
  std::optional<TimePoint> next;
  if (!batch->empty()) {
    next = SendBatch(*destination, *batch, now);
    if (options_.on_change) options_.on_change();
  }
  UpdateGauges(options_.clock->Now());
  if (next) return next;
  const auto due = deliveries_.NextDue(config_.name);
  return due.ok() ? *due : std::optional(now + options_.tick);
}

std::optional<TimePoint> DestinationQueue::SendBatch(Destination& destination,
                                                     const std::vector<store::Delivery>& batch,
                                                     TimePoint now) {
  const SendReport report = destination.Send(batch);
  now = std::max(now, options_.clock->Now());
  if (!report.reached.ok()) return PostponeAll(batch, report.reached.error(), now);
  AXIAL_INVARIANT(report.results.size() == batch.size());
  const auto useless = [](const SendResult& result) {
    return !result.ok() && IsRetried(result.error().code());
  };
  if (std::all_of(report.results.begin(), report.results.end(), useless)) {
    // It is there but does nothing. The artifacts wait for themselves: one of them may be the
    // cause.
    RecordFailure(report.results.front().error(), now, TimePoint{});
  } else {
    RecordReached();
  }
  for (std::size_t i = 0; i < batch.size(); ++i) RecordOne(batch[i], report.results[i], now);
  return std::nullopt;
}

std::optional<TimePoint> DestinationQueue::PostponeAll(const std::vector<store::Delivery>& batch,
                                                       const Error& reason, TimePoint now) {
  int failures = 0;
  bool stopping = false;
  {
    const std::lock_guard lock(mutex_);
    stopping = stopping_;
    if (!stopping) failures = ++failures_;
  }
  const TimePoint next = stopping ? now : now + back_off_.After(failures);
  if (!stopping) RecordFailure(reason, now, next);
  for (const store::Delivery& delivery : batch) {
    const Status postponed = deliveries_.Postpone(delivery, reason, next);
    if (!postponed.ok())
      Log(LogLevel::kError, "delivery_not_recorded",
          {{"delivery", delivery.id}, {"reason", postponed.error().ToString()}});
    Count("postponed");
  }
  return next;
}

void DestinationQueue::RecordOne(const store::Delivery& delivery, const SendResult& result,
                                 TimePoint now) {
  Status recorded;
  const char* outcome = "confirmed";
  if (result.ok()) {
    recorded = deliveries_.Confirm(delivery, now);
    const std::lock_guard lock(mutex_);
    status_.last_confirmed_at = now;
  } else if (IsRetried(result.error().code())) {
    outcome = "postponed";
    const Error& reason = result.error();
    recorded = deliveries_.Postpone(delivery, reason,
                                    now + back_off_.After(std::max(delivery.attempt, 1)));
  } else {
    outcome = "refused";
    recorded = deliveries_.Refuse(delivery, result.error(), now);
  }
  Count(outcome);
  if (!result.ok()) {
    const std::lock_guard lock(mutex_);
    status_.last_error = result.error().message();
    status_.last_error_at = now;
  }
  Log(result.ok() ? LogLevel::kInfo : LogLevel::kWarning, "delivery",
      {{"destination", config_.name},
       {"delivery", delivery.id},
       {"job", delivery.job_id},
       {"sop_instance_uid", delivery.sop_instance_uid},
       {"attempt", delivery.attempt},
       {"outcome", outcome},
       {"note", result.ok() ? *result : result.error().ToString()}});
  if (!recorded.ok())
    Log(LogLevel::kError, "delivery_not_recorded",
        {{"delivery", delivery.id}, {"reason", recorded.error().ToString()}});
}

void DestinationQueue::RecordFailure(const Error& reason, TimePoint now, TimePoint next_try_at) {
  const std::lock_guard lock(mutex_);
  if (status_.state != DestinationState::kFailing) status_.failing_since = now;
  failures_ = std::max(failures_, 1);
  status_.state = DestinationState::kFailing;
  status_.next_try_at = next_try_at;
  status_.last_error = reason.message();
  status_.last_error_at = now;
  Log(LogLevel::kWarning, "destination_failing",
      {{"destination", config_.name}, {"failures", failures_}, {"reason", reason.ToString()}});
}

void DestinationQueue::RecordReached() {
  const std::lock_guard lock(mutex_);
  if (status_.state == DestinationState::kFailing)
    Log(LogLevel::kInfo, "destination_recovered",
        {{"destination", config_.name}, {"failing_since", FormatTime(status_.failing_since)}});
  failures_ = 0;
  status_.state = DestinationState::kOk;
  status_.failing_since = TimePoint{};
  status_.next_try_at = TimePoint{};
}

void DestinationQueue::Count(const char* outcome) {
  options_.metrics
      ->GetCounter("axial_deliver_deliveries_total", "Tries to deliver one artifact, by outcome",
                   {{"destination", config_.name}, {"outcome", outcome}})
      .Increment();
}

void DestinationQueue::UpdateGauges(TimePoint now) {
  const auto all = deliveries_.OwedByDestination();
  if (!all.ok()) return;
  store::DeliveryStore::Owed ours;
  for (const auto& owed : *all)
    if (owed.destination == config_.name) ours = owed;
  const MetricLabels labels{{"destination", config_.name}};
  options_.metrics
      ->GetGauge("axial_deliver_owed_artifacts", "Artifacts waiting for the Destination", labels)
      .Set(static_cast<double>(ours.pending));
  options_.metrics
      ->GetGauge("axial_deliver_refused_artifacts",
                 "Artifacts the Destination refused; a person has to act", labels)
      .Set(static_cast<double>(ours.refused));
  const Duration age = ours.oldest == TimePoint{} ? Duration::zero() : now - ours.oldest;
  options_.metrics
      ->GetGauge("axial_deliver_oldest_owed_seconds", "Age of the oldest owed artifact", labels)
      .Set(std::chrono::duration<double>(age).count());
}

Status DestinationQueue::Echo() {
  const std::shared_ptr<Destination> destination = current();
  if (!destination) return MakeError(ErrorCode::kUnsupported, "{}", status().last_error);
  const Status answered = destination->Echo();
  // It is there again: no reason to wait for the end of a long pause.
  if (answered.ok() && status().state == DestinationState::kFailing) TryNow();
  return answered;
}

DestinationStatus DestinationQueue::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace axial::deliver
