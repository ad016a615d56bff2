#include "core/dicom/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace axial {
namespace {
constexpr std::size_t kBufferBytes = std::size_t{16} * 1024;
}

Result<std::unique_ptr<PlainSource>> PlainSource::OpenFile(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return MakeError(
        errno == ENOENT || errno == ENOTDIR ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
        "{}: cannot open: {}", path, std::strerror(errno));
  Result<std::unique_ptr<PlainSource>> source = OfOpenFile(descriptor);
  if (!source.ok()) {
    ::close(descriptor);
    return source.error().WithContext("{}", path);
  }
  (*source)->owned_ = true;
  return source;
}

Result<std::unique_ptr<PlainSource>> PlainSource::OfOpenFile(int descriptor) {
  struct stat state{};
  if (::fstat(descriptor, &state) != 0 || !S_ISREG(state.st_mode))
    return Error(ErrorCode::kUnavailable, "not a regular file");
  return std::unique_ptr<PlainSource>(
      new PlainSource(descriptor, static_cast<std::uint64_t>(state.st_size)));
}

PlainSource::PlainSource(std::string_view bytes) : size_(bytes.size()), window_(bytes) {}

PlainSource::PlainSource(int descriptor, std::uint64_t size)
    : descriptor_(descriptor),
      size_(size),
      buffer_(std::make_unique_for_overwrite<char[]>(kBufferBytes)) {}

PlainSource::~PlainSource() {
  if (owned_) ::close(descriptor_);
}

bool PlainSource::Fill() {
  if (descriptor_ < 0) return false;
  ssize_t got = 0;
  do {
    got = ::pread(descriptor_, buffer_.get(), kBufferBytes, static_cast<off_t>(position_));
  } while (got < 0 && errno == EINTR);
  if (got < 0)
    failure_ = MakeError(ErrorCode::kUnavailable, "read failed: {}", std::strerror(errno));
  if (got <= 0) return false;
  window_start_ = position_;
  window_ = std::string_view(buffer_.get(), static_cast<std::size_t>(got));
  return true;
}

bool PlainSource::Read(char* into, std::size_t size) {
  if (size > Remaining()) return false;
  if (const std::uint64_t at = position_ - window_start_;
      position_ >= window_start_ && at <= window_.size() && size <= window_.size() - at) {
    std::memcpy(into, window_.data() + at, size);
    position_ += size;
    return true;
  }
  while (size > 0) {
    if (position_ < window_start_ || position_ >= window_start_ + window_.size())
      if (!Fill()) return false;
    const std::string_view there = window_.substr(position_ - window_start_);
    const std::size_t taken = std::min(size, there.size());
    std::memcpy(into, there.data(), taken);
    into += taken;
    size -= taken;
    position_ += taken;
  }
  return true;
}

bool PlainSource::Skip(std::uint64_t size) {
  if (size > Remaining()) return false;
  position_ += size;
  return true;
}

bool PlainSource::Seek(std::uint64_t position) {
  if (position > size_) return false;
  position_ = position;
  return true;
}

InflatingSource::InflatingSource(PlainSource& deflated, std::uint64_t limit_bytes)
    : deflated_(deflated), limit_bytes_(limit_bytes), input_(kBufferBytes), output_(kBufferBytes) {
  AXIAL_INVARIANT(inflateInit2(&stream_, -MAX_WBITS) == Z_OK);  // raw deflate, no zlib header
}

InflatingSource::~InflatingSource() { inflateEnd(&stream_); }

bool InflatingSource::Fill() {
  while (!ended_ && !failure_) {
    if (stream_.avail_in == 0) {
      const std::size_t got =
          static_cast<std::size_t>(std::min<std::uint64_t>(input_.size(), deflated_.Remaining()));
      if (got == 0 || !deflated_.Read(input_.data(), got)) {
        ended_ = true;
        return false;
      }
      stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
      stream_.avail_in = static_cast<uInt>(got);
    }
    stream_.next_out = reinterpret_cast<Bytef*>(output_.data());
    stream_.avail_out = static_cast<uInt>(output_.size());
    const int status = inflate(&stream_, Z_NO_FLUSH);
    if (status == Z_STREAM_END) ended_ = true;
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
      failure_ = Error(ErrorCode::kInvalidInput, "the deflated data set does not inflate");
    const std::size_t made = output_.size() - stream_.avail_out;
    produced_ += made;
    if (produced_ > limit_bytes_)
      failure_ = MakeError(ErrorCode::kInvalidInput,
                           "the deflated data set inflates to more than {} bytes", limit_bytes_);
    if (failure_) return false;
    if (made > 0) {
      window_ = std::string_view(output_.data(), made);
      return true;
    }
  }
  return false;
}

bool InflatingSource::Read(char* into, std::size_t size) {
  while (size > 0) {
    if (window_.empty() && !Fill()) return false;
    const std::size_t taken = std::min(size, window_.size());
    if (into != nullptr) {
      std::memcpy(into, window_.data(), taken);
      into += taken;
    }
    window_.remove_prefix(taken);
    size -= taken;
    position_ += taken;
  }
  return true;
}

bool InflatingSource::Skip(std::uint64_t size) { return Read(nullptr, size); }

bool InflatingSource::AtEnd() { return window_.empty() && !Fill(); }

}  // namespace axial
