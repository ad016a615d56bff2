#pragma once

#include <mutex>

#include "core/base/clock.h"
#include "gateway/deliver/back_off.h"

namespace axial::deliver {

/// Keeps a Destination that fails from being tried all the time: after a failure nothing is let
/// through for a growing pause (BackOff); then one caller may probe it, while the others still
/// wait; its success lets everything through again. Thread-safe.
class CircuitBreaker {
 public:
  enum class Permit {
    kNothing,  ///< wait until next_try_at(), or for the end of the probe
    kProbe,    ///< the caller must tell Failed, Succeeded or GiveUpProbe
    kAll,
  };

  explicit CircuitBreaker(const BackOff& back_off) : back_off_(back_off) {}

  [[nodiscard]] Permit Ask(TimePoint now);
  /// The Destination could not be used. Returns when it may be probed.
  TimePoint Failed(TimePoint now);
  /// It did something useful. Returns whether it had failed before.
  bool Succeeded();
  /// The probe did not happen after all.
  void GiveUpProbe();
  /// The next Ask may probe.
  void EndPause();

  [[nodiscard]] bool failing() const;
  [[nodiscard]] int failures() const;  ///< in a row
  [[nodiscard]] TimePoint next_try_at() const;

 private:
  const BackOff& back_off_;
  mutable std::mutex mutex_;
  int failures_ = 0;
  bool probing_ = false;
  TimePoint next_try_at_{};
};

}  // namespace axial::deliver
