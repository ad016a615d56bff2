#pragma once

#include <vector>

#include "inference/transforms/inferer.h"

namespace axial {

/// The arguments SlidingWindowInferer and SliceInferer share, with MONAI's meaning and defaults.
struct WindowOptions {
  std::vector<double> roi_size;  ///< 0 or negative: the image's size
  int batch = 1;                 ///< windows per call
  double overlap = 0.25;
  bool gaussian = false;
  double sigma_scale = 0.125;
  float padding_value = 0;

  static WindowOptions Read(ArgumentReader& arguments);
};

/// First positions of the windows along one dimension: MONAI's dense_patch_slices.
[[nodiscard]] std::vector<std::int64_t> WindowStarts(std::int64_t size, std::int64_t window,
                                                     double overlap);

/// Weight of every voxel of a window: 1, or a Gaussian round its middle.
[[nodiscard]] std::vector<float> WindowWeights(const std::vector<std::int64_t>& window,
                                               const WindowOptions& options);

/// Runs the engine on windows of [C][spatial...] (2 or 3 spatial dimensions) and blends the first
/// outputs to [K][spatial...]. Windows and outputs must have the same spatial size.
[[nodiscard]] Result<Tensor> SlideWindows(const Tensor& input, const WindowOptions& options,
                                          const EngineCall& engine, const FractionCall& progress);

}  // namespace axial
