#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/base/clock.h"
#include "tests/sim/sender.h"

namespace axial::sim {

/// That a gateway took a Series ("" : the Study) for complete.
struct Close {
  TimePoint at{};
  std::string study_uid;
  std::string series_uid;
};

/// How a gateway finds out that something is complete. Time only goes forward.
class Policy {
 public:
  virtual ~Policy() = default;
  virtual void Take(const Event& event) = 0;
  /// When Run is to be called next.
  [[nodiscard]] virtual std::optional<TimePoint> NextDue() = 0;
  virtual void Run(TimePoint now) = 0;
  /// Everything that was closed, by time, when all is over.
  [[nodiscard]] virtual std::vector<Close> Closes() = 0;
};

/// A fixed time without an Instance, per Series and per Study; without the time between two looks
/// that such a gateway adds.
[[nodiscard]] std::unique_ptr<Policy> MakeFixedQuiet(Duration series, Duration study);

/// Axial's intake, assembler and store, on a clock that the simulation turns.
[[nodiscard]] std::unique_ptr<Policy> MakeAxial(const config::Completion& limits);

}  // namespace axial::sim
