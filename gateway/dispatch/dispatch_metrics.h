#pragma once

#include <string>

#include "core/base/metrics.h"
#include "gateway/dispatch/worker_slot.h"

namespace axial::dispatch {

/// The room's metrics. Label values: the outcomes named below, slot states, models of the
/// configuration.
class DispatchMetrics {
 public:
  explicit DispatchMetrics(Metrics& metrics) : metrics_(metrics) {
    for (const char* outcome : {"produced", "refused", "crashed", "deadline", "start_failed",
                                "bad_artifacts", "not_given", "dropped"})
      Outcome(outcome);
    Quarantined();
    for (const char* outcome : {"produced", "not_wanted", "lost"}) FailureReport(outcome);
    SetWorkers(SlotState::kStarting, 0);
    SetWorkers(SlotState::kIdle, 0);
    SetWorkers(SlotState::kBusy, 0);
  }

  /// How an attempt ended.
  Counter& Outcome(const std::string& outcome) {
    return metrics_.GetCounter("axial_dispatch_attempts_total", "Attempts of Jobs by outcome",
                               {{"outcome", outcome}});
  }
  Counter& Quarantined() {
    return metrics_.GetCounter("axial_dispatch_quarantined_total",
                               "Attempts whose results were refused by their own check");
  }
  /// How an attempt to write a failure report ended.
  Counter& FailureReport(const std::string& outcome) {
    return metrics_.GetCounter("axial_dispatch_failure_reports_total",
                               "Reports that a model could not run, by outcome of the attempt",
                               {{"outcome", outcome}});
  }
  void SetWorkers(SlotState state, double count) {
    metrics_
        .GetGauge("axial_dispatch_workers", "Worker processes by state",
                  {{"state", std::string(SlotStateName(state))}})
        .Set(count);
  }
  /// From the Job's hand-over to the worker to its result, for produced Jobs.
  void ObserveRun(const std::string& model, Duration run) {
    metrics_
        .GetHistogram("axial_dispatch_run_seconds", "Run time of produced Jobs",
                      {0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 600}, {{"model", model}})
        .Observe(std::chrono::duration<double>(run).count());
  }
  void ObserveLoad(const std::string& model, double seconds) {
    metrics_
        .GetHistogram("axial_dispatch_load_seconds", "Load time of models in workers",
                      {0.3, 1, 3, 10, 30, 60, 120}, {{"model", model}})
        .Observe(seconds);
  }

 private:
  Metrics& metrics_;
};

}  // namespace axial::dispatch
