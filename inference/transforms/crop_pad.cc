#include "inference/transforms/crop_pad.h"

#include <algorithm>

namespace axial {

Status CheckImageSize(std::int64_t channels, const SpatialSize& size) {
  double values = static_cast<double>(channels);
  for (const std::int64_t n : size) {
    if (n < 1) return MakeError(ErrorCode::kInvalidInput, "a size of {} voxels", n);
    values *= static_cast<double>(n);
  }
  if (values > static_cast<double>(kMaxImageValues))
    return MakeError(ErrorCode::kExhausted, "an image of {} x {} x {} voxels is too large", size[0],
                     size[1], size[2]);
  return {};
}

Status CropOrPad(ModelImage& image, const SpatialSize& begin, const SpatialSize& size,
                 float value) {
  const std::int64_t channels = image.Channels();
  AXIAL_RETURN_IF_ERROR(CheckImageSize(channels, size));
  const SpatialSize old = image.Size();
  if (begin == SpatialSize{0, 0, 0} && size == old) return {};
  std::vector<float> values(static_cast<std::size_t>(channels * size[0] * size[1] * size[2]),
                            value);
  // The part of the last dimension that exists in both.
  const std::int64_t from = std::max<std::int64_t>(begin[2], 0);
  const std::int64_t count = std::min(begin[2] + size[2], old[2]) - from;
  for (std::int64_t c = 0; c < channels && count > 0; ++c)
    for (std::int64_t i = 0; i < size[0]; ++i)
      for (std::int64_t j = 0; j < size[1]; ++j) {
        const std::int64_t oi = i + begin[0];
        const std::int64_t oj = j + begin[1];
        if (oi < 0 || oi >= old[0] || oj < 0 || oj >= old[1]) continue;
        const float* source = &image.data.values[static_cast<std::size_t>(
            ((c * old[0] + oi) * old[1] + oj) * old[2] + from)];
        const std::int64_t to = ((c * size[0] + i) * size[1] + j) * size[2] + from - begin[2];
        std::copy(source, source + count, values.begin() + to);
      }
  IndexMap to_old;
  for (std::size_t axis = 0; axis < 3; ++axis)
    to_old.offset[axis] = static_cast<double>(begin[axis]);
  image.Replace(std::move(values), channels, size, to_old);
  return {};
}

}  // namespace axial
