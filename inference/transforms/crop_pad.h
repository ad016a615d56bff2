#pragma once

#include "core/base/result.h"
#include "inference/transforms/model_image.h"

namespace axial {

/// More values than this in one image are refused (2 GiB of floats).
inline constexpr std::int64_t kMaxImageValues = std::int64_t{1} << 29;

/// Cuts the box [begin, begin + size) out of the image; where it reaches beyond, `value`.
/// Errors: InvalidInput (a size below 1), Exhausted.
[[nodiscard]] Status CropOrPad(ModelImage& image, const SpatialSize& begin, const SpatialSize& size,
                               float value);

/// Exhausted when an image of that size would have more than kMaxImageValues.
[[nodiscard]] Status CheckImageSize(std::int64_t channels, const SpatialSize& size);

}  // namespace axial
