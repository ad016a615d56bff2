#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/model_card.h"
#include "core/base/result.h"
#include "inference/transforms/arguments.h"
#include "inference/transforms/model_image.h"

namespace axial {

/// How much of the machine a step may use.
struct StepContext {
  int threads = 1;
};

/// One preprocessing step, made once per model from its arguments; does to the values, and to the
/// geometry, what the MONAI transform of the same name does. Immutable, so thread-safe.
class ImageStep {
 public:
  virtual ~ImageStep() = default;
  /// Errors: InvalidInput (the image cannot be treated so), Exhausted (result too large).
  [[nodiscard]] virtual Status Apply(ModelImage& image, const StepContext& context) const = 0;
};

/// An entry of the explicit list of steps.
struct ImageStepKind {
  const char* name;
  std::unique_ptr<ImageStep> (*make)(ArgumentReader& arguments);
  bool needs_volume;  ///< makes no sense for a single image
};

/// Orientation, spacing, size. One file each group; the list in steps.cc joins them.
[[nodiscard]] const std::vector<ImageStepKind>& SpatialSteps();
/// Values only.
[[nodiscard]] const std::vector<ImageStepKind>& IntensitySteps();

}  // namespace axial
