#pragma once

#include <cmath>

namespace axial::phantom {

/// A point or direction in patient coordinates, mm: +x left, +y posterior, +z superior (LPS).
struct Vec3 {
  float x = 0.0F;
  float y = 0.0F;
  float z = 0.0F;
};

inline Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vec3 operator*(Vec3 a, float s) { return {a.x * s, a.y * s, a.z * s}; }
inline float Dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec3 Cross(Vec3 a, Vec3 b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline float Length(Vec3 a) { return std::sqrt(Dot(a, a)); }
inline Vec3 Normalised(Vec3 a) { return a * (1.0F / Length(a)); }

/// 0 below `low`, 1 above `high`, smooth between.
inline float SmoothStep(float low, float high, float value) {
  const float t = std::fmin(1.0F, std::fmax(0.0F, (value - low) / (high - low)));
  return t * t * (3.0F - 2.0F * t);
}

}  // namespace axial::phantom
