#pragma once

#include <cstdint>

#include "tests/support/phantom/vec3.h"

namespace axial::phantom {

/// What is at one point of the body.
struct Tissue {
  float value = -1000.0F;  ///< HU for CT; relative signal, air 0, for MR.
  std::uint8_t label = 0;  ///< The truth: 0 is background.
};

/// A body as a function of position. Implementations are immutable: Sample may be called from any
/// number of threads.
class Anatomy {
 public:
  virtual ~Anatomy() = default;
  [[nodiscard]] virtual Tissue Sample(Vec3 p) const = 0;
};

}  // namespace axial::phantom
