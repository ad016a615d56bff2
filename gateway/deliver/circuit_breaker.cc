#include "gateway/deliver/circuit_breaker.h"

namespace axial::deliver {

CircuitBreaker::Permit CircuitBreaker::Ask(TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (failures_ == 0) return Permit::kAll;
  if (probing_ || now < next_try_at_) return Permit::kNothing;
  probing_ = true;
  return Permit::kProbe;
}

TimePoint CircuitBreaker::Failed(TimePoint now) {
  const std::lock_guard lock(mutex_);
  // Several that were under way when it went away are one failure.
  const bool known = failures_ > 0 && !probing_ && now < next_try_at_;
  probing_ = false;
  if (!known) next_try_at_ = now + back_off_.After(++failures_);
  return next_try_at_;
}

bool CircuitBreaker::Succeeded() {
  const std::lock_guard lock(mutex_);
  const bool failed_before = failures_ > 0;
  failures_ = 0;
  probing_ = false;
  next_try_at_ = TimePoint{};
  return failed_before;
}

void CircuitBreaker::GiveUpProbe() {
  const std::lock_guard lock(mutex_);
  probing_ = false;
}

void CircuitBreaker::EndPause() {
  const std::lock_guard lock(mutex_);
  next_try_at_ = TimePoint{};
}

bool CircuitBreaker::failing() const {
  const std::lock_guard lock(mutex_);
  return failures_ > 0;
}

int CircuitBreaker::failures() const {
  const std::lock_guard lock(mutex_);
  return failures_;
}

TimePoint CircuitBreaker::next_try_at() const {
  const std::lock_guard lock(mutex_);
  return next_try_at_;
}

}  // namespace axial::deliver
