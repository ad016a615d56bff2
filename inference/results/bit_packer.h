#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace axial::results {

/// Packs masks into BINARY Segmentation Pixel Data (PS3.5 8.1.1, PS3.3 C.8.20.2): one bit per
/// pixel, least significant first, and the next frame starts at the very next bit, not at the next
/// byte.
class BitPacker {
 public:
  /// Appends one frame to `bytes`: 1 where `labels` is `label`. Bits that do not fill a byte wait
  /// for the next frame or for Finish.
  void Append(std::span<const std::uint8_t> labels, std::uint8_t label,
              std::vector<std::uint8_t>& bytes);

  /// Appends `pixels` zeros.
  void AppendZeros(std::size_t pixels, std::vector<std::uint8_t>& bytes);

  /// Appends the waiting bits, padded with zeros.
  void Finish(std::vector<std::uint8_t>& bytes);

 private:
  unsigned waiting_bits_ = 0;  ///< 0..7
  unsigned waiting_ = 0;       ///< the bits, first one lowest
};

}  // namespace axial::results
