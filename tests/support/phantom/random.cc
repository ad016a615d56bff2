#include "tests/support/phantom/random.h"

namespace axial::phantom {
namespace {

float Lattice(std::int32_t x, std::int32_t y, std::int32_t z, std::uint32_t salt) {
  std::uint32_t h = static_cast<std::uint32_t>(x) * 0x8DA6B343U ^
                    static_cast<std::uint32_t>(y) * 0xD8163841U ^
                    static_cast<std::uint32_t>(z) * 0xCB1AB31FU ^ salt * 0x9E3779B9U;
  h = (h ^ (h >> 15)) * 0x2C1B3C6DU;
  h = (h ^ (h >> 12)) * 0x297A2D39U;
  h ^= h >> 15;
  return static_cast<float>(h & 0xFFFFU) * (2.0F / 65535.0F) - 1.0F;
}

}  // namespace

float ValueNoise(Vec3 p, std::uint32_t salt) {
  const float fx = std::floor(p.x), fy = std::floor(p.y), fz = std::floor(p.z);
  const auto ix = static_cast<std::int32_t>(fx), iy = static_cast<std::int32_t>(fy),
             iz = static_cast<std::int32_t>(fz);
  const float tx = SmoothStep(0, 1, p.x - fx), ty = SmoothStep(0, 1, p.y - fy),
              tz = SmoothStep(0, 1, p.z - fz);
  float planes[2];
  for (int k = 0; k < 2; ++k) {
    const float a = std::lerp(Lattice(ix, iy, iz + k, salt), Lattice(ix + 1, iy, iz + k, salt), tx);
    const float b =
        std::lerp(Lattice(ix, iy + 1, iz + k, salt), Lattice(ix + 1, iy + 1, iz + k, salt), tx);
    planes[k] = std::lerp(a, b, ty);
  }
  return std::lerp(planes[0], planes[1], tz);
}

}  // namespace axial::phantom
