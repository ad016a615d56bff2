#pragma once

#include <cstdint>
#include <vector>

#include "core/base/result.h"

namespace axial {

/// The attributes of the Image Pixel module (PS3.3 C.7.6.3) that say how a sample is stored.
struct SampleFormat {
  int rows = 0;
  int columns = 0;
  int samples = 1;  ///< per pixel
  int bits_allocated = 16;
  int bits_stored = 16;
  int high_bit = 15;
  bool is_signed = false;
  bool planar = false;  ///< Planar Configuration 1

  [[nodiscard]] std::size_t PixelCount() const {
    return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  }
  [[nodiscard]] std::size_t FrameBytes() const {
    return PixelCount() * static_cast<std::size_t>(samples) *
           static_cast<std::size_t>(bits_allocated / 8);
  }
};

/// Errors: Unsupported (bits allocated other than 8, 16, 32; samples other than 1 or 3),
/// InvalidInput (bits stored or high bit that do not fit).
[[nodiscard]] Status CheckSampleFormat(const SampleFormat& format);

/// Cuts Bits Stored out of one cell and extends its sign. `cell`: Bits Allocated wide.
[[nodiscard]] std::int64_t StoredValue(std::uint32_t cell, const SampleFormat& format);

/// All samples of a frame in host byte order, as [sample][row][column].
/// `bytes`: format.FrameBytes() of them.
[[nodiscard]] std::vector<std::int32_t> UnpackFrame(const std::vector<std::uint8_t>& bytes,
                                                    const SampleFormat& format);

}  // namespace axial
