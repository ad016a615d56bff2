#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "gateway/receive/folder_holds.h"
#include "gateway/receive/folder_spool_file.h"
#include "gateway/receive/spool_disk.h"

namespace axial::receive {
namespace {

constexpr std::size_t kQuarantineFiles = 1000;
constexpr std::int64_t kQuarantineBytes = std::int64_t{1} << 30;
constexpr int kMaxCopies = 100;
constexpr std::size_t kCompareBytes = std::size_t{64} * 1024;

Status MakeFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  return error ? Status(SpoolError(error.value(), "make the folder", path)) : Status();
}

/// A file's bytes, or a folder's names.
Status SyncPath(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return SpoolError(errno, "open", path);
  const int failed = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  return failed == 0 ? Status() : SpoolError(failed, "sync", path);
}

/// `a.dcm` becomes `a-2.dcm`.
std::string WithSuffix(const std::string& name, const std::string& suffix) {
  const std::filesystem::path path(name);
  return path.stem().string() + suffix + path.extension().string();
}

/// False also for what cannot be read.
bool HaveEqualBytes(const std::string& one, const std::string& other) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(other, error);
  if (error || std::filesystem::file_size(one, error) != size || error) return false;
  std::ifstream streams[2] = {std::ifstream(one, std::ios::binary),
                              std::ifstream(other, std::ios::binary)};
  std::vector<char> bytes[2] = {std::vector<char>(kCompareBytes), std::vector<char>(kCompareBytes)};
  for (std::uintmax_t at = 0; at < size; at += kCompareBytes) {
    const auto count =
        static_cast<std::streamsize>(std::min<std::uintmax_t>(kCompareBytes, size - at));
    for (int i = 0; i < 2; ++i)
      if (!streams[i].read(bytes[i].data(), count)) return false;
    if (!std::equal(bytes[0].begin(), bytes[0].begin() + count, bytes[1].begin())) return false;
  }
  return true;
}

/// Removes the oldest files beyond the limits, but never the newest: a peer that sends broken
/// Instances must not fill the disk. All of them were refused, so their sender still has them.
void BoundFolder(const std::string& path) {
  struct Kept {
    std::filesystem::file_time_type at;
    std::int64_t bytes;
    std::filesystem::path path;
  };
  std::vector<Kept> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    const auto at = entry.last_write_time(error);
    if (error) continue;
    const auto bytes = static_cast<std::int64_t>(entry.file_size(error));
    if (!error) files.push_back({at, bytes, entry.path()});
  }
  std::sort(files.begin(), files.end(),
            [](const Kept& one, const Kept& other) { return one.at > other.at; });
  std::int64_t total = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    total += files[i].bytes;
    if (i == 0 || (i < kQuarantineFiles && total <= kQuarantineBytes)) continue;
    if (std::filesystem::remove(files[i].path, error)) total -= files[i].bytes;
  }
}

/// All but those named; goes on after one that cannot be removed.
Result<RemovedFiles> RemoveFiles(const std::string& folder, const std::set<std::string>& keep) {
  RemovedFiles removed;
  Status first_error;
  std::error_code listing;
  for (std::filesystem::directory_iterator entry(folder, listing), end; !listing && entry != end;
       entry.increment(listing)) {
    if (keep.contains(entry->path().filename().string())) continue;
    std::error_code error;
    const std::uintmax_t bytes = entry->file_size(error);
    if (!error) std::filesystem::remove(entry->path(), error);
    if (error) {
      if (first_error.ok())
        first_error = SpoolError(error.value(), "remove", entry->path().string());
      continue;
    }
    ++removed.files;
    removed.bytes += static_cast<std::int64_t>(bytes);
  }
  if (listing && listing != std::errc::no_such_file_or_directory)
    return SpoolError(listing.value(), "list", folder);
  if (!first_error.ok()) return first_error.error();
  return removed;
}

class FolderSpoolDisk final : public SpoolDisk {
 public:
  explicit FolderSpoolDisk(std::string directory)
      : directory_(std::move(directory)),
        incoming_(directory_ + "/incoming"),
        quarantine_(directory_ + "/quarantine") {}

  ~FolderSpoolDisk() override {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  Status Prepare() override {
    AXIAL_RETURN_IF_ERROR(MakeFolder(incoming_));
    AXIAL_RETURN_IF_ERROR(MakeFolder(quarantine_));
    if (descriptor_ < 0)
      descriptor_ = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor_ < 0) return SpoolError(errno, "open the folder", directory_);
    // What lies here was never acknowledged: its sender still has it and will send it again.
    std::error_code error;
    std::size_t swept = 0;
    for (const auto& entry : std::filesystem::directory_iterator(incoming_, error))
      if (std::filesystem::remove(entry.path(), error)) ++swept;
    if (swept > 0) Log(LogLevel::kInfo, "spool_swept", {{"files", swept}});
    return SyncPath(directory_);
  }

