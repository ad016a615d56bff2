#include "inference/transforms/sliding_window.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace axial {
namespace {

using Box = std::array<std::int64_t, 3>;

/// Spatial sizes as three, missing leading ones 1 (so that the last stays the fastest).
Box SpatialOf(const Tensor& tensor, std::size_t skip) {
  Box box = {1, 1, 1};
  std::copy_backward(tensor.shape.begin() + static_cast<std::ptrdiff_t>(skip), tensor.shape.end(),
                     box.end());
  return box;
}

std::int64_t Count(const Box& box) { return box[0] * box[1] * box[2]; }

/// Calls row(offset in image, offset in window, length) for every row where both exist. `at` is
/// where the window's corner lies in the image; it may be outside.
template <typename Row>
void ForRows(const Box& image, const Box& window, const Box& at, Row row) {
  const std::int64_t first = std::max<std::int64_t>(0, -at[2]);
  const std::int64_t length = std::min(window[2], image[2] - at[2]) - first;
  if (length <= 0) return;
  for (std::int64_t i = 0; i < window[0]; ++i)
    for (std::int64_t j = 0; j < window[1]; ++j) {
      const std::int64_t y = at[0] + i;
      const std::int64_t x = at[1] + j;
      if (y < 0 || y >= image[0] || x < 0 || x >= image[1]) continue;
      row((y * image[1] + x) * image[2] + at[2] + first, (i * window[1] + j) * window[2] + first,
          length);
    }
}

/// What is fixed for one image: sizes, weights and where the windows lie.
struct Plan {
  Box image{};
  Box window{};
  std::vector<Box> corners;
  std::vector<float> weights;
  std::size_t rank = 3;
};

Result<Plan> MakePlan(const Tensor& input, const WindowOptions& options) {
  Plan plan;
  plan.rank = input.shape.size() - 1;
  plan.image = SpatialOf(input, 1);
  plan.window = plan.image;
  const std::vector<double>& roi = options.roi_size;
  if (roi.size() != 1 && roi.size() != plan.rank)
    return MakeError(ErrorCode::kInvalidInput, "roi_size has {} sizes for {} dimensions",
                     roi.size(), plan.rank);
  for (std::size_t i = 0; i < plan.rank; ++i) {
    const double size = roi.size() == 1 ? roi[0] : roi[i];
    if (size > 0) plan.window[3 - plan.rank + i] = static_cast<std::int64_t>(size);
  }
  std::array<std::vector<std::int64_t>, 3> starts;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    // An image smaller than the window is centred in it, as MONAI pads it.
    const std::int64_t missing = std::max<std::int64_t>(0, plan.window[axis] - plan.image[axis]);
    starts[axis] = WindowStarts(plan.image[axis] + missing, plan.window[axis], options.overlap);
    for (std::int64_t& start : starts[axis]) start -= missing / 2;
  }
  for (const std::int64_t a : starts[0])
    for (const std::int64_t b : starts[1])
      for (const std::int64_t c : starts[2]) plan.corners.push_back({a, b, c});
  plan.weights = WindowWeights(
      {plan.window.begin() + static_cast<std::ptrdiff_t>(3 - plan.rank), plan.window.end()},
      options);
  return plan;
}

Tensor CutBatch(const Tensor& input, const Plan& plan, std::size_t first, std::size_t count,
                float padding) {
  const std::int64_t channels = input.shape[0];
  const std::int64_t window_voxels = Count(plan.window);
  Tensor batch;
  batch.shape = {static_cast<std::int64_t>(count), channels};
  batch.shape.insert(batch.shape.end(),
                     plan.window.begin() + static_cast<std::ptrdiff_t>(3 - plan.rank),
                     plan.window.end());
  batch.values.assign(static_cast<std::size_t>(Tensor::Elements(batch.shape)), padding);
  for (std::size_t n = 0; n < count; ++n)
    for (std::int64_t c = 0; c < channels; ++c) {
      const float* from = input.values.data() + c * Count(plan.image);
      float* to =
          batch.values.data() + (static_cast<std::int64_t>(n) * channels + c) * window_voxels;
      ForRows(plan.image, plan.window, plan.corners[first + n],
              [&](std::int64_t in_image, std::int64_t in_window, std::int64_t length) {
                std::copy(from + in_image, from + in_image + length, to + in_window);
              });
    }
  return batch;
}

/// Weighted sum of the windows' outputs and of the weights.
struct Blend {
  Tensor sum;
  std::vector<float> weight;

