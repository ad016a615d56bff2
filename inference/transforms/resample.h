#pragma once

#include <cstdint>
#include <vector>

#include "inference/transforms/model_image.h"

namespace axial {

enum class Interpolation { kNearest, kLinear };

/// Reads values along straight lines through a grid; positions outside take the nearest border
/// value (MONAI's padding_mode "border"). Not thread-safe; one per thread.
class LineSampler {
 public:
  LineSampler(const SpatialSize& size, Interpolation interpolation);

  /// Sets the line: `count` positions from `start`, `step` apart, in index coordinates.
  void SetLine(const Vector3& start, const Vector3& step, std::size_t count);
  /// Reads the line from one channel (size[0]*size[1]*size[2] values) into `to` (count values).
  void Read(const float* channel, float* to) const;
  /// True when position i of the line lies within half a voxel of the grid.
  [[nodiscard]] bool Inside(std::size_t i) const { return points_[i].inside; }

 private:
  struct Point {
    std::int64_t low[3];   ///< offset of the lower neighbour along each dimension
    std::int64_t high[3];  ///< and of the upper
    float fraction[3];     ///< weight of the upper
    bool inside;
  };
  SpatialSize size_;
  Interpolation interpolation_;
  std::vector<Point> points_;
};

/// Resamples all channels onto a grid of `size`; `to_old`: new index -> old index.
void Resample(ModelImage& image, const SpatialSize& size, const IndexMap& to_old,
              Interpolation interpolation, int threads);

}  // namespace axial
