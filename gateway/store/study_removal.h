#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "gateway/store/database.h"

namespace axial::store {

/// Removes what this gateway knows of a study that is gone where it came from: first its Jobs are
/// cancelled, then (when the caller has removed the files) its rows go. Killed in between, doing
/// both again gives the same. Thread-safe.
class StudyRemoval {
 public:
  explicit StudyRemoval(Database& database) : database_(database) {}

  /// One transaction: Jobs that are not delivered become cancelled, so that a lease that is held is
  /// lost; what they owe to Destinations is owed no more, and nothing is left to report.
  /// `series_uid`: of that Series alone; "": of the whole study. The ids of the study's (the
  /// Series') Jobs.
  [[nodiscard]] Result<std::vector<std::int64_t>> CancelJobs(const std::string& study_uid,
                                                             const std::string& series_uid,
                                                             TimePoint now);

  /// One transaction: every row of the study. What people still ask for stays.
  [[nodiscard]] Status RemoveRows(const std::string& study_uid);

 private:
  Database& database_;
};

}  // namespace axial::store
