#include "tests/support/phantom/projection.h"

#include <algorithm>
#include <cmath>

#include "tests/support/phantom/random.h"

namespace axial::phantom {
namespace {

constexpr float kHalfRayMm = 260.0F;

/// Absorption in water-equivalent mm per mm at a diagnostic beam quality; bone weighs more.
float Absorption(float hu) {
  const float water = std::max(0.0F, 1.0F + hu / 1000.0F);
  return hu > 150.0F ? water * 1.35F : water;
}

float PathLength(const Anatomy& anatomy, Vec3 start, Vec3 along, float step_mm) {
  float sum = 0.0F;
  for (float t = -kHalfRayMm; t < kHalfRayMm; t += step_mm) {
    sum += Absorption(anatomy.Sample(start + along * t).value);
  }
  return sum * step_mm;
}

}  // namespace

std::vector<float> Project(const Anatomy& anatomy, const ProjectionOptions& options) {
  const float turn =
      options.turn_deg * 0.01745329F + (options.view == ChestView::kLateral ? 1.5707963F : 0.0F);
  const Vec3 across{std::cos(turn), std::sin(turn), 0.0F};
  const Vec3 along{-std::sin(turn), std::cos(turn), 0.0F};
  std::vector<float> image;
  image.reserve(static_cast<std::size_t>(options.rows) * static_cast<std::size_t>(options.columns));
  for (int row = 0; row < options.rows; ++row) {
    for (int column = 0; column < options.columns; ++column) {
      const float v = ((static_cast<float>(row) + 0.5F) / static_cast<float>(options.rows) - 0.5F);
      const float u =
          ((static_cast<float>(column) + 0.5F) / static_cast<float>(options.columns) - 0.5F);
      const Vec3 start = options.centre + across * (u * options.width_mm) +
                         Vec3{0.0F, 0.0F, -v * options.height_mm};
      image.push_back(PathLength(anatomy, start, along, options.step_mm));
    }
  }
  // Detector's logarithm is linear in path length; window to the thickest tissue.
  std::vector<float> sorted = image;
  const auto top = static_cast<std::ptrdiff_t>(0.995 * static_cast<double>(sorted.size()));
  std::nth_element(sorted.begin(), sorted.begin() + top, sorted.end());
  const float white = std::max(sorted[static_cast<std::size_t>(top)], 1.0F);
  Random random(options.seed ^ 0xD8ULL);
  for (float& value : image) {
    value = std::pow(std::clamp(value / white, 0.0F, 1.0F), options.gamma);
    value = std::clamp(value + options.noise * random.Normal(), 0.0F, 1.0F);
  }
  return image;
}

}  // namespace axial::phantom
