#include "gateway/deliver/folder_destination.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "core/dicom/uid.h"

namespace axial::deliver {
namespace {

namespace fs = std::filesystem;

Error FromErrno(int error, const std::string& what) {
  const bool full = error == ENOSPC || error == EDQUOT;
  return MakeError(full ? ErrorCode::kExhausted : ErrorCode::kUnavailable, "{}: {}", what,
                   std::generic_category().message(error));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

Status WriteAll(int fd, const char* data, std::size_t size, const std::string& path) {
  while (size > 0) {
    const ssize_t written = ::write(fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FromErrno(errno, path);
    data += written;
    size -= static_cast<std::size_t>(written);
  }
  return {};
}

Status CopyDurably(int source, const std::string& target) {
  const Descriptor out(
      ::open(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (out.get() < 0) return FromErrno(errno, target);
  std::array<char, 1 << 16> buffer;
  while (true) {
    const ssize_t got = ::read(source, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FromErrno(errno, "reading the artifact");
    if (got == 0) break;
    AXIAL_RETURN_IF_ERROR(
        WriteAll(out.get(), buffer.data(), static_cast<std::size_t>(got), target));
  }
  if (::fsync(out.get()) != 0) return FromErrno(errno, target);
  return {};
}

Status SyncFolder(const fs::path& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) return FromErrno(errno, folder.string());
  return {};
}

class FolderDestination final : public Destination {
 public:
  explicit FolderDestination(const std::string& path) : root_(path) {}

  SendReport Send(const std::vector<store::Delivery>& artifacts) override {
    SendReport report;
    report.reached = Echo();
    if (!report.reached.ok()) return report;
    for (const store::Delivery& artifact : artifacts) {
      const Status written = Write(artifact);
      report.results.push_back(written.ok() ? SendResult(std::string())
                                            : SendResult(written.error()));
    }
    return report;
  }

  Status Echo() override {
    if (interrupted_) return MakeError(ErrorCode::kUnavailable, "the gateway is stopping");
    std::error_code error;
    fs::create_directories(root_, error);
    if (error) return FromErrno(error.value(), root_.string());
    if (::access(root_.c_str(), W_OK | X_OK) != 0) return FromErrno(errno, root_.string());
    return {};
  }

  void Interrupt() override { interrupted_ = true; }

 private:
  Status Write(const store::Delivery& artifact) {
    if (interrupted_) return MakeError(ErrorCode::kUnavailable, "the gateway is stopping");
    AXIAL_ASSIGN_OR_RETURN(const Uid study, Uid::Parse(artifact.study_uid));
    AXIAL_ASSIGN_OR_RETURN(const Uid instance, Uid::Parse(artifact.sop_instance_uid));
    const Descriptor source(::open(artifact.path.c_str(), O_RDONLY | O_CLOEXEC));
    if (source.get() < 0 && errno == ENOENT)
      return MakeError(ErrorCode::kNotFound, "the artifact's file {} is missing", artifact.path);
    if (source.get() < 0) return FromErrno(errno, artifact.path);

    const fs::path folder = root_ / study.str();
    std::error_code error;
    const bool created = fs::create_directories(folder, error);
    if (error) return FromErrno(error.value(), folder.string());
    if (created) AXIAL_RETURN_IF_ERROR(SyncFolder(root_));
    const fs::path target = folder / (instance.str() + ".dcm");
    const fs::path temporary = folder / ("." + instance.str() + ".part");
    const Status copied = CopyDurably(source.get(), temporary.string());
    if (!copied.ok()) {
      fs::remove(temporary, error);
      return copied.error();
    }
    if (::rename(temporary.c_str(), target.c_str()) != 0) return FromErrno(errno, target.string());
    return SyncFolder(folder);
  }

  const fs::path root_;
  std::atomic<bool> interrupted_ = false;
};

}  // namespace

Result<std::unique_ptr<Destination>> MakeFolderDestination(const config::Destination& destination,
                                                           const DestinationOptions&) {
  if (destination.path.empty())
    return MakeError(ErrorCode::kInvalidInput, "destination '{}': no path", destination.name);
  return std::unique_ptr<Destination>(std::make_unique<FolderDestination>(destination.path));
}

}  // namespace axial::deliver