  Result<std::unique_ptr<SpoolFile>> Create() override {
    const std::string path = fmt::format("{}/{}.part", incoming_, UniqueName());
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (descriptor < 0) return SpoolError(errno, "create", path);
    return std::unique_ptr<SpoolFile>(std::make_unique<FolderSpoolFile>(path, descriptor));
  }

  Result<SpoolPlace> Commit(std::unique_ptr<SpoolFile> file, const std::string& folder,
                            const std::string& name, bool durable) override {
    AXIAL_RETURN_IF_ERROR(file->Finish());
    const std::string parent = directory_ + "/" + folder;
    auto on_its_way = holds_.Enter(folder);
    const auto alone = EnterPlace(parent + "/" + name);  // and so all of its suffixes
    AXIAL_ASSIGN_OR_RETURN(SpoolPlace place, FindPlace(file->path(), parent, name));
    place.on_its_way = std::move(on_its_way);
    if (!place.existed) {
      AXIAL_RETURN_IF_ERROR(MakeStudyFolder(parent, durable));
      AXIAL_RETURN_IF_ERROR(MoveInto(std::move(file), parent, place.path, durable));
    } else if (durable) {
      // The process that moved it there may not have come so far.
      AXIAL_RETURN_IF_ERROR(SyncPath(place.path));
      AXIAL_RETURN_IF_ERROR(SyncPath(parent));
    }
    if (!durable) {
      const std::lock_guard lock(unsynced_mutex_);
      unsynced_.insert(folder);
    }
    return place;
  }

  Result<std::optional<RemovedFiles>> RemoveExcept(const std::string& folder,
                                                   const KeptFiles& kept) override {
    const auto hold = holds_.TryClear(folder);
    if (hold == nullptr) return std::optional<RemovedFiles>();
    AXIAL_ASSIGN_OR_RETURN(const std::set<std::string> keep, kept());
    const std::string parent = directory_ + "/" + folder;
    AXIAL_ASSIGN_OR_RETURN(const RemovedFiles removed, RemoveFiles(parent, keep));
    if (::rmdir(parent.c_str()) != 0 && errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT)
      return SpoolError(errno, "remove the folder", parent);
    const std::lock_guard lock(unsynced_mutex_);
    if (keep.empty()) unsynced_.erase(folder);
    return std::optional(removed);
  }

  Result<SpoolPlace> Adopt(const std::string& file, const std::string& folder,
                           const std::string& name) override {
    const std::string parent = directory_ + "/" + folder;
    auto on_its_way = holds_.Enter(folder);
    const auto alone = EnterPlace(parent + "/" + name);
    AXIAL_RETURN_IF_ERROR(MakeStudyFolder(parent, /*durable=*/false));
    AXIAL_ASSIGN_OR_RETURN(SpoolPlace place, FindPlace(file, parent, name));
    place.on_its_way = std::move(on_its_way);
    if (!place.existed) {
      if (::link(file.c_str(), place.path.c_str()) != 0) {
        if (errno == ENOENT) return MakeError(ErrorCode::kNotFound, "{} is gone", file);
        return MakeError(
            errno == ENOSPC || errno == EDQUOT ? ErrorCode::kExhausted : ErrorCode::kUnsupported,
            "link {} to {}: {}", file, place.path, std::generic_category().message(errno));
      }
    }
    const std::lock_guard lock(unsynced_mutex_);
    unsynced_.insert(folder);
    return place;
  }

  Result<std::string> Quarantine(std::unique_ptr<SpoolFile> file) override {
    std::string path = fmt::format("{}/{}.dcm", quarantine_, UniqueName());
    AXIAL_RETURN_IF_ERROR(file->Finish());
    AXIAL_RETURN_IF_ERROR(static_cast<FolderSpoolFile&>(*file).MoveTo(path));
    const std::lock_guard lock(quarantine_mutex_);
    BoundFolder(quarantine_);
    return path;
  }

  Status SyncAll() override {
    const std::int64_t begun_before = begun_;
    const std::lock_guard one_at_a_time(sync_mutex_);
    if (succeeded_ > begun_before) return {};  // begun after this call, so it covers all of it
    std::set<std::string> covered;
    {
      const std::lock_guard lock(unsynced_mutex_);
      covered.swap(unsynced_);
    }
    const std::int64_t number = ++begun_;
    const Status synced = SyncFileSystem();
    if (synced.ok()) {
      succeeded_ = number;
    } else {
      const std::lock_guard lock(unsynced_mutex_);
      unsynced_.merge(covered);
    }
    return synced;
  }

