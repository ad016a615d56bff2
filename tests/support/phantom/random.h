#pragma once

#include <cmath>
#include <cstdint>

#include "tests/support/phantom/vec3.h"

namespace axial::phantom {

/// SplitMix64: the same numbers from the same seed on every machine and library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 0x1234567ULL) {}

  std::uint64_t Next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  /// Uniform in [low, high).
  float Uniform(float low, float high) {
    return low + (high - low) * static_cast<float>(static_cast<double>(Next() >> 11) * 0x1p-53);
  }

  /// Uniform integer in [0, count).
  int Below(int count) { return static_cast<int>(Next() % static_cast<std::uint64_t>(count)); }

  bool Chance(float probability) { return Uniform(0.0F, 1.0F) < probability; }

  /// Normal with mean 0 and standard deviation 1 (Box and Muller).
  float Normal() {
    const float radius = std::sqrt(-2.0F * std::log(Uniform(1e-7F, 1.0F)));
    return radius * std::cos(Uniform(0.0F, 6.2831853F));
  }

  /// A unit vector, any direction equally likely.
  Vec3 Direction() {
    const float z = Uniform(-1.0F, 1.0F);
    const float angle = Uniform(0.0F, 6.2831853F);
    const float r = std::sqrt(1.0F - z * z);
    return {r * std::cos(angle), r * std::sin(angle), z};
  }

 private:
  std::uint64_t state_;
};

/// Smooth noise in about [-1, 1], feature size about 1 unit; a pure function of position and salt.
[[nodiscard]] float ValueNoise(Vec3 p, std::uint32_t salt);

}  // namespace axial::phantom
