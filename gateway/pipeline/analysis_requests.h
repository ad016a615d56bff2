#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/model_card.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "gateway/store/analysis_request_store.h"
#include "gateway/store/job_store.h"
#include "gateway/store/study_store.h"

namespace axial::pipeline {

/// What became of a request so far.
struct RequestedAnalysis {
  bool study_here = false;         ///< something of it is
  bool finished = false;           ///< false: the study is not here, or not complete, yet
  std::string outcome;             ///< for people
  std::vector<std::int64_t> jobs;  ///< so far; none when finished: refused, `outcome` says why
};

/// Runs models that a person asks for, whatever the rules say. A request is a row; it becomes Jobs
/// of each Series as soon as that is complete and routed, until the study is. Thread-safe.
class AnalysisRequests {
 public:
  /// References outlive this. `make_durable`: as RouteStage's, before a Job is made. `on_jobs`:
  /// there are new Jobs; must not block.
  AnalysisRequests(store::StudyStore& studies, store::JobStore& jobs,
                   store::AnalysisRequestStore& requests,
                   std::function<Status(const std::string& study_uid)> make_durable,
                   std::function<void()> on_jobs);

  /// `cards`: the usable models. Results go where the rules that run the model send theirs; of a
  /// model that no rule runs, to every Destination.
  void SetModels(const config::Config& config, const std::vector<config::ModelCard>& cards);

  /// `series_uid` "": every Series that the model takes. The Jobs of a repeated request are those
  /// of the first; failed ones are retried. Errors: NotFound (no such usable model; the message
  /// names those that there are), Exhausted.
  [[nodiscard]] Result<RequestedAnalysis> Ask(const std::string& study_uid,
                                              const std::string& series_uid,
                                              const std::string& model, TimePoint now);

  /// Makes Jobs of what is routed by now of what was asked for, and refuses those whose study did
  /// not come within a day. Returns when to look again. By one thread at a time.
  [[nodiscard]] Result<std::optional<TimePoint>> RunOnce(TimePoint now);

 private:
  struct Model {
    config::ModelCard card;
    std::vector<std::string> destinations;
  };

  /// Its revisions; none when nothing of it is here (any more).
  [[nodiscard]] Result<std::vector<store::Revision>> RevisionsHere(
      const std::string& study_uid) const;
  [[nodiscard]] std::optional<Model> FindModel(const std::string& name) const;
  /// As far as it can be by now. `existing`: the Jobs that were there before.
  [[nodiscard]] Result<RequestedAnalysis> Fulfil(const store::AnalysisRequest& request,
                                                 TimePoint now,
                                                 std::vector<std::int64_t>& existing);
  void RetryFailed(const std::string& study_uid, const std::vector<std::int64_t>& ids,
                   TimePoint now);

  store::StudyStore& studies_;
  store::JobStore& jobs_;
  store::AnalysisRequestStore& requests_;
  std::function<Status(const std::string& study_uid)> make_durable_;
  std::function<void()> on_jobs_;
  mutable std::mutex mutex_;
  std::map<std::string, Model> models_;
  /// Of RunOnce alone: an unfinished request, and the routed Series of its study when it was last
  /// looked at.
  std::map<std::int64_t, std::int64_t> served_;
};

/// Why the model does not take this Series, or "".
[[nodiscard]] std::string WhyNotFor(const config::ModelCard& card, const store::SeriesRow& series);

}  // namespace axial::pipeline
