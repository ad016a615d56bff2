#include "tests/support/phantom/head_anatomy.h"

#include <cmath>

#include "tests/support/phantom/random.h"

namespace axial::phantom {
namespace {

/// Below 1 inside an ellipsoid around `centre`.
float Norm(Vec3 p, Vec3 centre, Vec3 radii) {
  const Vec3 d{(p.x - centre.x) / radii.x, (p.y - centre.y) / radii.y, (p.z - centre.z) / radii.z};
  return Length(d);
}

}  // namespace

HeadAnatomy::HeadAnatomy(std::uint64_t seed, bool randomise)
    : salt_(static_cast<std::uint32_t>(seed * 2654435761U + 17U)) {
  if (!randomise) return;
  Random random(seed ^ 0x4EADULL);
  size_ = random.Uniform(0.85F, 1.12F);
  ventricles_ = random.Uniform(0.7F, 1.6F);
  grey_ = random.Uniform(350.0F, 480.0F);
  white_ = grey_ + random.Uniform(100.0F, 250.0F);
}

Tissue HeadAnatomy::Sample(Vec3 p) const {
  const Vec3 q = p * (1.0F / size_);
  const float head = Norm(q, {}, {78.0F, 98.0F, 92.0F});
  const bool neck = q.z < -50.0F && std::sqrt(q.x * q.x + (q.y - 20.0F) * (q.y - 20.0F)) < 55.0F;
  if (head > 1.0F) {
    if (neck) return {320.0F, 0};
    const bool nose = Norm(q, {0.0F, -98.0F, -35.0F}, {14.0F, 20.0F, 26.0F}) < 1.0F;
    return {nose ? 380.0F : 0.0F, 0};
  }
  if (head > 0.93F) return {900.0F, 0};  // scalp fat
  const float folds = ValueNoise(q * 0.075F, salt_) + 0.5F * ValueNoise(q * 0.16F, salt_ + 1);
  const float brain = Norm(q, {0.0F, 2.0F, 12.0F}, {66.0F, 84.0F, 66.0F});
  const float eye_x = std::fabs(q.x) - 32.0F;
  if (Length(Vec3{eye_x, q.y + 74.0F, q.z + 32.0F}) < 12.0F) return {130.0F, 0};
  if (brain > 1.06F) {
    if (head > 0.86F || q.z > -30.0F) return {40.0F, 0};  // skull
    return {q.z < -60.0F ? 330.0F : 260.0F + 80.0F * folds, 0};
  }
  const bool fissure = std::fabs(q.x) < 1.6F && q.z > 25.0F;
  if (brain > 0.97F + 0.05F * folds || fissure) return {150.0F, 0};  // cerebrospinal fluid
  const Vec3 folded{std::fabs(q.x), q.y, q.z};
  const float ventricle =
      Norm(folded, {11.0F, 4.0F, 22.0F}, Vec3{7.0F, 30.0F, 11.0F} * ventricles_);
  if (ventricle < 1.0F) return {140.0F, 2};
  return {brain > 0.84F + 0.12F * folds ? grey_ : white_, 1};
}

}  // namespace axial::phantom
