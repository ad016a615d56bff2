#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "core/base/clock.h"
#include "core/base/metrics.h"
#include "core/base/result.h"
#include "core/dicom/storage_commitment.h"
#include "gateway/deliver/back_off.h"
#include "gateway/deliver/destination.h"
#include "gateway/store/delivery_store.h"

namespace axial::deliver {

struct DeliverOptions {
  const Clock* clock = &Clock::System();
  Metrics* metrics = nullptr;       ///< required; outlives the stage
  std::function<void()> on_change;  ///< after deliveries changed state; any thread; may be empty
  DestinationOptions destination;   ///< our_ae_title is set by the stage's constructor
  BackOff::Options back_off;
  int batch = 16;                           ///< artifacts of one Send, at most
  Duration tick = std::chrono::seconds(5);  ///< a lost nudge costs no more than this
  DestinationFactory make_destination = MakeDestination;
};

enum class DestinationState {
  kIdle,           ///< nothing sent since start
  kOk,             ///< the last try worked
  kFailing,        ///< the last try could not use the Destination
  kNotConfigured,  ///< artifacts are owed to a name the configuration no longer has
};

[[nodiscard]] std::string_view DestinationStateName(DestinationState state);

/// One Destination as people see it.
struct DestinationStatus {
  std::string name;
  std::string kind;    ///< dicom | stow | folder | orthanc; "" when not configured
  std::string target;  ///< "ORTHANC@127.0.0.1:4242", a URL or a path
  DestinationState state = DestinationState::kIdle;
  TimePoint failing_since{};  ///< 0 unless failing
  TimePoint next_try_at{};    ///< 0 unless failing
  std::string last_error;     ///< kept after recovery, with its time
  TimePoint last_error_at{};
  TimePoint last_confirmed_at{};
  std::string confirmed_by;   ///< what proved the last one; "": none yet
  std::int64_t owed = 0;      ///< not confirmed and not refused
  std::int64_t unproven = 0;  ///< of these, taken by it and not proven
  std::int64_t refused = 0;   ///< waiting for a person
  std::int64_t overdue = 0;   ///< owed or refused, for longer than the deadline
  Duration deadline{};        ///< 0 when not configured
  TimePoint oldest_owed_at{};
  std::vector<store::DeliveryStore::Refusal> refusals;  ///< why; also after a restart
};

class DestinationQueue;

/// Sends every owed artifact to its Destination until it is confirmed.
///
/// Each Destination has its own threads (`connections`) and its own circuit breaker, so that a dead
/// one costs the others nothing. While one cannot be used, it is probed with an echo at the end of
/// each pause, then with one artifact, and the rest waits untouched. What it took is proven by
/// Storage Commitment, a query, or, where neither is offered, by its answer. All functions are
/// thread-safe.
class DeliveryStage {
 public:
  /// `deliveries` outlives the stage. Destinations that cannot be made are shown as failing with
  /// the reason; what is owed to them stays.
  DeliveryStage(store::DeliveryStore& deliveries,
                const std::map<std::string, config::Destination>& destinations,
                const std::string& our_ae_title, DeliverOptions options);
  ~DeliveryStage();
  DeliveryStage(const DeliveryStage&) = delete;
  DeliveryStage& operator=(const DeliveryStage&) = delete;

  /// Takes back what a dead process was sending and starts the threads. Errors of the store.
  [[nodiscard]] Status Start();

  /// New deliveries may be there. Cheap.
  void Nudge();

  /// Interrupts and joins; what was being sent is owed again. Start may follow.
  void Stop();

  /// One turn of every Destination, in name order, on the calling thread (the simulator; not
  /// between Start and Stop). Returns when the next turn is due; nullopt: nothing is owed.
  std::optional<TimePoint> RunOnce(TimePoint now);

  /// Takes over a changed configuration: unchanged Destinations go on undisturbed.
  void SetDestinations(const std::map<std::string, config::Destination>& destinations);

  [[nodiscard]] std::vector<DestinationStatus> Statuses() const;

  /// Blocks for as long as Destination::Echo does. Errors: NotFound, and those of Echo.
  [[nodiscard]] Status Echo(const std::string& name);

  /// Blocks for as long as Destination::CountInstances does. Errors: NotFound, and those of it.
  [[nodiscard]] Result<SeriesCounts> CountInstances(const std::string& name,
                                                    const std::string& study_uid);

  /// Makes everything owed to it, refused ones too, due now. Returns how many. Error: NotFound.
  [[nodiscard]] Result<int> RetryNow(const std::string& name);

  /// The same for what one Job owes. Returns the names of the Destinations concerned.
  [[nodiscard]] Result<std::vector<std::string>> RetryJob(std::int64_t job_id);

  /// The answer to a Storage Commitment request came to the node. Error: NotFound.
  [[nodiscard]] Status OnCommitment(const store::DeliveryStore::CommitmentOutcome& outcome);
  [[nodiscard]] Status OnCommitment(const CommitmentReport& report) {
    return OnCommitment(ToOutcome(report));
  }

 private:
  using Queues = std::map<std::string, std::shared_ptr<DestinationQueue>>;

  std::shared_ptr<DestinationQueue> FindQueue(const std::string& name) const;
  Queues CurrentQueues() const;

  store::DeliveryStore& deliveries_;
  const DeliverOptions options_;
  std::mutex change_mutex_;  ///< one of Start, Stop, SetDestinations at a time
  mutable std::mutex mutex_;
  Queues queues_;         // guarded by mutex_
  bool running_ = false;  // guarded by change_mutex_
};

}  // namespace axial::deliver
