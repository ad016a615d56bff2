#pragma once

#include <compare>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace axial {

/// A DICOM Unique Identifier (PS3.5 chapter 9): 1 to 64 characters, digits and single dots.
///
/// Leading zeros in a component are accepted, because real devices send them. Safe as a file name.
class Uid {
 public:
  /// Trailing padding (space, NUL) is removed. Error: InvalidInput.
  [[nodiscard]] static Result<Uid> Parse(std::string_view text);

  [[nodiscard]] const std::string& str() const { return text_; }
  auto operator<=>(const Uid&) const = default;

 private:
  explicit Uid(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// The `2.25.` form (PS3.5 B.2) of the version 5 UUID (RFC 9562) of `name` in Axial's own name
/// space: the same name gives the same UID on every machine and in every version.
[[nodiscard]] Uid MakeDeterministicUid(std::string_view name);

/// Lower-case hexadecimal SHA-256 of the bytes.
[[nodiscard]] std::string Sha256Hex(std::string_view bytes);

/// SHA-256 of bytes that come in pieces. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void Add(std::string_view bytes);
  /// Lower-case hexadecimal; nothing may be added afterwards.
  [[nodiscard]] std::string FinishHex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Lower-case hexadecimal SHA-256 of a file's bytes, read in pieces. Errors: NotFound, Unavailable.
[[nodiscard]] Result<std::string> Sha256HexOfFile(const std::string& path);

}  // namespace axial

template <>
struct std::hash<axial::Uid> {
  std::size_t operator()(const axial::Uid& uid) const noexcept {
    return std::hash<std::string>()(uid.str());
  }
};
