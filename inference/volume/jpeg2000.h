#pragma once

#include <cstdint>
#include <vector>

#include "core/base/result.h"

namespace axial {

/// One decoded JPEG 2000 code stream.
struct Jpeg2000Image {
  int width = 0;
  int height = 0;
  int components = 1;
  int precision_bits = 8;            ///< of the first component
  bool is_signed = false;            ///< of the first component
  std::vector<std::int32_t> values;  ///< [component][row][column]
};

/// Decodes a JPEG 2000 code stream or JP2 file. The expected size guards against streams that claim
/// another one. Errors: Corrupt, Unsupported (subsampled components). Thread-safe.
[[nodiscard]] Result<Jpeg2000Image> DecodeJpeg2000(const std::vector<std::uint8_t>& stream,
                                                   int expected_width, int expected_height);

}  // namespace axial
