#include "gateway/dispatch/quarantine.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

namespace axial::dispatch {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kRecordName = "refused.json";
constexpr std::uintmax_t kMaxRecordBytes = 256 << 10;
constexpr std::size_t kMaxFiles = 1000;    // of one attempt, that are looked at
constexpr std::size_t kMaxFolders = 1000;  // that are looked at
constexpr int kMaxRepeats = 1000;          // of one job and attempt

std::vector<RefusedFile> RefusedFiles(const fs::path& folder) {
  std::vector<RefusedFile> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() != ".refused" || files.size() == kMaxFiles) continue;
    if (entry->symlink_status(error).type() != fs::file_type::regular || error) continue;
    const std::uintmax_t bytes = entry->file_size(error);
    if (!error)
      files.push_back({entry->path().filename().string(), static_cast<std::int64_t>(bytes), true});
  }
  std::sort(files.begin(), files.end(),
            [](const RefusedFile& a, const RefusedFile& b) { return a.name < b.name; });
  return files;
}

std::string RecordOf(const QuarantinedAttempt& attempt) {
  json files = json::array();
  for (const RefusedFile& file : attempt.files)
    files.push_back({{"name", file.name}, {"bytes", file.bytes}, {"kept", file.kept}});
  const json record = {{"job", attempt.job},
                       {"attempt", attempt.attempt},
                       {"study_uid", attempt.study_uid},
                       {"series_uid", attempt.series_uid},
                       {"model", attempt.model},
                       {"model_version", attempt.model_version},
                       {"reason", attempt.reason},
                       {"at", FormatTime(attempt.at)},
                       {"at_us", ToMicros(attempt.at)},
                       {"files", std::move(files)}};
  return record.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

/// False when the record is not one, as a person's editor or a full disk may leave it.
bool ReadRecord(const std::string& text, QuarantinedAttempt& attempt) {
  const json record = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!record.is_object()) return false;
  try {
    attempt.job = record.at("job").get<std::int64_t>();
    attempt.attempt = record.at("attempt").get<int>();
    attempt.study_uid = record.at("study_uid").get<std::string>();
    attempt.series_uid = record.at("series_uid").get<std::string>();
    attempt.model = record.at("model").get<std::string>();
    attempt.model_version = record.at("model_version").get<std::string>();
    attempt.reason = record.at("reason").get<std::string>();
    attempt.at = FromMicros(record.at("at_us").get<std::int64_t>());
    attempt.files.clear();
    for (const json& file : record.at("files")) {
      if (attempt.files.size() == kMaxFiles) break;
      attempt.files.push_back({file.at("name").get<std::string>(),
                               file.at("bytes").get<std::int64_t>(), file.at("kept").get<bool>()});
    }
  } catch (const json::exception&) {
    return false;
  }
  return true;
}

std::string ReadFile(const fs::path& path) {
  std::error_code error;
  if (fs::file_size(path, error) > kMaxRecordBytes || error) return "";
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TimePoint ChangedAt(const fs::path& path) {
  std::error_code error;
  const fs::file_time_type time = fs::last_write_time(path, error);
  if (error) return {};
  return std::chrono::time_point_cast<TimePoint::duration>(std::chrono::file_clock::to_sys(time));
}

/// What the record says, and the files that are really there.
QuarantinedAttempt Describe(const fs::path& folder) {
  QuarantinedAttempt attempt;
  if (!ReadRecord(ReadFile(folder / kRecordName), attempt)) {
    attempt = {};
    attempt.at = ChangedAt(folder);
    const std::string name = folder.filename().string();  // <job>-<attempt>
    const char* const end = name.data() + name.size();
    const auto job = std::from_chars(name.data(), end, attempt.job);
    if (job.ec == std::errc() && job.ptr != end && *job.ptr == '-')
      std::from_chars(job.ptr + 1, end, attempt.attempt);
  }
  std::erase_if(attempt.files, [](const RefusedFile& file) { return file.kept; });
  const std::vector<RefusedFile> there = RefusedFiles(folder);
  attempt.files.insert(attempt.files.begin(), there.begin(), there.end());
  attempt.name = folder.filename().string();
  attempt.folder = folder.string();
  return attempt;
}

/// A new folder; a person's retry counts attempts from 1 again, and must not replace an earlier
/// one.
Result<fs::path> MakeFolder(const fs::path& quarantine, const store::Job& job) {
  std::error_code error;
  fs::create_directories(quarantine, error);
  for (int repeat = 1; !error && repeat <= kMaxRepeats; ++repeat) {
    const fs::path folder =
        quarantine / (repeat == 1 ? fmt::format("{}-{}", job.id, job.attempt)
                                  : fmt::format("{}-{}-{}", job.id, job.attempt, repeat));
    if (fs::create_directory(folder, error)) return folder;
  }
  return MakeError(ErrorCode::kUnavailable, "no folder can be made in {}: {}", quarantine.string(),
                   error ? error.message() : "too many");
}

}  // namespace

