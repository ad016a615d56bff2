#include "gateway/pipeline/retention_stage.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "core/base/log.h"

namespace axial::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kStudiesPerRound = 20;
/// Between two looks; who keeps for a shorter time looks more often.
constexpr Duration kLongestPause = std::chrono::minutes(1);
constexpr Duration kShortestPause = std::chrono::seconds(5);

/// Of all files below the folder. Files that cannot be looked at count nothing.
receive::RemovedFiles SizeOf(const fs::path& folder) {
  receive::RemovedFiles size;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code unknown;
    if (entry->symlink_status(unknown).type() != fs::file_type::regular) continue;
    const std::uintmax_t bytes = entry->file_size(unknown);
    if (unknown) continue;
    ++size.files;
    size.bytes += static_cast<std::int64_t>(bytes);
  }
  return size;
}

}  // namespace

RetentionStage::RetentionStage(store::RetentionStore& retention, receive::SpoolDisk& spool,
                               Options options)
    : retention_(retention),
      spool_(spool),
      options_(std::move(options)),
      studies_total_(options_.metrics->GetCounter("axial_pipeline_removed_studies_total",
                                                  "Studies removed after storage.keep")),
      files_total_(options_.metrics->GetCounter("axial_pipeline_removed_files_total",
                                                "Files removed after storage.keep")),
      bytes_total_(options_.metrics->GetCounter("axial_pipeline_removed_bytes_total",
                                                "Bytes of the files removed after storage.keep")),
      held_gauge_(options_.metrics->GetGauge(
          "axial_pipeline_held_studies",
          "Studies older than storage.keep that stay because something of them is owed")),
      keep_(options_.keep) {}

void RetentionStage::SetKeep(Duration keep) {
  const std::lock_guard lock(mutex_);
  if (keep == keep_) return;
  keep_ = keep;
  next_round_ = {};
}

std::string RetentionStage::Trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void RetentionStage::Count(const receive::RemovedFiles& removed) {
  files_total_.Increment(static_cast<double>(removed.files));
  bytes_total_.Increment(static_cast<double>(removed.bytes));
}

Status RetentionStage::RemoveResults(const std::string& study_uid) {
  AXIAL_ASSIGN_OR_RETURN(const auto jobs, retention_.RemovedJobs(study_uid));
  for (const std::int64_t job : jobs) {
    const fs::path folder = fs::path(options_.results_directory) / std::to_string(job);
    const receive::RemovedFiles size = SizeOf(folder);
    std::error_code error;
    fs::remove_all(folder, error);
    if (error)
      return MakeError(ErrorCode::kUnavailable, "{}: cannot remove it: {}", folder.string(),
                       error.message());
    Count(size);
  }
  return {};
}

/// What lies there and has no row.
Status RetentionStage::Clear(const std::string& study_uid) {
  AXIAL_ASSIGN_OR_RETURN(const auto removed, spool_.RemoveExcept(study_uid, [&] {
    return retention_.FilesOf(study_uid);
  }));
  if (!removed) return {};  // the study is coming in again just now; the next round looks
  Count(*removed);
  AXIAL_RETURN_IF_ERROR(RemoveResults(study_uid));
  return retention_.SetCleared(study_uid);
}

Status RetentionStage::Remove(const std::string& study_uid, TimePoint before, TimePoint now) {
  store::RetentionStore::Removed rows;
  const auto remove_rows = [&]() -> Result<std::set<std::string>> {
    AXIAL_ASSIGN_OR_RETURN(rows, retention_.Remove(study_uid, before, now));
    options_.on_removed(study_uid);
    return std::set<std::string>{};
  };
  const Result<std::optional<receive::RemovedFiles>> removed =
      spool_.RemoveExcept(study_uid, remove_rows);
  if (!removed.ok()) {
    // Conflict: something came, or was asked for, since we looked; it stays.
    if (removed.error().code() == ErrorCode::kConflict) return {};
    return removed.error();
  }
  if (!*removed) return {};  // something is coming
  studies_total_.Increment();
  Count(**removed);
  Log(LogLevel::kInfo, "study_removed",
      {{"study_uid", study_uid},
       {"instances", rows.instances},
       {"bytes", (*removed)->bytes},
       {"results", rows.results}});
  AXIAL_RETURN_IF_ERROR(RemoveResults(study_uid));
  return retention_.SetCleared(study_uid);
}

Result<bool> RetentionStage::Round(TimePoint before, TimePoint now) {
  Status first_error;
  const auto note = [&](const Status& status, const std::string& study_uid) {
    if (!status.ok() && first_error.ok())
      first_error = status.error().WithContext("study {}", study_uid);
  };
  AXIAL_ASSIGN_OR_RETURN(const auto removing, retention_.Removing(kStudiesPerRound));
  for (const std::string& study_uid : removing) note(Clear(study_uid), study_uid);
  AXIAL_ASSIGN_OR_RETURN(const auto due, retention_.Due(before, kStudiesPerRound));
  for (const std::string& study_uid : due) note(Remove(study_uid, before, now), study_uid);
  if (!first_error.ok()) return first_error.error();
  if (std::max(due.size(), removing.size()) == kStudiesPerRound) return true;
  AXIAL_ASSIGN_OR_RETURN(held_, retention_.CountHeld(before));
  held_gauge_.Set(static_cast<double>(held_));
  return false;
}

Result<std::optional<TimePoint>> RetentionStage::RunOnce(TimePoint now) {
  const std::lock_guard one_round(round_mutex_);
  const Result<std::int64_t> free_bytes = spool_.FreeBytes();
  const bool low = free_bytes.ok() && *free_bytes < options_.reserve_bytes;
  TimePoint before;
  {
    const std::lock_guard lock(mutex_);
    if (now < next_round_ && !low) return std::optional<TimePoint>(next_round_);
    before = now - keep_;
    next_round_ = now + std::clamp(keep_, kShortestPause, kLongestPause);
  }
  const Result<bool> more = Round(before, now);
  const std::lock_guard lock(mutex_);
  if (!more.ok() && more.error().message() != trouble_)
    Log(LogLevel::kError, "removal_failed", {{"error", more.error().ToString()}});
  trouble_ = more.ok() ? "" : more.error().message();
  if (more.ok() && *more) next_round_ = now;
  return std::optional<TimePoint>(next_round_);
}

}  // namespace axial::pipeline
