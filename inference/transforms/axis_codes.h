#pragma once

#include <array>
#include <optional>
#include <string>

#include "inference/transforms/index_map.h"

namespace axial {

/// Where each index grows to, as nibabel and MONAI write it: one of each pair L/R, P/A, S/I, for
/// example "RAS" or "PLS".
[[nodiscard]] std::string AxisCodes(const IndexMap& to_patient);

/// One axis of the result: which axis of the image it is, and whether it is turned round.
struct AxisMove {
  int from = 0;
  bool flip = false;
};

/// How to reorder and flip the axes so that they grow to `wanted`; nothing when `wanted` is not
/// three letters of three different pairs.
[[nodiscard]] std::optional<std::array<AxisMove, 3>> MovesTo(const std::string& wanted,
                                                             const IndexMap& to_patient);

}  // namespace axial