  Status SyncFolder(const std::string& folder) override {
    {
      const std::lock_guard one_at_a_time(sync_mutex_);  // one in progress may cover the folder
      const std::lock_guard lock(unsynced_mutex_);
      if (succeeded_ > 0 && !unsynced_.contains(folder)) return {};
    }
    return SyncAll();
  }

  Result<std::int64_t> FreeBytes() override {
    struct statvfs state{};
    if (::statvfs(directory_.c_str(), &state) != 0)
      return SpoolError(errno, "ask for free space", directory_);
    return static_cast<std::int64_t>(state.f_bavail) * static_cast<std::int64_t>(state.f_frsize);
  }

 private:
  /// Two that come to one place at a time would each believe what the other has not finished.
  std::shared_ptr<const void> EnterPlace(const std::string& path) {
    std::unique_lock lock(places_mutex_);
    place_left_.wait(lock, [&] { return !places_.contains(path); });
    places_.insert(path);
    return {this, [this, path](const void*) {
              const std::lock_guard leave(places_mutex_);
              places_.erase(path);
              place_left_.notify_all();
            }};
  }

  /// Where a file with the bytes of `file` is, or may come to be.
  static Result<SpoolPlace> FindPlace(const std::string& file, const std::string& parent,
                                      const std::string& name) {
    SpoolPlace place{parent + "/" + name, "", false};
    struct stat state{};
    for (int copy = 2; ::stat(place.path.c_str(), &state) == 0; ++copy) {
      place.existed = HaveEqualBytes(file, place.path);
      if (place.existed) return place;
      if (copy > kMaxCopies)
        return MakeError(ErrorCode::kExhausted, "{}: {} files of one digest", place.path, copy - 1);
      place.suffix = fmt::format("-{}", copy);
      place.path = parent + "/" + WithSuffix(name, place.suffix);
    }
    return place;
  }

  Status MakeStudyFolder(const std::string& path, bool durable) {
    const auto alone = EnterPlace(path);
    if (::mkdir(path.c_str(), 0750) != 0)
      return errno == EEXIST ? Status() : SpoolError(errno, "make the folder", path);
    Status synced = durable ? SyncPath(directory_) : Status();
    if (!synced.ok()) ::rmdir(path.c_str());
    return synced;
  }

  /// Moved first and synced then: a journal writes the new name together with the bytes, so that
  /// the sync of the folder finds little to do. Where that fails nothing stays that a later
  /// Instance could be taken for.
  static Status MoveInto(std::unique_ptr<SpoolFile> file, const std::string& parent,
                         const std::string& path, bool durable) {
    auto& moving = static_cast<FolderSpoolFile&>(*file);
    AXIAL_RETURN_IF_ERROR(moving.MoveTo(path));
    if (!durable) return {};
    Status synced = moving.Sync();
    if (synced.ok()) synced = SyncPath(parent);
    if (!synced.ok()) ::unlink(path.c_str());
    return synced;
  }

  Status SyncFileSystem() {
    if (descriptor_ < 0) return SpoolError(EBADF, "sync", directory_);
    return ::syncfs(descriptor_) == 0 ? Status() : SpoolError(errno, "sync", directory_);
  }

  /// Unique over restarts too, because quarantined files stay.
  std::string UniqueName() { return fmt::format("{}-{}", started_, ++count_); }

  const std::string directory_;
  const std::string incoming_;
  const std::string quarantine_;
  const std::int64_t started_ = ToMicros(Clock::System().Now());
  std::atomic<std::int64_t> count_{0};
  /// Open for as long as this lives: a sync reports what failed to be written since it was opened.
  int descriptor_ = -1;
  std::mutex quarantine_mutex_;
  FolderHolds holds_;
  std::mutex places_mutex_;
  std::condition_variable place_left_;
  std::set<std::string> places_;        ///< being committed to; guarded by places_mutex_
  std::mutex sync_mutex_;               ///< held while syncing
  std::atomic<std::int64_t> begun_{0};  ///< the newest sync's number
  std::int64_t succeeded_ = 0;          ///< guarded by sync_mutex_; 0: not even what an
                                        ///< earlier process left is durable
  std::mutex unsynced_mutex_;
  std::set<std::string> unsynced_;  ///< guarded by unsynced_mutex_
};

}  // namespace

Result<SpoolPlace> SpoolDisk::Adopt(const std::string&, const std::string&, const std::string&) {
  return Error(ErrorCode::kUnsupported, "this spool takes no files over");
}

std::unique_ptr<SpoolDisk> MakeFolderSpoolDisk(std::string directory) {
  return std::make_unique<FolderSpoolDisk>(std::move(directory));
}

}  // namespace axial::receive
