#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace axial {

/// Tells contents apart quickly: XXH3, 128 bits, over bytes that come in pieces. Who wants to can
/// make two contents of one digest, so equal digests say where to compare bytes, and no more. Not
/// thread-safe.
class ContentDigest {
 public:
  ContentDigest();
  ~ContentDigest();
  ContentDigest(ContentDigest&&) noexcept;
  ContentDigest& operator=(ContentDigest&&) noexcept;

  void Add(std::string_view bytes);
  /// 32 lower-case hexadecimal digits, as `xxhsum -H2` prints them.
  [[nodiscard]] std::string Hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// ContentDigest::Hex of the file's bytes. Errors: NotFound, Unavailable.
[[nodiscard]] Result<std::string> ContentDigestOfFile(const std::string& path);

}  // namespace axial
