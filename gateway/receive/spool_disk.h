#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/dicom/instance_header.h"

namespace axial::receive {

/// One file being written in the spool's `incoming` folder. Destroying it without Commit or
/// Quarantine removes the file. Not thread-safe.
class SpoolFile {
 public:
  virtual ~SpoolFile() = default;
  SpoolFile() = default;
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;

  [[nodiscard]] virtual const std::string& path() const = 0;
  /// Appends. Errors: Exhausted (disk full), Unavailable.
  [[nodiscard]] virtual Status Write(std::string_view bytes) = 0;
  /// After the last Write: `path` has all bytes. Commit and Quarantine do it, too. Errors as Write.
  [[nodiscard]] virtual Status Finish() = 0;
  /// Of the DICOM file that is there after Finish. Errors as axial::ReadInstanceHeader.
  [[nodiscard]] virtual Result<InstanceHeader> ReadHeader() const = 0;
};

/// Where a committed file lies.
struct SpoolPlace {
  std::string path;
  /// "", or "-2", "-3", ...: of the name, when other bytes have the name without it.
  std::string suffix;
  bool existed = false;  ///< a file of that name and bytes was there; the new one was removed
  /// Nothing is removed from the folder as long as this lives: until the Instance's row is written.
  std::shared_ptr<const void> on_its_way = {};
};

/// What was removed from a folder.
struct RemovedFiles {
  std::int64_t files = 0;
  std::int64_t bytes = 0;
};

/// The disk that received Instances are written to: a seam, so that tests can fill it or break it.
/// Thread-safe.
class SpoolDisk {
 public:
  virtual ~SpoolDisk() = default;

  /// Before anything else: makes the folders and removes what a crash left in `incoming`. Errors:
  /// Exhausted, Unavailable.
  [[nodiscard]] virtual Status Prepare() = 0;
  /// Errors: Exhausted, Unavailable.
  [[nodiscard]] virtual Result<std::unique_ptr<SpoolFile>> Create() = 0;
  /// Moves the file to `folder`/`name` below the spool; when that has other bytes (which were made
  /// to have the digest of these, or were left by a power failure), to the first name with a suffix
  /// that has not. With `durable` bytes and names are durable. Errors as Write; then the file is
  /// gone.
  [[nodiscard]] virtual Result<SpoolPlace> Commit(std::unique_ptr<SpoolFile> file,
                                                  const std::string& folder,
                                                  const std::string& name, bool durable) = 0;
  /// Removes from `folder` below the spool every file whose name `kept` does not give, and the
  /// folder when nothing is left. `kept` runs, and the files go, while no Instance can come into
  /// the folder; nullopt, without having called `kept`, when some are on their way. Errors: what
  /// `kept` says; Unavailable.
  using KeptFiles = std::function<Result<std::set<std::string>>()>;
  [[nodiscard]] virtual Result<std::optional<RemovedFiles>> RemoveExcept(const std::string& folder,
                                                                         const KeptFiles& kept) = 0;
  /// Takes over the bytes of a file that nobody will ever change, without copying them, as Commit
  /// without `durable` does. Errors: Unsupported (not possible there: another file system),
  /// NotFound (the file is gone), Exhausted, Unavailable.
  [[nodiscard]] virtual Result<SpoolPlace> Adopt(const std::string& file, const std::string& folder,
                                                 const std::string& name);
  /// Keeps a refused file in `quarantine`; gives its path.
  [[nodiscard]] virtual Result<std::string> Quarantine(std::unique_ptr<SpoolFile> file) = 0;
  /// Makes everything written so far durable. Callers at the same time share one sync.
  [[nodiscard]] virtual Status SyncAll() = 0;
  /// Makes what was committed to `folder` so far durable; costs nothing when it is.
  [[nodiscard]] virtual Status SyncFolder(const std::string& folder) = 0;
  [[nodiscard]] virtual Result<std::int64_t> FreeBytes() = 0;
};

/// The real one, below `directory` (made when missing): `<directory>/incoming`,
/// `<directory>/quarantine`, `<directory>/<study-uid>`.
[[nodiscard]] std::unique_ptr<SpoolDisk> MakeFolderSpoolDisk(std::string directory);

}  // namespace axial::receive
