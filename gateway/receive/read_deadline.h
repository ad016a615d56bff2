#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace axial::receive {

/// By when a read that blocks in DCMTK must be over. DCMTK waits for each piece of a PDU on its
/// own, so that a peer that sends a byte now and then, or stops inside a PDU, would hold it for
/// ever: the Receiver watches from outside and ends the connection. Thread-safe.
class ReadDeadline {
 public:
  using Clock = std::chrono::steady_clock;

  void Start(Clock::duration patience) { until_ = Ticks(Clock::now() + patience); }
  void Stop() { until_ = kNone; }

  /// For the one who watches: true, once, when the read is late.
  [[nodiscard]] bool TakeExpired(Clock::time_point now) {
    const std::int64_t until = until_;
    if (until == kNone || Ticks(now) < until) return false;
    expired_ = true;
    until_ = kNone;
    return true;
  }
  [[nodiscard]] bool expired() const { return expired_; }

 private:
  static constexpr std::int64_t kNone = 0;
  static std::int64_t Ticks(Clock::time_point time) { return time.time_since_epoch().count(); }

  std::atomic<std::int64_t> until_{kNone};
  std::atomic<bool> expired_{false};
};

}  // namespace axial::receive