std::int64_t QuarantinedAttempt::KeptBytes() const {
  std::int64_t bytes = 0;
  for (const RefusedFile& file : files)
    if (file.kept) bytes += file.bytes;
  return bytes;
}

Quarantine::Quarantine(const std::string& results_directory, QuarantineLimits limits)
    : directory_(results_directory + "/quarantine"), limits_(limits) {}

Result<std::optional<QuarantinedAttempt>> Quarantine::Keep(const std::string& output_directory,
                                                           const store::Job& job,
                                                           const std::string& reason,
                                                           TimePoint now) const {
  std::vector<RefusedFile> files = RefusedFiles(output_directory);
  if (files.empty()) return std::optional<QuarantinedAttempt>();
  AXIAL_ASSIGN_OR_RETURN(const fs::path folder, MakeFolder(directory_, job));
  QuarantinedAttempt attempt{folder.filename().string(),
                             folder.string(),
                             job.id,
                             job.attempt,
                             job.study_uid,
                             job.series_uid,
                             job.model,
                             job.model_version,
                             reason,
                             now,
                             std::move(files)};
  std::error_code error;
  const fs::space_info space = fs::space(directory_, error);
  const bool room = !error && static_cast<std::int64_t>(space.available) >= limits_.reserve_bytes;
  std::int64_t bytes = 0;
  for (RefusedFile& file : attempt.files) {
    file.kept = room && bytes + file.bytes <= limits_.bytes;
    if (file.kept) fs::rename(fs::path(output_directory) / file.name, folder / file.name, error);
    if (error) file.kept = false;
    if (file.kept) bytes += file.bytes;
  }
  std::ofstream(folder / kRecordName, std::ios::binary) << RecordOf(attempt);

  std::size_t attempts = 1;
  for (const QuarantinedAttempt& other : List()) {  // newest first
    if (other.name == attempt.name) continue;
    ++attempts;
    bytes += other.KeptBytes();
    if (attempts > limits_.attempts || bytes > limits_.bytes) (void)Remove(other.name);
  }
  return std::optional(std::move(attempt));
}

std::vector<QuarantinedAttempt> Quarantine::List() const {
  std::vector<QuarantinedAttempt> attempts;
  std::error_code error;
  for (fs::directory_iterator entry(directory_, error), end; !error && entry != end;
       entry.increment(error)) {
    if (attempts.size() == kMaxFolders) break;
    if (entry->symlink_status().type() == fs::file_type::directory)
      attempts.push_back(Describe(entry->path()));
  }
  std::sort(attempts.begin(), attempts.end(),
            [](const QuarantinedAttempt& a, const QuarantinedAttempt& b) {
              return a.at != b.at ? a.at > b.at : a.name > b.name;
            });
  return attempts;
}

Status Quarantine::Remove(const std::string& name) const {
  for (const QuarantinedAttempt& attempt : List()) {
    if (attempt.name != name) continue;
    std::error_code error;
    fs::remove_all(attempt.folder, error);
    if (error) return MakeError(ErrorCode::kUnavailable, "{}: {}", attempt.folder, error.message());
    return {};
  }
  return MakeError(ErrorCode::kNotFound, "nothing is quarantined under '{}'", name);
}

}  // namespace axial::dispatch
