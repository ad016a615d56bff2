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

/// An unfinished request, and what there is of its study.
struct OpenRequest {
  AnalysisRequest request;
  std::int64_t routed_series = 0;  ///< here, complete and routed
  bool study_routed = false;       ///< all of it, with nothing newer on its way
};

/// A Job to be made, of the revision that last brought something new to its Series.
struct RequestedJob {
  Revision revision;
  NewJob job;
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

  /// Unfinished requests of which something is routed, and those made before `expired`, whatever
  /// became of their study. Oldest first.
  [[nodiscard]] Result<std::vector<OpenRequest>> Due(TimePoint expired) const;

  /// The request becomes Jobs, with its outcome and, when it is finished or there are new Jobs, an
  /// entry in the study's timeline. One that is not `finished` may become more. No Jobs and
  /// finished: it is refused. Error: Conflict when it is finished already.
  [[nodiscard]] Result<RequestedJobs> Record(const AnalysisRequest& request,
                                             const std::vector<RequestedJob>& jobs,
                                             const std::string& outcome, bool finished,
                                             TimePoint now);

  /// Of which something is asked for that did not become Jobs yet.
  [[nodiscard]] Result<std::vector<std::string>> AwaitedStudies() const;

  /// Newest first, at most `limit`.
  [[nodiscard]] Result<std::vector<AnalysisRequest>> ListOfStudy(const std::string& study_uid,
                                                                 int limit) const;

 private:
  Database& database_;
};

}  // namespace axial::store
