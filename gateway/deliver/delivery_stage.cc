#include "gateway/deliver/delivery_stage.h"

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "gateway/deliver/delivery_queue.h"

namespace axial::deliver {
namespace {

bool Same(const config::Destination& a, const config::Destination& b) {
  return a.name == b.name && a.kind == b.kind && a.ae_title == b.ae_title && a.host == b.host &&
         a.port == b.port && a.storage_commitment == b.storage_commitment && a.url == b.url &&
         a.tls == b.tls && a.credentials == b.credentials && a.path == b.path &&
         a.connections == b.connections && a.deadline == b.deadline &&
         a.confirmation == b.confirmation;
}

DeliverOptions WithTitle(DeliverOptions options, const std::string& our_ae_title) {
  AXIAL_INVARIANT(options.metrics != nullptr && options.clock != nullptr && options.batch >= 1);
  options.destination.our_ae_title = our_ae_title;
  return options;
}

Error NoSuch(const std::string& name) {
  return MakeError(ErrorCode::kNotFound, "there is no destination '{}'", name);
}

}  // namespace

std::string_view DestinationStateName(DestinationState state) {
  switch (state) {
    case DestinationState::kIdle:
      return "idle";
    case DestinationState::kOk:
      return "ok";
    case DestinationState::kFailing:
      return "failing";
    case DestinationState::kNotConfigured:
      return "not_configured";
  }
  return "";
}

DeliveryStage::DeliveryStage(store::DeliveryStore& deliveries,
                             const std::map<std::string, config::Destination>& destinations,
                             const std::string& our_ae_title, DeliverOptions options)
    : deliveries_(deliveries), options_(WithTitle(std::move(options), our_ae_title)) {
  SetDestinations(destinations);
}

DeliveryStage::~DeliveryStage() { Stop(); }

Status DeliveryStage::Start() {
  const std::lock_guard change(change_mutex_);
  AXIAL_INVARIANT(!running_);
  AXIAL_ASSIGN_OR_RETURN(const int reclaimed, deliveries_.ReclaimSending());
  if (reclaimed > 0) Log(LogLevel::kInfo, "deliveries_reclaimed", {{"count", reclaimed}});
  running_ = true;
  for (const auto& [name, queue] : CurrentQueues()) queue->Start();
  return {};
}

void DeliveryStage::Nudge() {
  for (const auto& [name, queue] : CurrentQueues()) queue->Nudge();
}

void DeliveryStage::Stop() {
  const std::lock_guard change(change_mutex_);
  if (!running_) return;
  running_ = false;
  for (const auto& [name, queue] : CurrentQueues()) queue->Stop();
}

std::optional<TimePoint> DeliveryStage::RunOnce(TimePoint now) {
  std::optional<TimePoint> next;
  for (const auto& [name, queue] : CurrentQueues()) {
    const std::optional<TimePoint> due = queue->RunOnce(now);
    if (due && (!next || *due < *next)) next = due;
  }
  return next;
}

void DeliveryStage::SetDestinations(
    const std::map<std::string, config::Destination>& destinations) {
  const std::lock_guard change(change_mutex_);
  const Queues before = CurrentQueues();
  Queues after;
  std::vector<std::shared_ptr<DestinationQueue>> started;
  for (const auto& [name, destination] : destinations) {
    config::Destination named = destination;
    named.name = name;
    const auto found = before.find(name);
    if (found != before.end() && Same(found->second->config(), named)) {
      after[name] = found->second;
      continue;
    }
    // The old thread must be gone first: two would take the same deliveries out of order.
    if (found != before.end()) found->second->Stop();
    after[name] = std::make_shared<DestinationQueue>(named, deliveries_, options_);
    started.push_back(after[name]);
  }
  for (const auto& [name, queue] : before)
    if (!after.contains(name)) queue->Stop();
  {
    const std::lock_guard lock(mutex_);
    queues_ = after;
  }
  if (!running_) return;
  for (const auto& queue : started) queue->Start();
}

std::vector<DestinationStatus> DeliveryStage::Statuses() const {
  std::vector<DestinationStatus> statuses;
  for (const auto& [name, queue] : CurrentQueues()) statuses.push_back(queue->status());
  const auto owed_by_name = deliveries_.OwedByDestination();
  if (!owed_by_name.ok()) return statuses;
  for (const auto& owed : *owed_by_name) {
    auto entry = std::find_if(statuses.begin(), statuses.end(),
                              [&](const auto& status) { return status.name == owed.destination; });
    if (entry == statuses.end()) {
      DestinationStatus missing;
      missing.name = owed.destination;
      missing.state = DestinationState::kNotConfigured;
      missing.last_error = "results are owed to it, but the configuration does not name it";
      entry = statuses.insert(statuses.end(), std::move(missing));
    }
    entry->owed = owed.pending;
    entry->unproven = owed.stored;
    const auto overdue =
        deliveries_.CountOwedSince(owed.destination, options_.clock->Now() - entry->deadline);
    if (overdue.ok() && entry->deadline > Duration::zero()) entry->overdue = *overdue;
    entry->refused = owed.refused;
    entry->oldest_owed_at = owed.oldest;
  }
  const auto refusals = deliveries_.Refusals();
  if (!refusals.ok()) return statuses;
  for (const auto& refusal : *refusals)
    for (DestinationStatus& status : statuses)
      if (status.name == refusal.destination) status.refusals.push_back(refusal);
  return statuses;
}

Status DeliveryStage::Echo(const std::string& name) {
  const auto queue = FindQueue(name);
  return queue ? queue->Echo() : Status(NoSuch(name));
}

Result<SeriesCounts> DeliveryStage::CountInstances(const std::string& name,
                                                   const std::string& study_uid) {
  const auto queue = FindQueue(name);
  if (!queue) return NoSuch(name);
  return queue->CountInstances(study_uid);
}

Result<int> DeliveryStage::RetryNow(const std::string& name) {
  const auto queue = FindQueue(name);
  if (!queue) return NoSuch(name);
  AXIAL_ASSIGN_OR_RETURN(const int count, deliveries_.RetryNow(name, options_.clock->Now()));
  queue->TryNow();
  return count;
}

Result<std::vector<std::string>> DeliveryStage::RetryJob(std::int64_t job_id) {
  AXIAL_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                         deliveries_.RetryOfJob(job_id, options_.clock->Now()));
  for (const std::string& name : names)
    if (const auto queue = FindQueue(name)) queue->TryNow();
  return names;
}

Status DeliveryStage::OnCommitment(const store::DeliveryStore::CommitmentOutcome& outcome) {
  const TimePoint now = options_.clock->Now();
  AXIAL_ASSIGN_OR_RETURN(const auto confirmed, deliveries_.ApplyCommitment(outcome, now));
  for (const auto& [name, count] : confirmed) {
    const auto queue = FindQueue(name);
    if (!queue) continue;
    queue->CountConfirmed(count, now);
    queue->Nudge();
  }
  if (options_.on_change) options_.on_change();
  return {};
}

std::shared_ptr<DestinationQueue> DeliveryStage::FindQueue(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = queues_.find(name);
  return found == queues_.end() ? nullptr : found->second;
}

DeliveryStage::Queues DeliveryStage::CurrentQueues() const {
  const std::lock_guard lock(mutex_);
  return queues_;
}

}  // namespace axial::deliver
