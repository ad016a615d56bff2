#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "gateway/store/database.h"

namespace axial::store {

/// Which studies may go, and that they are gone.
///
/// A study may go when nothing happened to it since `before` and nothing of it is owed: every
/// revision is routed, no Job waits or runs, every failed Job is told (its report was made, or
/// nobody wants one) or replaced, every delivery is confirmed, no person waits for an analysis of
/// it, and no modality waits for, or was given since `before`, a Storage Commitment of its
/// Instances. Its rows stay and say so; those of its Instances go, so that they are new when they
/// come again. Thread-safe.
class RetentionStore {
 public:
  explicit RetentionStore(Database& database) : database_(database) {}

  /// Studies that may go, longest here first.
  [[nodiscard]] Result<std::vector<std::string>> Due(TimePoint before, std::size_t limit) const;

  /// How many studies are older and stay, because something of them is owed.
  [[nodiscard]] Result<std::int64_t> CountHeld(TimePoint before) const;

  struct Removed {
    std::int64_t instances = 0;
    std::int64_t bytes = 0;  ///< of the Instances
    std::int64_t results = 0;
  };
  /// One transaction: the study is removed, its files are to go. Nothing of it may be on its way
  /// in. Error: Conflict when it may not go (any more).
  [[nodiscard]] Result<Removed> Remove(const std::string& study_uid, TimePoint before,
                                       TimePoint now);

  /// Removed studies whose files may still lie there.
  [[nodiscard]] Result<std::vector<std::string>> Removing(std::size_t limit) const;

  /// The file names of the study's Instances: of those that came again after it was removed.
  [[nodiscard]] Result<std::set<std::string>> FilesOf(const std::string& study_uid) const;

  /// The Jobs whose results went with the study.
  [[nodiscard]] Result<std::vector<std::int64_t>> RemovedJobs(const std::string& study_uid) const;

  /// No file of what was removed is left.
  [[nodiscard]] Status SetCleared(const std::string& study_uid);

 private:
  Database& database_;
};

}  // namespace axial::store
