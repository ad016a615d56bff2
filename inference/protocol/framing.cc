#include "inference/protocol/framing.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace axial::protocol {
namespace {

constexpr std::size_t kLengthBytes = 4;

std::uint32_t LengthAt(const char* bytes) {
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i)
    length = (length << 8) | static_cast<unsigned char>(bytes[i]);
  return length;
}

Status CheckLength(std::uint32_t length) {
  if (length == 0 || length > kMaxFrameBytes)
    return MakeError(ErrorCode::kInvalidInput, "frame of {} bytes; allowed are 1 to {}", length,
                     kMaxFrameBytes);
  return {};
}

/// Reads exactly `size` bytes.
Status ReadAll(int fd, char* to, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::read(fd, to, size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return MakeError(ErrorCode::kUnavailable, "read: {}", std::strerror(errno));
    if (got == 0) return MakeError(ErrorCode::kUnavailable, "the other end closed the connection");
    to += got;
    size -= static_cast<std::size_t>(got);
  }
  return {};
}

}  // namespace

std::string EncodeFrame(const Message& message) {
  const std::string json = Encode(message);
  std::string frame;
  frame.reserve(kLengthBytes + json.size());
  for (int shift = 24; shift >= 0; shift -= 8)
    frame += static_cast<char>((json.size() >> shift) & 0xff);
  return frame + json;
}

void FrameReader::Push(std::string_view bytes) {
  if (broken_) return;
  buffer_.erase(0, start_);
  start_ = 0;
  buffer_.append(bytes);
}

Result<std::optional<Message>> FrameReader::Pop() {
  if (broken_) return *broken_;
  if (buffered_bytes() < kLengthBytes) return std::optional<Message>();
  const std::uint32_t length = LengthAt(buffer_.data() + start_);
  if (const Status checked = CheckLength(length); !checked.ok()) {
    broken_ = checked.error();
    return *broken_;
  }
  if (buffered_bytes() < kLengthBytes + length) return std::optional<Message>();
  Result<Message> message = Decode(buffer_.substr(start_ + kLengthBytes, length));
  start_ += kLengthBytes + length;
  if (!message.ok()) {
    broken_ = message.error();
    return *broken_;
  }
  return std::optional<Message>(std::move(message).value());
}

Status WriteFrame(int fd, const Message& message) {
  const std::string frame = EncodeFrame(message);
  if (frame.size() > kLengthBytes + kMaxFrameBytes)
    return MakeError(ErrorCode::kInvalidInput, "message of {} bytes is too long", frame.size());
  std::size_t done = 0;
  while (done < frame.size()) {
    ssize_t sent = ::send(fd, frame.data() + done, frame.size() - done, MSG_NOSIGNAL);
    if (sent < 0 && errno == ENOTSOCK) sent = ::write(fd, frame.data() + done, frame.size() - done);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return MakeError(ErrorCode::kUnavailable, "write: {}", std::strerror(errno));
    done += static_cast<std::size_t>(sent);
  }
  return {};
}

Result<Message> ReadFrame(int fd) {
  std::array<char, kLengthBytes> prefix{};
  AXIAL_RETURN_IF_ERROR(ReadAll(fd, prefix.data(), prefix.size()));
  const std::uint32_t length = LengthAt(prefix.data());
  AXIAL_RETURN_IF_ERROR(CheckLength(length));
  std::string json(length, '\0');
  AXIAL_RETURN_IF_ERROR(ReadAll(fd, json.data(), json.size()));
  return Decode(json);
}

}  // namespace axial::protocol
