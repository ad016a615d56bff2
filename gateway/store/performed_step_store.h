#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/dicom/storage_commitment.h"
#include "gateway/store/database.h"
#include "gateway/store/performed_step_state.h"

namespace axial::store {

/// One item of the Performed Series Sequence (0040,0340).
struct PerformedSeries {
  std::string series_uid;
  std::vector<InstanceReference> instances;  ///< images and others; may be empty
};

/// What an N-CREATE says of a new step, which is IN PROGRESS.
struct NewPerformedStep {
  std::string step_uid;  ///< SOP Instance UID
  std::vector<std::string> study_uids;
  std::string calling_ae_title;
  std::string station_ae_title;  ///< Performed Station AE Title
  std::string modality;
  std::vector<PerformedSeries> series;  ///< mostly none yet
};

/// What an N-SET says. A sequence replaces the one that was there (PS3.7 10.1.3).
struct PerformedStepChange {
  PerformedStepEvent event = PerformedStepEvent::kUpdate;
  std::optional<std::vector<PerformedSeries>> series;  ///< absent: as it was
  std::string discontinuation_reason;                  ///< code meaning; "" as it was
};

/// A step as evidence of what a study consists of.
struct PerformedStepEvidence {
  struct Series {
    std::string series_uid;
    std::int64_t referenced = 0;  ///< Instances; 0: the modality named none, so nobody knows
    std::int64_t missing = 0;     ///< of them, those that were not received (yet)
  };
  std::string step_uid;
  PerformedStepState state = PerformedStepState::kInProgress;
  std::string calling_ae_title;
  TimePoint ended_at{};        ///< 0: in progress
  std::vector<Series> series;  ///< in the order of their UIDs; empty: the modality named none
};

struct PerformedStepRow {
  std::string step_uid;
  PerformedStepState state = PerformedStepState::kInProgress;
  std::string calling_ae_title;
  std::string station_ae_title;
  std::string modality;
  std::string discontinuation_reason;
  TimePoint created_at{};
  TimePoint changed_at{};
  TimePoint ended_at{};
  std::vector<std::string> study_uids;
  std::int64_t series = 0;
  std::int64_t instances = 0;
};

/// Modality Performed Procedure Steps (PS3.4 F.7), as far as they tell what a study consists of:
/// no patient data. Every change is durable when it returns. Thread-safe.
class PerformedStepStore {
 public:
  explicit PerformedStepStore(Database& database) : database_(database) {}

  /// Error: Conflict when there is a step of that UID.
  [[nodiscard]] Status Create(const NewPerformedStep& step, TimePoint now);

  /// Gives the studies that the step is about. Errors: NotFound; Conflict when the step has ended.
  [[nodiscard]] Result<std::vector<std::string>> Set(const std::string& step_uid,
                                                     const PerformedStepChange& change,
                                                     TimePoint now);

  /// Every step about the study, oldest first: it is complete by this evidence when all have ended
  /// and no Instance is missing. Costs one index look-up for each referenced Instance.
  [[nodiscard]] Result<std::vector<PerformedStepEvidence>> EvidenceOfStudy(
      const std::string& study_uid) const;

  /// Newest first, at most `limit`.
  [[nodiscard]] Result<std::vector<PerformedStepRow>> List(int limit) const;
  [[nodiscard]] Result<std::vector<PerformedStepRow>> ListOfStudy(
      const std::string& study_uid) const;
  /// Number of steps per state name, for metrics.
  [[nodiscard]] Result<std::vector<std::pair<std::string, std::int64_t>>> CountByState() const;

  /// Forgets at most `limit` steps that nobody has changed since `before`. Returns how many.
  [[nodiscard]] Result<int> Forget(TimePoint before, int limit);

 private:
  Database& database_;
};

}  // namespace axial::store
