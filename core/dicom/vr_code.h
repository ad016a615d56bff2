#pragma once

#include <string_view>

namespace axial {

/// A Value Representation (PS3.5 6.2) as one number, for a switch: elements by the hundred of each
/// Instance are asked for theirs. 0 for what is no two bytes.
[[nodiscard]] constexpr unsigned VrCode(std::string_view vr) {
  if (vr.size() != 2) return 0;
  return static_cast<unsigned>(static_cast<unsigned char>(vr[0])) << 8 |
         static_cast<unsigned char>(vr[1]);
}

}  // namespace axial
