#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "gateway/store/database.h"
#include "gateway/store/study_store.h"

namespace axial::store {

/// A person asked for one model on one study, whatever the rules say.
struct AnalysisRequest {
  std::int64_t id = 0;
  std::string study_uid;   ///< which need not be here yet
  std::string series_uid;  ///< "": every Series that the model takes
  std::string model;
  TimePoint requested_at{};
  TimePoint finished_at{};  ///< Jobs made of it, or refused
  std::string outcome;      ///< for people; "" while unfinished
};

/// The Jobs that a request is now.
struct RequestedJobs {
  std::vector<std::int64_t> created;
  std::vector<std::int64_t> existing;  ///< the same run was asked for before, by a rule or a person
};

/// Unfinished requests kept at most.
inline constexpr int kMaxUnfinishedRequests = 1000;

/// What people asked for. Every change is one transaction. Thread-safe.
class AnalysisRequestStore {
 public:
  explicit AnalysisRequestStore(Database& database) : database_(database) {}

  /// An unfinished request for the same is returned instead of a second one. Error: Exhausted when
  /// kMaxUnfinishedRequests wait.
  [[nodiscard]] Result<AnalysisRequest> Add(const std::string& study_uid,
                                            const std::string& series_uid, const std::string& model,
                                            TimePoint now);

  /// Unfinished requests whose study is here, not removed, and routed, with nothing newer on its
  /// way; and those made before `expired`, whatever became of their study. Oldest first.
  [[nodiscard]] Result<std::vector<AnalysisRequest>> Due(TimePoint expired, int limit) const;

  /// The request becomes Jobs of `revision` (none: it is refused), with its outcome and an entry in
  /// the study's timeline. Error: Conflict when it is finished already.
  [[nodiscard]] Result<RequestedJobs> Finish(const AnalysisRequest& request,
                                             const Revision& revision,
                                             const std::vector<NewJob>& jobs,
                                             const std::string& outcome, TimePoint now);

  /// Newest first, at most `limit`.
  [[nodiscard]] Result<std::vector<AnalysisRequest>> ListOfStudy(const std::string& study_uid,
                                                                 int limit) const;

 private:
  Database& database_;
};

}  // namespace axial::store
