#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/metrics.h"
#include "core/base/result.h"
#include "gateway/receive/spool_disk.h"
#include "gateway/store/retention_store.h"

namespace axial::pipeline {

/// Removes the Instances and results of studies of which nothing is owed and that are older than
/// `storage.keep`; RetentionStore says which. First the rows say that they are gone, in one
/// transaction that nothing of the study can come in between; then the files go. Killed after that
/// transaction, the next process goes on with the files. Thread-safe.
class RetentionStage {
 public:
  struct Options {
    std::string results_directory;
    Duration keep{};
    std::int64_t reserve_bytes = 0;  ///< below it, looks in every round
    Metrics* metrics = nullptr;      ///< required
    /// The study is gone; must not block.
    std::function<void(const std::string& study_uid)> on_removed;
  };

  /// References outlive the stage.
  RetentionStage(store::RetentionStore& retention, receive::SpoolDisk& spool, Options options);

  /// In force from the next round on.
  void SetKeep(Duration keep);

  /// Removes what may go; gives when to look again.
  [[nodiscard]] Result<std::optional<TimePoint>> RunOnce(TimePoint now);

  /// What keeps files from being removed, or "".
  [[nodiscard]] std::string Trouble() const;
  /// Studies older than `keep` that stay because something of them is owed.
  [[nodiscard]] std::int64_t held() const { return held_; }

 private:
  /// Whether there is more to do.
  [[nodiscard]] Result<bool> Round(TimePoint before, TimePoint now);
  [[nodiscard]] Status Remove(const std::string& study_uid, TimePoint before, TimePoint now);
  [[nodiscard]] Status Clear(const std::string& study_uid);
  [[nodiscard]] Status RemoveResults(const std::string& study_uid);
  void Count(const receive::RemovedFiles& removed);

  store::RetentionStore& retention_;
  receive::SpoolDisk& spool_;
  const Options options_;
  Counter& studies_total_;
  Counter& files_total_;
  Counter& bytes_total_;
  Gauge& held_gauge_;
  std::atomic<std::int64_t> held_{0};
  std::mutex round_mutex_;  ///< one round at a time
  mutable std::mutex mutex_;
  Duration keep_;           ///< guarded by mutex_
  TimePoint next_round_{};  ///< guarded by mutex_
  std::string trouble_;     ///< guarded by mutex_
};

}  // namespace axial::pipeline
