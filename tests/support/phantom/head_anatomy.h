#pragma once

#include <cstdint>

#include "tests/support/phantom/anatomy.h"

namespace axial::phantom {

/// A head as a T1-weighted MR image shows it, signal 0 (air, bone) to about 1000 (fat).
/// Truth: 1 brain (grey and white matter), 2 ventricles.
class HeadAnatomy final : public Anatomy {
 public:
  explicit HeadAnatomy(std::uint64_t seed, bool randomise);

  [[nodiscard]] Tissue Sample(Vec3 p) const override;

 private:
  std::uint32_t salt_;
  float size_ = 1.0F;
  float ventricles_ = 1.0F;
  float grey_ = 420.0F;
  float white_ = 600.0F;
};

}  // namespace axial::phantom
