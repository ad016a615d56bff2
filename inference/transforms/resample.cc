#include "inference/transforms/resample.h"

#include <algorithm>
#include <cmath>

#include "inference/transforms/parallel.h"
#include "inference/volume/vector3.h"

namespace axial {

LineSampler::LineSampler(const SpatialSize& size, Interpolation interpolation)
    : size_(size), interpolation_(interpolation) {}

void LineSampler::SetLine(const Vector3& start, const Vector3& step, std::size_t count) {
  constexpr double kSnap = 1e-6;  // rounding of the maps must not turn a copy into a blend
  points_.resize(count);
  const std::int64_t strides[3] = {size_[1] * size_[2], size_[2], 1};
  for (std::size_t i = 0; i < count; ++i) {
    Point& point = points_[i];
    point.inside = true;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double last = static_cast<double>(size_[axis] - 1);
      double at = start[axis] + static_cast<double>(i) * step[axis];
      if (at < -0.5 - kSnap || at > last + 0.5 + kSnap) point.inside = false;
      at = std::clamp(at, 0.0, last);
      const double nearest = std::nearbyint(at);
      if (interpolation_ == Interpolation::kNearest || std::abs(at - nearest) < kSnap) at = nearest;
      const auto low = static_cast<std::int64_t>(at);
      point.low[axis] = low * strides[axis];
      point.high[axis] = std::min(low + 1, size_[axis] - 1) * strides[axis];
      point.fraction[axis] = static_cast<float>(at - static_cast<double>(low));
    }
  }
}

void LineSampler::Read(const float* channel, float* to) const {
  const auto blend = [](float low, float high, float fraction) {
    return low + fraction * (high - low);
  };
  for (std::size_t i = 0; i < points_.size(); ++i) {
    const Point& p = points_[i];
    if (p.fraction[0] == 0 && p.fraction[1] == 0 && p.fraction[2] == 0) {
      to[i] = channel[p.low[0] + p.low[1] + p.low[2]];
      continue;
    }
    const auto along = [&](std::int64_t base) {
      return blend(channel[base + p.low[2]], channel[base + p.high[2]], p.fraction[2]);
    };
    const auto plane = [&](std::int64_t base) {
      return blend(along(base + p.low[1]), along(base + p.high[1]), p.fraction[1]);
    };
    to[i] = blend(plane(p.low[0]), plane(p.high[0]), p.fraction[0]);
  }
}

void Resample(ModelImage& image, const SpatialSize& size, const IndexMap& to_old,
              Interpolation interpolation, int threads) {
  const std::int64_t channels = image.Channels();
  const std::int64_t old_voxels = image.VoxelsPerChannel();
  const std::int64_t new_voxels = size[0] * size[1] * size[2];
  std::vector<float> values(static_cast<std::size_t>(channels * new_voxels));
  const SpatialSize old_size = image.Size();
  const auto work = [&](std::int64_t begin, std::int64_t end) {
    LineSampler sampler(old_size, interpolation);
    for (std::int64_t line = begin; line < end; ++line) {
      const Vector3 first = {static_cast<double>(line / size[1]),
                             static_cast<double>(line % size[1]), 0};
      sampler.SetLine(to_old.Apply(first), to_old.Step(2), static_cast<std::size_t>(size[2]));
      for (std::int64_t c = 0; c < channels; ++c)
        sampler.Read(image.data.values.data() + c * old_voxels,
                     values.data() + c * new_voxels + line * size[2]);
    }
  };
  ParallelRanges(threads, size[0] * size[1], work);
  image.Replace(std::move(values), channels, size, to_old);
}

}  // namespace axial
