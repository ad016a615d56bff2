#include "tests/support/phantom/chest_shape.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace axial::phantom {
namespace {

/// Depth inside a superellipse along the ray from its centre.
float RadialDepth(float x, float y, float half_width, float half_depth, float exponent) {
  const float radius = std::sqrt(x * x + y * y);
  if (radius < 1.0F) return std::min(half_width, half_depth);
  const float norm = std::pow(
      std::pow(std::fabs(x) / half_width, exponent) + std::pow(std::fabs(y) / half_depth, exponent),
      1.0F / exponent);
  return radius / norm - radius;
}

}  // namespace

ChestShape::Ellipse ChestShape::CavityAt(float z) const {
  float grow = 1.0F;
  if (z > chest_.widest_z) {
    const float t = (z - chest_.widest_z) / (chest_.apex_z - chest_.widest_z);
    grow = t >= 1.0F
               ? 0.0F
               : std::pow(1.0F - std::pow(t, chest_.apex_exponent), 1.0F / chest_.apex_exponent);
  } else {
    grow = 1.0F - 0.06F * SmoothStep(60.0F, 200.0F, chest_.widest_z - z);
  }
  // The apices lie behind the middle of the chest.
  const float back = 0.22F * chest_.cavity_half_depth * (1.0F - grow);
  return {chest_.cavity_half_width * grow, chest_.cavity_half_depth * grow, back};
}

float ChestShape::BodyDepth(Vec3 p) const {
  const float shoulders = SmoothStep(45.0F, 105.0F, p.z);
  const float neck = SmoothStep(chest_.apex_z + 25.0F, chest_.apex_z + 75.0F, p.z);
  float half_width =
      (chest_.cavity_half_width + chest_.wall_side) * (1.0F + chest_.shoulder * shoulders);
  float half_depth = (chest_.cavity_half_depth + chest_.wall_depth) * (1.0F - 0.12F * shoulders);
  half_width = std::lerp(half_width, 62.0F, neck);
  half_depth = std::lerp(half_depth, 64.0F, neck);
  return RadialDepth(p.x, p.y, half_width, half_depth, 2.5F);
}

float ChestShape::CavityDepth(Vec3 p) const {
  const Ellipse cavity = CavityAt(p.z);
  if (cavity.half_width < 1.0F) return -20.0F;
  return RadialDepth(p.x, p.y - cavity.centre_y, cavity.half_width, cavity.half_depth,
                     chest_.cavity_exponent);
}

float ChestShape::FrontToBack(Vec3 p) const {
  const Ellipse cavity = CavityAt(p.z);
  return (p.y - cavity.centre_y + cavity.half_depth) / (2.0F * cavity.half_depth + 1e-3F);
}

int ChestShape::MediastinalSide(Vec3 p) const {
  // Half-widths from front to back: junction behind the sternum, great vessels, spine.
  const float junction = chest_.anterior_junction;
  const float w = chest_.mediastinum_width * chest_.cavity_half_width / 132.0F;
  const std::array<float, 7> widths = {junction + 7.0F, junction,  18.0F * w, 28.0F * w,
                                       27.0F * w,       22.0F * w, 21.0F * w};
  const float t = std::clamp(FrontToBack(p), 0.0F, 0.9999F) * 6.0F;
  const auto k = static_cast<std::size_t>(t);
  const float half_width =
      std::lerp(widths[k], widths[k + 1], SmoothStep(0, 1, t - static_cast<float>(k)));
  const float middle = chest_.mediastinum_shift * (1.0F - 0.8F * t / 6.0F);
  if (p.x < middle - half_width) return 1;
  if (p.x > middle + half_width) return 2;
  return 0;
}

float ChestShape::DiaphragmZ(Vec3 p) const {
  const float to_left = SmoothStep(-30.0F, 40.0F, p.x);
  const float peak = std::lerp(chest_.right_dome_z, chest_.left_dome_z, to_left);
  const float half_width = chest_.cavity_half_width, half_depth = chest_.cavity_half_depth;
  const float side = p.x < 0.0F ? -0.5F : 0.5F;
  const float u = (p.x - side * half_width) / (0.55F * half_width);
  const float v = (p.y + 0.15F * half_depth) / (1.05F * half_depth);
  const float rho_squared = (std::fabs(p.x) > 0.5F * half_width ? u * u : 0.3F * u * u) + v * v;
  const float behind = std::max(0.0F, v);
  return peak - chest_.dome_drop * std::pow(rho_squared, 0.5F * chest_.dome_power) -
         0.35F * chest_.dome_drop * behind * behind;
}

}  // namespace axial::phantom
