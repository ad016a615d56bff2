#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/metrics.h"
#include "core/base/result.h"
#include "gateway/assemble/study_assembler.h"
#include "gateway/deliver/destination.h"

namespace axial::pipeline {

/// Asks archives how much there is of Studies of which nothing else tells that they are complete.
/// An archive that cannot be asked only makes those wait for the backstops. Used by one thread.
class ArchiveStage {
 public:
  using CountInstances = std::function<Result<deliver::SeriesCounts>(const std::string& destination,
                                                                     const std::string& study_uid)>;

  /// All outlive the stage; `count_instances` may block; `on_counts` after an answer came.
  ArchiveStage(assemble::StudyAssembler& assembler, CountInstances count_instances,
               const Clock& clock, Metrics& metrics, std::function<void()> on_counts);

  /// Asks what is due. Returns when the next question is.
  [[nodiscard]] Result<std::optional<TimePoint>> RunOnce(TimePoint now);

 private:
  void Note(const std::string& archive, const Status& answered);

  assemble::StudyAssembler& assembler_;
  CountInstances count_instances_;
  const Clock& clock_;
  Metrics& metrics_;
  std::function<void()> on_counts_;
  std::map<std::string, std::string> failing_;  ///< archive to the reason that was logged
};

}  // namespace axial::pipeline
