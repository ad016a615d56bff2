#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "inference/protocol/messages.h"

namespace axial::protocol {

/// The bytes of one frame: 4-byte big-endian length, then Encode(message).
[[nodiscard]] std::string EncodeFrame(const Message& message);

/// Turns a stream of bytes, cut anywhere, into messages. Holds at most one unfinished frame
/// (kMaxFrameBytes) plus what the last Push brought. Not thread-safe.
class FrameReader {
 public:
  /// Adds received bytes.
  void Push(std::string_view bytes);

  /// The next whole message; nullopt when more bytes are needed.
  /// Errors: InvalidInput (a length of 0 or beyond kMaxFrameBytes, or Decode's errors). After an
  /// error the stream has no known boundary any more: every later Pop gives the same error.
  [[nodiscard]] Result<std::optional<Message>> Pop();

  /// Bytes pushed and not yet popped.
  [[nodiscard]] std::size_t buffered_bytes() const { return buffer_.size() - start_; }

 private:
  std::string buffer_;
  std::size_t start_ = 0;  ///< consumed bytes at the front of buffer_
  std::optional<Error> broken_;
};

/// Writes one frame to a blocking descriptor. Errors: Unavailable (the other end is gone).
/// No SIGPIPE on sockets.
[[nodiscard]] Status WriteFrame(int fd, const Message& message);

/// Reads one frame from a blocking descriptor.
/// Errors: Unavailable (end of stream, reset); InvalidInput as FrameReader::Pop.
[[nodiscard]] Result<Message> ReadFrame(int fd);

}  // namespace axial::protocol
