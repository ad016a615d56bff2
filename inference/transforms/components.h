#pragma once

#include <cstdint>
#include <vector>

#include "inference/volume/geometry.h"

namespace axial {

/// Sets to 0 every voxel of the labels that `wanted[label]` chooses which is not in one of the
/// `keep` largest connected components; of each label by itself, or, with `together`, of all chosen
/// labels as one foreground. `labels`: [slice][row][column]. `connectivity`: 1 faces, 2 edges too,
/// 3 corners too. Equal sizes: the component met first stays. Linear time.
void KeepLargestComponents(std::vector<std::uint8_t>& labels, const GridSize& size,
                           const std::vector<bool>& wanted, bool together, int connectivity,
                           int keep);

}  // namespace axial
