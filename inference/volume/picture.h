#pragma once

#include <cstdint>
#include <vector>

namespace axial {

/// One frame as its device meant it to be looked at: first window (PS3.3 C.11.2.1.2) or VOI LUT, or
/// else a window around its own values; MONOCHROME1 inverted; colour as RGB.
struct Picture {
  int rows = 0;
  int columns = 0;
  double pixel_aspect = 1;        ///< height of a pixel divided by its width
  std::vector<std::uint8_t> rgb;  ///< [row][column][3]
};

}  // namespace axial
