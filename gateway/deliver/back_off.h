#pragma once

#include <functional>

#include "core/base/clock.h"

namespace axial::deliver {

/// Exponential pauses with jitter: the n-th lies between half and all of minimum * 2^(n-1), never
/// above `maximum`, so that gateways that lost the same PACS do not come back in step.
class BackOff {
 public:
  struct Options {
    Duration minimum = std::chrono::seconds(1);
    Duration maximum = std::chrono::minutes(10);
    /// A number in [0, 1); empty: a generator of its own. Thread-safe.
    std::function<double()> random;
  };

  explicit BackOff(Options options);

  /// `failures`: how many tries in a row failed, from 1. Thread-safe.
  [[nodiscard]] Duration After(int failures) const;

 private:
  Options options_;
};

}  // namespace axial::deliver
