// The half of DestinationQueue that leads from an answer of Success to the proof that the
// Destination has the object: Storage Commitment, else a query, else the answer itself.

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "core/base/log.h"
#include "core/dicom/uid.h"
#include "gateway/deliver/delivery_queue.h"

namespace axial::deliver {
namespace {

/// Of one question.
constexpr int kBatch = 100;
/// How long an archive may take to answer a Storage Commitment request before it is asked again.
/// The answer to the first request counts, too, when it comes after all.
constexpr Duration kPatience = std::chrono::minutes(10);
/// So often it may say that it does not have what it took (archives index at leisure: two minutes
/// and more, with the pauses of BackOff) before it is sent again.
constexpr int kChecksBeforeSendingAgain = 8;

/// Nobody else can guess it, so an answer that names it comes from who was asked.
std::string NewTransactionUid() {
  std::random_device random;
  std::string name = "storage commitment";
  for (int i = 0; i < 8; ++i) name += fmt::format(" {:08x}", random());
  return MakeDeterministicUid(name).str();
}

}  // namespace

DestinationQueue::Proof DestinationQueue::BestProof() const {
  if (config_.storage_commitment && commits_) return Proof::kCommitment;
  if (config_.kind == config::DestinationKind::kFolder) return Proof::kStatus;
  return config_.confirmation == config::Confirmation::kQuery && answers_ ? Proof::kQuery
                                                                          : Proof::kStatus;
}

bool DestinationQueue::Prove(Destination& destination, TimePoint now) {
  const std::unique_lock proving(proving_, std::try_to_lock);
  if (!proving.owns_lock()) return false;
  const bool asked = config_.storage_commitment && commits_ && AskToCommit(destination, now);
  if (breaker_.failing() && asked) return true;
  return AskWhetherThere(destination, options_.clock->Now()) || asked;
}

bool DestinationQueue::AskToCommit(Destination& destination, TimePoint now) {
  CommitmentAsk ask;
  ask.transaction_uid = NewTransactionUid();
  const auto batch = deliveries_.TakeStored(config_.name, kBatch, now, ask.transaction_uid);
  if (!batch.ok() || batch->empty()) return false;
  ask.on_outcome = [&](const store::DeliveryStore::CommitmentOutcome& outcome) {
    const TimePoint at = options_.clock->Now();
    const auto applied = deliveries_.ApplyCommitment(outcome, at);
    if (!applied.ok()) return;
    for (const auto& [name, count] : *applied) CountConfirmed(count, at);
  };
  ask.awaited = [&] {
    const auto awaited = deliveries_.AwaitsCommitment(ask.transaction_uid);
    return awaited.ok() && *awaited;
  };
  const Status asked = destination.RequestCommitment(ask, *batch);
  now = std::max(now, options_.clock->Now());
  Log(asked.ok() ? LogLevel::kInfo : LogLevel::kWarning, "commitment_requested",
      {{"destination", config_.name},
       {"transaction_uid", ask.transaction_uid},
       {"instances", batch->size()},
       {"outcome", asked.ok() ? "accepted" : asked.error().ToString()}});
  if (!asked.ok() && asked.error().code() != ErrorCode::kUnsupported) {
    PostponeChecks(*batch, asked.error(), now);
    return true;
  }
  RecordReached();
  if (!asked.ok()) {
    commits_ = false;
    RecordError(asked.error().WithContext("set storage_commitment: false"), now);
  }
  for (const store::Delivery& delivery : *batch) {
    // Conflict: the answer came first.
    const Status postponed =
        asked.ok() ? deliveries_.PostponeCheck(delivery, nullptr, now + kPatience)
                   : deliveries_.PostponeCheck(delivery, &asked.error(), now, /*commits=*/false);
    if (!postponed.ok() && postponed.error().code() != ErrorCode::kConflict)
      Log(LogLevel::kError, "delivery_not_recorded",
          {{"delivery", delivery.id}, {"reason", postponed.error().ToString()}});
  }
  return true;
}

bool DestinationQueue::AskWhetherThere(Destination& destination, TimePoint now) {
  const bool commits = config_.storage_commitment && commits_;
  const auto batch = deliveries_.TakeStored(config_.name, kBatch, now, "", /*all=*/!commits);
  if (!batch.ok() || batch->empty()) return false;
  CheckReport report{Error(ErrorCode::kUnsupported, "it is not asked (confirmation: status)"), {}};
  if (config_.confirmation == config::Confirmation::kQuery && answers_)
    report = destination.Check(*batch);
  now = std::max(now, options_.clock->Now());
  if (!report.reached.ok() && report.reached.error().code() != ErrorCode::kUnsupported) {
    PostponeChecks(*batch, report.reached.error(), now);
    return true;
  }
  RecordReached();
  if (!report.reached.ok()) {
    if (answers_.exchange(false))
      Log(LogLevel::kInfo, "destination_cannot_be_asked",
          {{"destination", config_.name}, {"reason", report.reached.error().message()}});
    for (const store::Delivery& delivery : *batch)
      Confirm(delivery, store::kByStatus, report.reached.error().message(), now);
    return true;
  }
  AXIAL_INVARIANT(report.results.size() == batch->size());
  for (std::size_t i = 0; i < batch->size(); ++i) RecordCheck((*batch)[i], report.results[i], now);
  return true;
}

void DestinationQueue::RecordCheck(const store::Delivery& delivery, const Result<bool>& there,
                                   TimePoint now) {
  if (there.ok() && *there) return Confirm(delivery, store::kByQuery, "", now);
  const bool missing = there.ok();
  if (!missing && !IsRetried(there.error().code()))
    return Confirm(delivery, store::kByStatus, there.error().message(), now);
  const Error reason =
      missing ? Error(ErrorCode::kUnavailable,
                      "it answered Success, and says that it does not have it; if it cannot be "
                      "asked for results, set confirmation: status")
              : there.error();
  RecordError(reason, now);
  const bool again = missing && delivery.checks >= kChecksBeforeSendingAgain;
  const TimePoint next = now + back_off_.After(again ? delivery.attempt : delivery.checks);
  LogOutcome(delivery, again ? "missing" : "unproven", reason.ToString(),
             again ? deliveries_.Postpone(delivery, reason, next)
                   : deliveries_.PostponeCheck(delivery, &reason, next));
}

void DestinationQueue::PostponeChecks(const Deliveries& batch, const Error& reason, TimePoint now) {
  if (!stopping()) RecordFailure(reason, now);
  for (const store::Delivery& delivery : batch) {
    const Status postponed =
        deliveries_.PostponeCheck(delivery, &reason, now + back_off_.After(delivery.checks));
    if (!postponed.ok() && postponed.error().code() != ErrorCode::kConflict)
      Log(LogLevel::kError, "delivery_not_recorded",
          {{"delivery", delivery.id}, {"reason", postponed.error().ToString()}});
  }
}

void DestinationQueue::Confirm(const store::Delivery& delivery, const std::string& by,
                               const std::string& note, TimePoint now) {
  LogOutcome(delivery, "confirmed", note.empty() ? by : fmt::format("{}; {}", by, note),
             deliveries_.Confirm(delivery, by, now));
  const std::lock_guard lock(mutex_);
  status_.last_confirmed_at = now;
  status_.confirmed_by = by;
}

}  // namespace axial::deliver
