#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

/// RLE Lossless read as PS3.5 annex G says, and stricter: without a word of the encoder or DCMTK.
namespace axial::testing {

struct DecodedRle {
  std::vector<std::vector<std::uint8_t>> segments;  ///< decoded, most significant byte first
  std::vector<std::size_t> values;                  ///< where in the fragment pixel values are
};

/// The segments of one frame; nullopt when a run leaves its segment, `size` bytes are not what a
/// segment gives, or anything but one zero to an even length is behind them.
[[nodiscard]] inline std::optional<DecodedRle> DecodeRle(std::span<const std::uint8_t> fragment,
                                                         std::size_t size) {
  const auto number = [&](std::size_t position) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value |= std::size_t{fragment[position * 4 + i]} << (8 * i);
    return value;
  };
  if (fragment.size() < 64 || fragment.size() % 2 != 0) return std::nullopt;
  const std::size_t count = number(0);
  if (count < 1 || count > 15 || number(1) != 64) return std::nullopt;
  for (std::size_t unused = count + 1; unused < 16; ++unused)
    if (number(unused) != 0) return std::nullopt;
  DecodedRle decoded;
  for (std::size_t segment = 1; segment <= count; ++segment) {
    const std::size_t end = segment < count ? number(segment + 1) : fragment.size();
    if (end > fragment.size() || end % 2 != 0) return std::nullopt;
    std::vector<std::uint8_t>& bytes = decoded.segments.emplace_back();
    std::size_t at = number(segment);
    while (bytes.size() < size) {
      if (at + 1 >= end) return std::nullopt;
      const int n = static_cast<std::int8_t>(fragment[at++]);
      if (n == -128) return std::nullopt;  // allowed, but for nothing
      const std::size_t stored = n >= 0 ? static_cast<std::size_t>(n) + 1 : 1;
      const std::size_t copies = n >= 0 ? 1 : static_cast<std::size_t>(1 - n);
      if (at + stored > end) return std::nullopt;
      for (std::size_t i = 0; i < stored; ++i, ++at) {
        decoded.values.push_back(at);
        bytes.insert(bytes.end(), copies, fragment[at]);
      }
    }
    if (bytes.size() != size) return std::nullopt;
    if (at + 1 == end && fragment[at] == 0) ++at;
    if (at != end) return std::nullopt;
  }
  return decoded;
}

}  // namespace axial::testing
