#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "config/config.h"
#include "core/base/clock.h"
#include "core/base/metrics.h"
#include "core/base/result.h"
#include "gateway/store/study_store.h"

namespace axial::assemble {

/// Turns Instances into closed revisions. The rows say what was received; only "which Associations
/// are open now" lives in memory, because no Association survives the process. Thread-safe.
class StudyAssembler {
 public:
  /// `studies` and `metrics` outlive the assembler.
  StudyAssembler(store::StudyStore& studies, Metrics& metrics);

  /// Limits of the node and of single peers (by calling AE Title); may change while running.
  void SetLimits(const config::Config& config);

  /// At start: every Association of an earlier process is over.
  [[nodiscard]] Status Recover(TimePoint now);

  /// An Instance of the study came in by this Association; its row is committed.
  void OnInstance(std::int64_t association_id, const std::string& study_uid);

  /// Studies that no other open Association is sending count as released now.
  [[nodiscard]] Status OnAssociationClosed(std::int64_t association_id, TimePoint now);

  /// Closes every revision that is complete. Returns when the next one can be, if there is one
  /// open.
  [[nodiscard]] Result<std::optional<TimePoint>> RunOnce(TimePoint now);

 private:
  [[nodiscard]] config::Completion LimitsFor(const std::string& calling_ae_title) const;

  store::StudyStore& studies_;
  Histogram& seconds_to_close_;
  mutable std::mutex mutex_;
  config::Completion limits_;
  std::map<std::string, config::Completion> peer_limits_;
  std::map<std::int64_t, std::set<std::string>> studies_by_association_;
  std::map<std::string, int> open_associations_;  ///< by study; no entry: none
};

}  // namespace axial::assemble
