#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gateway/deliver/back_off.h"
#include "gateway/deliver/delivery_stage.h"
#include "gateway/deliver/destination.h"

namespace axial::deliver {

/// One Destination: its thread, its back-off and its metrics. Thread-safe.
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
  /// Interrupts what is being sent and joins the thread. Start may follow.
  void Stop();

  /// One batch. Returns when to run next; nullopt: nothing is owed. Called by one thread at a time.
  std::optional<TimePoint> RunOnce(TimePoint now);

  [[nodiscard]] Status Echo();
  /// Ends the back-off of a failing Destination.
  void TryNow();

  [[nodiscard]] DestinationStatus status() const;
  [[nodiscard]] const config::Destination& config() const { return config_; }

 private:
  void Run();
  void MakeDestinationAgain();
  [[nodiscard]] std::shared_ptr<Destination> current() const;
  std::optional<TimePoint> SendBatch(Destination& destination,
                                     const std::vector<store::Delivery>& batch, TimePoint now);
  std::optional<TimePoint> PostponeAll(const std::vector<store::Delivery>& batch,
                                       const Error& reason, TimePoint now);
  void RecordOne(const store::Delivery& delivery, const SendResult& result, TimePoint now);
  void RecordFailure(const Error& reason, TimePoint now, TimePoint next_try_at);
  void RecordReached();
  void Count(const char* outcome);
  void UpdateGauges(TimePoint now);

  const config::Destination config_;
  store::DeliveryStore& deliveries_;
  const DeliverOptions& options_;
  const BackOff back_off_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::shared_ptr<Destination> destination_;  // guarded by mutex_; null: see status_.last_error
  DestinationStatus status_;                  // guarded by mutex_
  int failures_ = 0;                          // in a row; guarded by mutex_
  bool nudged_ = false;                       // guarded by mutex_
  bool stopping_ = false;                     // guarded by mutex_
  std::thread thread_;
};

}  // namespace axial::deliver
