#pragma once

#include <cstdint>
#include <vector>

namespace axial {

/// A dense array of floats, last dimension fastest: what engines take and give.
struct Tensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;  ///< Elements(shape) values

  [[nodiscard]] static std::int64_t Elements(const std::vector<std::int64_t>& shape) {
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    return count;
  }
};

}  // namespace axial
