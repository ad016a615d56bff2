#pragma once

#include <cstdint>
#include <vector>

#include "tests/support/phantom/anatomy.h"

namespace axial::phantom {

/// The two standard views of a chest radiograph.
enum class ChestView { kPosteroAnterior, kLateral };

struct ProjectionOptions {
  ChestView view = ChestView::kPosteroAnterior;
  int rows = 256;
  int columns = 256;
  float height_mm = 400.0F;
  float width_mm = 400.0F;
  Vec3 centre{0.0F, 0.0F, -40.0F};
  float turn_deg = 0.0F;  ///< Patient turned about the long axis.
  float noise = 0.01F;    ///< Relative to the image's range.
  float gamma = 1.0F;     ///< Of the display curve.
  float step_mm = 4.0F;   ///< Along the ray.
  std::uint64_t seed = 1;
};

/// A radiograph, [row][column], 0 (black, most exposed) to 1 (white): parallel rays, absorption
/// summed along each. Rows grow towards the feet. Columns of the postero-anterior view grow towards
/// the patient's left; of the lateral view (left side at the detector), towards the back.
[[nodiscard]] std::vector<float> Project(const Anatomy& anatomy, const ProjectionOptions& options);

}  // namespace axial::phantom
