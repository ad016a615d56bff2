#pragma once

#include <atomic>
#include <cstdint>

#include "core/base/clock.h"

namespace axial::testing {

/// A clock that only the test turns. Thread-safe.
class TurnedClock final : public Clock {
 public:
  explicit TurnedClock(TimePoint start = {}) : micros_(ToMicros(start)) {}
  [[nodiscard]] TimePoint Now() const override { return FromMicros(micros_.load()); }
  void Set(TimePoint now) { micros_ = ToMicros(now); }
  void Advance(Duration by) { micros_ += by.count(); }

 private:
  std::atomic<std::int64_t> micros_;
};

}  // namespace axial::testing
