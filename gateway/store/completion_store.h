#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "gateway/store/database.h"
#include "gateway/store/study_store.h"

namespace axial::store {

/// That a Series is complete in a revision of its Study, and what says so.
struct SeriesClosing {
  std::string series_uid;
  std::string reason;    ///< declared_count | association_released | ...
  std::string evidence;  ///< for people
};

/// That the open revision of a Study is complete.
struct RevisionClosing {
  std::string study_uid;
  int revision = 0;
  std::int64_t study_version = 0;  ///< AddedInstance::study_version of the last Instance seen
  std::string reason;
  std::string evidence;
  std::vector<SeriesClosing> series;  ///< those that were not closed before
};

/// An open revision, as the rows know it.
struct OpenRevision {
  Revision revision;
  std::int64_t study_version = 0;
  struct Instance {
    std::string series_uid;
    std::string path;
  };
  std::vector<Instance> instances;  ///< of the whole Study, oldest first
  std::vector<std::string> closed_series;
  bool complete_list = true;  ///< false: more Instances than were asked for
};

/// A sender's habit, as the assembler wrote it.
struct HabitRow {
  std::string calling_ae_title;
  TimePoint heard_at{};
  std::string habit;
};

/// What says that Series and Studies are complete. Thread-safe.
class CompletionStore {
 public:
  explicit CompletionStore(Database& database) : database_(database) {}

  /// One transaction: the Series' revision is complete; its next Instance opens the next revision.
  /// Error: Conflict when `revision` is not the open one, or the Series has no Instance in it.
  [[nodiscard]] Status CloseSeries(const std::string& study_uid, int revision,
                                   const SeriesClosing& closing, TimePoint now);

  /// One transaction: the revision and all its Series are complete. Error: Conflict when it is not
  /// open, or the Study got an Instance after `study_version`.
  [[nodiscard]] Status CloseRevision(const RevisionClosing& closing, TimePoint now);

  /// The `limit` newest open revisions, with at most `instances` Instances each.
  [[nodiscard]] Result<std::vector<OpenRevision>> OpenRevisions(int limit, int instances) const;

  [[nodiscard]] Result<std::vector<HabitRow>> Habits(int limit) const;
  /// An empty habit: it is forgotten.
  [[nodiscard]] Status SaveHabits(const std::vector<HabitRow>& habits);

 private:
  Database& database_;
};

}  // namespace axial::store
