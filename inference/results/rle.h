#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace axial::results {

/// Appends one frame as RLE Lossless (PS3.5 annex G) to `fragment`, of even length: a header, then
/// one segment per byte of a pixel, the most significant first; no run crosses a row.
/// `pixels`: [row][column] of 1 or 2 bytes, little endian.
void AppendRleFrame(std::span<const std::uint8_t> pixels, std::size_t columns,
                    std::size_t bytes_per_pixel, std::vector<std::uint8_t>& fragment);

}  // namespace axial::results
