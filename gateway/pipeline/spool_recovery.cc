#include "gateway/pipeline/spool_recovery.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/content_digest.h"
#include "core/base/log.h"
#include "core/dicom/instance_header.h"
#include "gateway/receive/spool_name.h"
#include "gateway/store/open_series.h"

namespace axial::pipeline {
namespace {

namespace fs = std::filesystem;

struct SpooledFile {
  std::string path;
  receive::SpoolName name;
  std::int64_t bytes = 0;
  TimePoint written_at{};
};

bool IsEarlier(const SpooledFile& one, const SpooledFile& other) {
  return std::pair(one.written_at, one.path) < std::pair(other.written_at, other.path);
}

std::optional<SpooledFile> LookAt(const fs::path& path) {
  const auto name = receive::ParseSpoolName(path.filename().string());
  struct stat state{};
  if (!name || ::stat(path.c_str(), &state) != 0 || !S_ISREG(state.st_mode)) return std::nullopt;
  return SpooledFile{path.string(), *name, state.st_size,
                     TimePoint(std::chrono::duration_cast<Duration>(
                         std::chrono::seconds(state.st_mtim.tv_sec) +
                         std::chrono::nanoseconds(state.st_mtim.tv_nsec)))};
}

/// In the order in which they came: the first content of a SOP Instance UID stays the first.
Result<std::vector<SpooledFile>> FilesWithoutRow(const std::string& folder,
                                                 const store::OpenStudy& study) {
  std::vector<SpooledFile> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (study.paths.contains(entry->path().string())) continue;
    if (auto file = LookAt(entry->path())) files.push_back(*std::move(file));
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return MakeError(ErrorCode::kUnavailable, "{}: cannot list: {}", folder, error.message());
  std::ranges::sort(files, IsEarlier);
  return files;
}

class Recovery {
 public:
  Recovery(store::Database& database, store::UseContent use)
      : open_(database), studies_(database), use_(use) {}

  Status Run(const std::string& spool_directory) {
    AXIAL_ASSIGN_OR_RETURN(const std::vector<std::string> studies, open_.Studies());
    for (const std::string& study_uid : studies) {
      AXIAL_ASSIGN_OR_RETURN(const store::OpenStudy study, open_.Find(study_uid));
      AXIAL_ASSIGN_OR_RETURN(const std::vector<SpooledFile> files,
                             FilesWithoutRow(spool_directory + "/" + study_uid, study));
      const int before = recovered_;
      for (const SpooledFile& file : files) {
        const Status done = Recover(file, study_uid, study);
        if (!done.ok())
          return done.error().WithContext("{} may have been acknowledged and has no row",
                                          file.path);
      }
      if (recovered_ > before)
        Log(LogLevel::kWarning, "instances_recovered",
            {{"study_uid", study_uid}, {"instances", recovered_ - before}});
    }
    return {};
  }

 private:
  Status Recover(const SpooledFile& file, const std::string& study_uid,
                 const store::OpenStudy& study) {
    AXIAL_ASSIGN_OR_RETURN(const std::string digest, ContentDigestOfFile(file.path));
    if (!digest.starts_with(file.name.short_digest)) return Leave(file, "not as it was sent");
    Result<InstanceHeader> header = ReadInstanceHeader(file.path);
    if (!header.ok()) return Leave(file, header.error().message());
    const auto series = study.open_series.find(header->series_instance_uid.str());
    if (series == study.open_series.end() || header->study_instance_uid.str() != study_uid)
      return Leave(file, "nothing of its Series was acknowledged");
    const store::SeriesSource& source = series->second;
    const auto added =
        studies_.AddInstance({std::move(header).value(), digest + file.name.suffix, file.path,
                              file.bytes, source.calling_ae_title, source.called_ae_title,
                              source.peer_address, file.written_at, /*durable_file=*/true, use_});
    if (!added.ok()) {
      if (IsRetried(added.error().code())) return added.error();
      return Leave(file, added.error().message());  // as its sender was told
    }
    recovered_ += added->outcome != store::AddOutcome::kDuplicate &&
                  added->outcome != store::AddOutcome::kOwnResult;
    return {};
  }

  static Status Leave(const SpooledFile& file, const std::string& reason) {
    Log(LogLevel::kInfo, "spooled_file_without_row", {{"path", file.path}, {"reason", reason}});
    return {};
  }

  store::OpenSeriesStore open_;
  store::StudyStore studies_;
  const store::UseContent use_;
  int recovered_ = 0;
};

}  // namespace

Status RecoverSpooledInstances(store::Database& database, const std::string& spool_directory,
                               store::UseContent use) {
  return Recovery(database, use).Run(spool_directory);
}

}  // namespace axial::pipeline
