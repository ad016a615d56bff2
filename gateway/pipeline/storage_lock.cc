#include "gateway/pipeline/storage_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace axial::pipeline {

Result<StorageLock> StorageLock::Take(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error)
    return MakeError(ErrorCode::kUnavailable, "storage.directory {}: cannot be made: {}", directory,
                     error.message());
  const std::string path = directory + "/axial.lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0)
    return MakeError(ErrorCode::kUnavailable, "{}: {}; let the user of the gateway write there",
                     path, std::strerror(errno));
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    close(fd);
    return MakeError(ErrorCode::kConflict,
                     "{} is held by another process; stop the other gateway, or give this one its "
                     "own storage.directory",
                     path);
  }
  return StorageLock(fd);
}

StorageLock::~StorageLock() {
  if (fd_ >= 0) close(fd_);
}

StorageLock::StorageLock(StorageLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

}  // namespace axial::pipeline
