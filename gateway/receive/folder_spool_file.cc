#include "gateway/receive/folder_spool_file.h"

#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <utility>

namespace axial::receive {
namespace {

constexpr std::size_t kBlock = std::size_t{128} * 1024;

}  // namespace

Error SpoolError(int number, std::string_view doing, const std::string& path) {
  const bool full = number == ENOSPC || number == EDQUOT || number == EMFILE || number == ENFILE;
  return MakeError(full ? ErrorCode::kExhausted : ErrorCode::kUnavailable, "{}: cannot {}: {}",
                   path, doing, std::strerror(number));
}

FolderSpoolFile::FolderSpoolFile(std::string path, int descriptor)
    : path_(std::move(path)), descriptor_(descriptor) {}

FolderSpoolFile::~FolderSpoolFile() {
  ::close(descriptor_);
  if (!moved_) ::unlink(path_.c_str());
}

Status FolderSpoolFile::WriteOut(std::string_view one, std::string_view other) {
  while (!one.empty() || !other.empty()) {
    const iovec pieces[2] = {{const_cast<char*>(one.data()), one.size()},
                             {const_cast<char*>(other.data()), other.size()}};
    const ssize_t written = ::writev(descriptor_, pieces, 2);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SpoolError(errno, "write", path_);
    const auto count = static_cast<std::size_t>(written);
    const std::size_t of_one = std::min(count, one.size());
    one.remove_prefix(of_one);
    other.remove_prefix(count - of_one);
  }
  return {};
}

Status FolderSpoolFile::Write(std::string_view bytes) {
  const std::size_t all = tail_.size() + bytes.size();
  if (all < kBlock) {
    tail_ += bytes;
    return {};
  }
  const std::size_t now = all / kBlock * kBlock - tail_.size();
  AXIAL_RETURN_IF_ERROR(WriteOut(tail_, bytes.substr(0, now)));
  tail_ = bytes.substr(now);
  return {};
}

Status FolderSpoolFile::Finish() {
  AXIAL_RETURN_IF_ERROR(WriteOut(tail_, {}));
  tail_.clear();
  return {};
}

Result<InstanceHeader> FolderSpoolFile::ReadHeader() const {
  return ReadInstanceHeaderOfOpenFile(descriptor_);
}

Status FolderSpoolFile::MoveTo(const std::string& path) {
  // A start makes rows in the order of these times, and the file system's own clock may tick every
  // 4 ms only. Where that is not allowed (a share that gives files another owner) its time stays.
  timespec times[2] = {{0, UTIME_OMIT}, {}};
  ::clock_gettime(CLOCK_REALTIME, &times[1]);
  static_cast<void>(::futimens(descriptor_, times));
  if (::rename(path_.c_str(), path.c_str()) != 0) return SpoolError(errno, "move to", path);
  moved_ = true;
  return {};
}

Status FolderSpoolFile::Sync() const {
  return ::fsync(descriptor_) == 0 ? Status() : SpoolError(errno, "sync", path_);
}

}  // namespace axial::receive
