#pragma once

#include <cstdint>
#include <vector>

#include "tests/support/phantom/anatomy.h"
#include "tests/support/phantom/chest_parameters.h"
#include "tests/support/phantom/chest_shape.h"
#include "tests/support/phantom/tube_set.h"

namespace axial::phantom {

/// A chest in HU. Truth: 1 right lung, 2 left lung (with vessels, small bronchi and lesions inside
/// it; without trachea, main bronchi, hilar vessels and effusions).
class ChestAnatomy final : public Anatomy {
 public:
  explicit ChestAnatomy(const ChestParameters& chest);

  [[nodiscard]] Tissue Sample(Vec3 p) const override;

 private:
  struct Blob {
    Vec3 centre;
    Vec3 radii;
    float hu = 0.0F;
    float roughness = 0.0F;
  };
  struct Wave {
    Vec3 direction;  ///< Of the displacement.
    Vec3 frequency;  ///< Radians per mm.
    float phase = 0.0F;
  };

  void DrawLesions();
  void DrawColon();
  [[nodiscard]] Vec3 PointInLung(std::uint64_t* state_seed) const;

  [[nodiscard]] Vec3 Undeform(Vec3 p) const;
  [[nodiscard]] Tissue Outside(Vec3 p, Vec3 q) const;
  [[nodiscard]] float Wall(Vec3 q, float body_depth, float cavity_depth) const;
  [[nodiscard]] float SoftWall(Vec3 q, float body_depth) const;
  [[nodiscard]] bool Skeleton(Vec3 q, float cavity_depth, float* hu) const;
  [[nodiscard]] bool Spine(Vec3 q, float* hu) const;
  [[nodiscard]] Tissue Cavity(Vec3 q, float cavity_depth) const;
  [[nodiscard]] float Mediastinum(Vec3 q) const;
  [[nodiscard]] bool Heart(Vec3 q, float* hu) const;
  [[nodiscard]] float Abdomen(Vec3 q, float cavity_depth, float below_diaphragm) const;
  [[nodiscard]] bool GasOrgans(Vec3 q, float* hu) const;
  [[nodiscard]] float Parenchyma(Vec3 q) const;

  ChestParameters chest_;
  ChestShape shape_;
  TubeSet lung_tree_;
  TubeSet mediastinum_;
  std::vector<Blob> lesions_;
  std::vector<Blob> colon_;
  std::vector<Wave> waves_;
  float cos_roll_ = 1.0F;
  float sin_roll_ = 0.0F;
};

}  // namespace axial::phantom
