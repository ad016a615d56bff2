#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace axial {

/// Bytes from outside, read forward in small pieces: what the structure walker walks over.
/// Not thread-safe; one reader each.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  /// Exactly `size` bytes into `into`; false when fewer are left (position then unspecified).
  [[nodiscard]] virtual bool Read(char* into, std::size_t size) = 0;
  /// Moves forward; false when fewer bytes are left.
  [[nodiscard]] virtual bool Skip(std::uint64_t size) = 0;
  /// True when no byte is left.
  [[nodiscard]] virtual bool AtEnd() = 0;
  /// Bytes from the start.
  [[nodiscard]] virtual std::uint64_t Position() const = 0;
  /// Moves to a position; false beyond the end, and where only forward reading is possible.
  [[nodiscard]] virtual bool Seek(std::uint64_t position) = 0;
  [[nodiscard]] virtual bool CanSeek() const = 0;
  /// The reason when reading failed for another reason than the end (disk, broken deflate stream).
  [[nodiscard]] virtual std::optional<Error> Failure() const { return std::nullopt; }
};

/// A file, or bytes in memory that outlive this object.
class PlainSource final : public ByteSource {
 public:
  /// Errors: NotFound, Unavailable.
  static Result<std::unique_ptr<PlainSource>> OpenFile(const std::string& path);
  /// A regular file that is open for reading, from its start and as long as it is now; it stays
  /// open, and where it is written is not moved. The descriptor outlives this object. Error:
  /// Unavailable.
  static Result<std::unique_ptr<PlainSource>> OfOpenFile(int descriptor);
  explicit PlainSource(std::string_view bytes);
  ~PlainSource() override;

  bool Read(char* into, std::size_t size) override;
  bool Skip(std::uint64_t size) override;
  bool AtEnd() override { return position_ >= size_; }
  std::uint64_t Position() const override { return position_; }
  bool Seek(std::uint64_t position) override;
  bool CanSeek() const override { return true; }
  [[nodiscard]] std::uint64_t Remaining() const { return size_ - position_; }
  std::optional<Error> Failure() const override { return failure_; }

 private:
  PlainSource(int descriptor, std::uint64_t size);
  bool Fill();

  int descriptor_ = -1;
  bool owned_ = false;  ///< the descriptor
  std::uint64_t size_ = 0;
  std::uint64_t position_ = 0;
  std::uint64_t window_start_ = 0;
  std::string_view window_;  ///< bytes in memory now, from window_start_
  std::unique_ptr<char[]> buffer_;
  std::optional<Error> failure_;
};

/// The inflated bytes (RFC 1951, PS3.5 A.5) of what is left in a plain source, at most
/// `limit_bytes` of them.
class InflatingSource final : public ByteSource {
 public:
  InflatingSource(PlainSource& deflated, std::uint64_t limit_bytes);
  ~InflatingSource() override;

  bool Read(char* into, std::size_t size) override;
  bool Skip(std::uint64_t size) override;
  bool AtEnd() override;
  std::uint64_t Position() const override { return position_; }
  bool Seek(std::uint64_t position) override { return position == position_; }
  bool CanSeek() const override { return false; }
  std::optional<Error> Failure() const override { return failure_; }

 private:
  bool Fill();

  PlainSource& deflated_;
  std::uint64_t limit_bytes_;
  std::uint64_t position_ = 0;
  std::uint64_t produced_ = 0;
  std::vector<char> input_;
  std::vector<char> output_;
  std::string_view window_;
  z_stream stream_{};
  bool ended_ = false;
  std::optional<Error> failure_;
};

}  // namespace axial
