#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/model_card.h"
#include "core/base/clock.h"
#include "core/base/metrics.h"
#include "core/base/result.h"
#include "gateway/store/study_store.h"
#include "routing/rule_set.h"

namespace axial::pipeline {

/// Evaluates the rules on every complete Series, and on the rest when its revision is closed, and
/// stores verdicts and Jobs. Thread-safe.
class RouteStage {
 public:
  /// `studies` and `metrics` outlive the stage. `make_durable`: of what was received of a Study,
  /// before a Job of it is a row; an error leaves it to the next round. `on_jobs`: new Jobs are
  /// rows; must not block.
  RouteStage(store::StudyStore& studies, Metrics& metrics,
             std::function<Status(const std::string& study_uid)> make_durable,
             std::function<void()> on_jobs);

  /// The rules in force from the next revision on. `models`: those that are usable, for the version
  /// that is part of a Job's key.
  void SetRules(routing::RuleSet rules, const std::vector<config::ModelCard>& models);

  /// Routes every complete Series and every closed revision. There is nothing to wait for: returns
  /// nullopt.
  [[nodiscard]] Result<std::optional<TimePoint>> RunOnce(TimePoint now);

 private:
  /// `series_uid`: that Series alone, before its revision is closed; "": what is left of it.
  [[nodiscard]] Status Route(const store::Revision& revision, const std::string& series_uid,
                             TimePoint now);

  store::StudyStore& studies_;
  std::function<Status(const std::string& study_uid)> make_durable_;
  std::function<void()> on_jobs_;
  Counter& routed_total_;
  Counter& not_routed_total_;
  std::mutex mutex_;
  routing::RuleSet rules_;
  std::map<std::string, std::string> model_versions_;
};

/// The rules' view of stored Series: the representative is the first Instance of the most frequent
/// SOP Class. Error: Corrupt (a stored UID is none).
[[nodiscard]] Result<routing::StudySummary> SummarizeRows(
    const std::string& study_uid, const std::vector<store::SeriesRow>& series);

}  // namespace axial::pipeline
