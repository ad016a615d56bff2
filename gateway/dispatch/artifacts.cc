#include "gateway/dispatch/artifacts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "core/dicom/uid.h"
#include "gateway/dispatch/owned_fd.h"

namespace axial::dispatch {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxArtifacts = 5'000;  // as many as a message of the protocol holds
constexpr std::size_t kMaxFileNameBytes = 128;
constexpr std::size_t kMaxKindBytes = 32;
constexpr std::string_view kReportKind = "sr";

bool IsPlainFileName(const std::string& name) {
  if (name.empty() || name.size() > kMaxFileNameBytes || name.front() == '.') return false;
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
}

bool IsKind(const std::string& kind) {
  if (kind.empty() || kind.size() > kMaxKindBytes) return false;
  return std::all_of(kind.begin(), kind.end(),
                     [](unsigned char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

Status CheckFile(const std::string& path) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0)
    return MakeError(ErrorCode::kCorrupt, "the file is not there ({})", std::strerror(errno));
  if (!S_ISREG(found.st_mode)) return Error(ErrorCode::kCorrupt, "it is no regular file");
  if (found.st_size == 0) return Error(ErrorCode::kCorrupt, "the file is empty");
  return {};
}

Status CheckNames(const protocol::Artifact& artifact) {
  if (!IsPlainFileName(artifact.file))
    return Error(ErrorCode::kCorrupt, "its file name is not a plain one");
  if (!IsKind(artifact.kind)) return Error(ErrorCode::kCorrupt, "its kind is not a plain word");
  for (const std::string& uid :
       {artifact.sop_class_uid, artifact.series_instance_uid, artifact.sop_instance_uid})
    if (!Uid::Parse(uid).ok()) return Error(ErrorCode::kCorrupt, "one of its UIDs is not valid");
  return {};
}

/// Who gets the artifact.
Result<std::vector<std::string>> DestinationsOf(const protocol::Artifact& artifact,
                                                const ResultWishes& wishes) {
  std::set<std::string> names;
  if (artifact.profiles.empty()) return Error(ErrorCode::kCorrupt, "no profile wants it");
  for (const int profile : artifact.profiles) {
    if (profile < 0 || static_cast<std::size_t>(profile) >= wishes.profiles.size())
      return MakeError(ErrorCode::kCorrupt, "it is for profile {}, but the job has only {}",
                       profile, wishes.profiles.size());
    const auto& wanted_by = wishes.destinations[static_cast<std::size_t>(profile)];
    names.insert(wanted_by.begin(), wanted_by.end());
  }
  return std::vector<std::string>(names.begin(), names.end());
}

/// Whether it is a report, by what it calls itself or by its SOP Class: another name hides none.
bool IsReport(const protocol::Artifact& artifact) {
  const auto& classes = config::kReportSopClasses;
  return artifact.kind == kReportKind ||
         std::find(classes.begin(), classes.end(), artifact.sop_class_uid) != classes.end();
}

/// For people. A Job that nobody gets is run all the same.
std::string NamesOf(const std::vector<std::string>& destinations) {
  return destinations.empty() ? "no destination" : fmt::format("{}", fmt::join(destinations, ", "));
}

/// A root report reaches all other objects of the run (IHE AIR). Each profile has its own form of
/// it, so that each Destination gets exactly one, also when nothing was found; or none, where its
/// profile says so.
Status CheckReports(const std::vector<protocol::Artifact>& artifacts, const ResultWishes& wishes) {
  for (std::size_t i = 0; i < wishes.profiles.size(); ++i) {
    const std::string_view wanted =
        config::NameOfEnum(config::kReportSopClasses, wishes.profiles[i].report);
    std::size_t reports = 0;
    for (const protocol::Artifact& artifact : artifacts) {
      if (!IsReport(artifact) || !std::ranges::count(artifact.profiles, static_cast<int>(i)))
        continue;
      ++reports;
      if (!wanted.empty() && artifact.sop_class_uid != wanted)
        return MakeError(ErrorCode::kCorrupt,
                         "the root SR for {} is of SOP Class {}, its profile wants {}",
                         NamesOf(wishes.destinations[i]), artifact.sop_class_uid, wanted);
    }
    const std::size_t due = wanted.empty() ? 0 : 1;
    if (reports != due)
      return MakeError(ErrorCode::kCorrupt,
                       "the worker made {} root SRs for {}, which wants {}: there must be {}",
                       reports, NamesOf(wishes.destinations[i]),
                       NameOfEnum(config::kReportNames, wishes.profiles[i].report),
                       due == 1 ? "exactly one root SR per AI run" : "none");
  }
  return {};
}

Status SyncDirectory(const fs::path& directory) {
  const OwnedFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0)
    return MakeError(ErrorCode::kUnavailable, "sync {}: {}", directory.string(),
                     std::strerror(errno));
  return {};
}

}  // namespace

Result<std::string> MakeOutputDirectory(const std::string& results_directory, std::int64_t job,
                                        const std::string& attempt) {
  const fs::path directory = fs::path(results_directory) / std::to_string(job) / attempt;
  std::error_code error;
  fs::remove_all(directory, error);
  if (!error) fs::create_directories(directory, error);
  if (error)
    return MakeError(
        error == std::errc::no_space_on_device ? ErrorCode::kExhausted : ErrorCode::kUnavailable,
        "output folder {}: {}", directory.string(), error.message());
  return directory.string();
}

void MarkRefused(const std::string& output_directory) {
  std::vector<fs::path> results;
  std::error_code error;
  for (fs::directory_iterator entry(output_directory, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path().extension() == ".dcm" && results.size() < kMaxArtifacts)
      results.push_back(entry->path());
  for (const fs::path& path : results) fs::rename(path, path.string() + ".refused", error);
}

void RemoveOutputDirectory(const std::string& output_directory) {
  std::error_code ignored;
  fs::remove_all(output_directory, ignored);
}

Result<std::vector<store::ProducedArtifact>> CheckArtifacts(
    const std::string& output_directory, const std::vector<protocol::Artifact>& artifacts,
    const ResultWishes& wishes) {
  if (artifacts.size() > kMaxArtifacts)
    return MakeError(ErrorCode::kCorrupt, "the worker reports {} artifacts; at most {} are allowed",
                     artifacts.size(), kMaxArtifacts);
  std::vector<store::ProducedArtifact> produced;
  std::set<std::string> instances;
  const fs::path directory(output_directory);
  for (std::size_t i = 0; i < artifacts.size(); ++i) {
    const protocol::Artifact& artifact = artifacts[i];
    const std::string path = (directory / artifact.file).string();
    Status checked = CheckNames(artifact);
    if (checked.ok()) checked = CheckFile(path);
    if (checked.ok() && !instances.insert(artifact.sop_instance_uid).second)
      checked = Error(ErrorCode::kCorrupt, "its SOP Instance UID is not its own");
    Result<std::vector<std::string>> destinations = DestinationsOf(artifact, wishes);
    if (checked.ok() && !destinations.ok()) checked = destinations.error();
    if (!checked.ok()) return checked.error().WithContext("artifact {} of the worker", i + 1);
    produced.push_back({artifact.kind, path, artifact.sop_class_uid, artifact.series_instance_uid,
                        artifact.sop_instance_uid, std::move(destinations).value()});
  }
  AXIAL_RETURN_IF_ERROR(CheckReports(artifacts, wishes));
  const fs::path job_directory = directory.parent_path();
  for (const fs::path& each : {directory, job_directory, job_directory.parent_path()})
    AXIAL_RETURN_IF_ERROR(SyncDirectory(each));
  return produced;
}

}  // namespace axial::dispatch
