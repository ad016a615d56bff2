#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace axial::pipeline {

/// Runs one stage's RunOnce on an own thread: on a nudge, when the stage said something falls due,
/// and at least every `tick`, so that a lost nudge costs no more than that; never more than a
/// hundred times a second. Thread-safe.
class StageThread {
 public:
  /// Returns when the next round is due, or nullopt. An error, or an exception, is logged, and
  /// tried again after `tick`.
  using RunOnce = std::function<Result<std::optional<TimePoint>>(TimePoint now)>;

  /// Starts at once with a first round.
  StageThread(std::string name, const Clock& clock, Duration tick, RunOnce run_once);
  ~StageThread();  ///< stops
  StageThread(const StageThread&) = delete;
  StageThread& operator=(const StageThread&) = delete;

  /// After Stop it does nothing.
  void Nudge();
  /// Returns after the round in progress. Not from that round.
  void Stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace axial::pipeline
