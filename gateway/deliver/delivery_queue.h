#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gateway/deliver/back_off.h"
#include "gateway/deliver/circuit_breaker.h"
#include "gateway/deliver/delivery_stage.h"
#include "gateway/deliver/destination.h"

namespace axial::deliver {

/// One Destination: its threads (one per connection), its circuit breaker and its metrics.
/// Thread-safe.
class DestinationQueue {
 public:
  /// Everything given outlives the queue.
  DestinationQueue(const config::Destination& destination, store::DeliveryStore& deliveries,
                   const DeliverOptions& options);
  ~DestinationQueue();
  DestinationQueue(const DestinationQueue&) = delete;
  DestinationQueue& operator=(const DestinationQueue&) = delete;

  void Start();
  void Nudge();
  /// Interrupts what is being sent and joins the threads. Start may follow.
  void Stop();

  /// One batch, and the proof of what was stored before. Returns when to run next; nullopt: nothing
  /// is owed.
  std::optional<TimePoint> RunOnce(TimePoint now);

  [[nodiscard]] Status Echo();
  [[nodiscard]] Result<SeriesCounts> CountInstances(const std::string& study_uid);
  /// Ends the back-off of a failing Destination.
  void TryNow();
  /// That many were confirmed by an answer to Storage Commitment.
  void CountConfirmed(int count, TimePoint now);

  [[nodiscard]] DestinationStatus status() const;
  [[nodiscard]] const config::Destination& config() const { return config_; }

 private:
  using Deliveries = std::vector<store::Delivery>;

  void Run();
  void MakeDestinationAgain();
  [[nodiscard]] std::shared_ptr<Destination> current() const;
  [[nodiscard]] bool stopping() const;

  /// Whether the Destination answers again; its failure is recorded.
  bool Probe(Destination& destination, TimePoint now);
  /// Sends one batch of at most `limit`. Returns whether there was any.
  bool SendOne(Destination& destination, int limit, TimePoint now);
  void SendBatch(Destination& destination, const Deliveries& batch, TimePoint now);
  void PostponeAll(const Deliveries& batch, const Error& reason, TimePoint now);
  void RecordOne(const store::Delivery& delivery, const SendResult& result, TimePoint now);

  // delivery_prove.cc: from an answer of Success to the proof.
  enum class Proof { kCommitment, kQuery, kStatus };
  [[nodiscard]] Proof BestProof() const;
  /// Proves what is due. Returns whether there was any.
  bool Prove(Destination& destination, TimePoint now);
  bool AskToCommit(Destination& destination, TimePoint now);
  bool AskWhetherThere(Destination& destination, TimePoint now);
  void RecordCheck(const store::Delivery& delivery, const Result<bool>& there, TimePoint now);
  void PostponeChecks(const Deliveries& batch, const Error& reason, TimePoint now);
  void Confirm(const store::Delivery& delivery, const std::string& by, const std::string& note,
               TimePoint now);

  void RecordFailure(const Error& reason, TimePoint now);
  void RecordError(const Error& reason, TimePoint now);
  void RecordReached();
  void LogOutcome(const store::Delivery& delivery, const char* outcome, const std::string& note,
                  const Status& recorded);
  void Count(const char* outcome, int count = 1);
  void UpdateGauges(TimePoint now);

  const config::Destination config_;
  store::DeliveryStore& deliveries_;
  const DeliverOptions& options_;
  const BackOff back_off_;
  CircuitBreaker breaker_;
  std::mutex proving_;                 ///< held by the thread that proves
  std::atomic<bool> commits_ = true;   ///< false once it offered no Storage Commitment
  std::atomic<bool> answers_ = true;   ///< false once it could not be asked what it has
  std::atomic<bool> overdue_ = false;  ///< the alarm was logged

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::shared_ptr<Destination> destination_;  // guarded by mutex_; null: see status_.last_error
  DestinationStatus status_;                  // guarded by mutex_
  std::uint64_t nudges_ = 0;                  // guarded by mutex_
  bool stopping_ = false;                     // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace axial::deliver