  Status Add(const Tensor& output, const Plan& plan, std::size_t first, std::size_t count) {
    if (output.shape.size() != plan.rank + 2 ||
        output.shape[0] != static_cast<std::int64_t>(count) || SpatialOf(output, 2) != plan.window)
      return Error(ErrorCode::kInvalidInput,
                   "the model's output has not the size of the window; SlidingWindowInferer and "
                   "SliceInferer need it");
    const std::int64_t classes = output.shape[1];
    const std::int64_t image_voxels = Count(plan.image);
    if (sum.shape.empty()) {
      sum.shape = {classes};
      sum.shape.insert(sum.shape.end(),
                       plan.image.begin() + static_cast<std::ptrdiff_t>(3 - plan.rank),
                       plan.image.end());
      sum.values.assign(static_cast<std::size_t>(classes * image_voxels), 0.0F);
      weight.assign(static_cast<std::size_t>(image_voxels), 0.0F);
    }
    if (sum.shape[0] != classes)
      return Error(ErrorCode::kInvalidInput, "the model's number of output channels changes");
    for (std::size_t n = 0; n < count; ++n) AddWindow(output, plan, first + n, n, classes);
    return {};
  }
  void AddWindow(const Tensor& output, const Plan& plan, std::size_t corner, std::size_t n,
                 std::int64_t classes) {
    const std::int64_t window_voxels = Count(plan.window);
    for (std::int64_t k = 0; k <= classes; ++k) {
      const float* from =
          k < classes
              ? output.values.data() + (static_cast<std::int64_t>(n) * classes + k) * window_voxels
              : nullptr;
      float* to = k < classes ? sum.values.data() + k * Count(plan.image) : weight.data();
      ForRows(plan.image, plan.window, plan.corners[corner],
              [&](std::int64_t in_image, std::int64_t in_window, std::int64_t length) {
                for (std::int64_t i = 0; i < length; ++i) {
                  const float w = plan.weights[static_cast<std::size_t>(in_window + i)];
                  to[in_image + i] += from == nullptr ? w : w * from[in_window + i];
                }
              });
    }
  }
  Tensor Finish() {
    const std::size_t voxels = weight.size();
    for (std::size_t i = 0; i < sum.values.size(); ++i) sum.values[i] /= weight[i % voxels];
    return std::move(sum);
  }
};

}  // namespace

WindowOptions WindowOptions::Read(ArgumentReader& arguments) {
  WindowOptions options;
  options.roi_size = arguments.Numbers("roi_size");
  options.batch = static_cast<int>(arguments.Number("sw_batch_size", 1));
  options.overlap = arguments.Number("overlap", 0.25);
  options.gaussian = arguments.Choice("mode", "constant", {"constant", "gaussian"}) == "gaussian";
  options.sigma_scale = arguments.Number("sigma_scale", 0.125);
  options.padding_value = static_cast<float>(arguments.Number("cval", 0));
  (void)arguments.Choice("padding_mode", "constant", {"constant"});
  arguments.Ignore({"sw_device", "device", "progress", "cache_roi_weight_map", "cpu_thresh",
                    "buffer_steps", "buffer_dim", "with_coord"});
  if (options.roi_size.empty() || options.roi_size.size() > 3)
    arguments.Fail("roi_size must be 1 to 3 sizes");
  if (options.batch < 1 || options.batch > 1024)
    arguments.Fail("sw_batch_size must be from 1 to 1024");
  if (options.overlap < 0 || options.overlap >= 1)
    arguments.Fail("overlap must be at least 0 and below 1");
  if (options.sigma_scale <= 0) arguments.Fail("sigma_scale must be positive");
  return options;
}

std::vector<std::int64_t> WindowStarts(std::int64_t size, std::int64_t window, double overlap) {
  const std::int64_t interval =
      window == size
          ? window
          : std::max<std::int64_t>(
                1, static_cast<std::int64_t>(static_cast<double>(window) * (1 - overlap)));
  std::vector<std::int64_t> starts;
  for (std::int64_t start = 0;; start += interval) {
    starts.push_back(std::min(start, std::max<std::int64_t>(0, size - window)));
    if (start + window >= size) return starts;
  }
}

std::vector<float> WindowWeights(const std::vector<std::int64_t>& window,
                                 const WindowOptions& options) {
  std::vector<float> weights = {1.0F};
  for (const std::int64_t size : window) {
    std::vector<float> next;
    const double sigma = options.sigma_scale * static_cast<double>(size);
    for (const float before : weights)
      for (std::int64_t i = 0; i < size; ++i) {
        const double x = static_cast<double>(i) - 0.5 * static_cast<double>(size - 1);
        const double factor = options.gaussian ? std::exp(-x * x / (2 * sigma * sigma)) : 1.0;
        next.push_back(static_cast<float>(before * factor));
      }
    weights = std::move(next);
  }
  const float smallest = std::max(*std::min_element(weights.begin(), weights.end()), 1e-3F);
  for (float& weight : weights) weight = std::max(weight, smallest);
  return weights;
}

Result<Tensor> SlideWindows(const Tensor& input, const WindowOptions& options,
                            const EngineCall& engine, const FractionCall& progress) {
  AXIAL_ASSIGN_OR_RETURN(const Plan plan, MakePlan(input, options));
  Blend blend;
  const std::size_t total = plan.corners.size();
  for (std::size_t first = 0; first < total;) {
    const std::size_t count = std::min(total - first, static_cast<std::size_t>(options.batch));
    AXIAL_ASSIGN_OR_RETURN(const std::vector<Tensor> outputs,
                           engine(CutBatch(input, plan, first, count, options.padding_value)));
    if (outputs.empty()) return Error(ErrorCode::kInvalidInput, "the model gives no tensor");
    AXIAL_RETURN_IF_ERROR(blend.Add(outputs[0], plan, first, count));
    first += count;
    progress(static_cast<double>(first) / static_cast<double>(total));
  }
  return blend.Finish();
}

}  // namespace axial
