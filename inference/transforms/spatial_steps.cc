#include <algorithm>
#include <cmath>

#include "inference/transforms/axis_codes.h"
#include "inference/transforms/crop_pad.h"
#include "inference/transforms/image_step.h"
#include "inference/transforms/resample.h"
#include "inference/volume/vector3.h"

namespace axial {
namespace {

/// MONAI's fall_back_tuple: one number for all dimensions; 0, negative or absent keeps the image's.
Result<SpatialSize> SizeFor(const std::vector<double>& wanted, const ModelImage& image,
                            const char* step) {
  SpatialSize size = image.Size();
  const auto rank = static_cast<std::size_t>(image.rank);
  if (wanted.size() != 1 && wanted.size() != rank)
    return MakeError(ErrorCode::kInvalidInput, "{}: {} sizes for {} dimensions", step,
                     wanted.size(), rank);
  for (std::size_t axis = 0; axis < rank; ++axis) {
    const double n = wanted.size() == 1 ? wanted[0] : wanted[axis];
    if (n > 0) size[axis] = static_cast<std::int64_t>(n);
  }
  return size;
}

std::vector<double> SizeArgument(ArgumentReader& arguments, const char* name) {
  std::vector<double> size = arguments.Numbers(name);
  if (size.empty() || size.size() > 3) arguments.Fail(std::string(name) + " must be 1 to 3 sizes");
  for (const double n : size)
    if (n != std::floor(n) || n > 1e6) arguments.Fail(std::string(name) + " must be whole numbers");
  return size;
}

class Orientation : public ImageStep {
 public:
  explicit Orientation(ArgumentReader& arguments) : axcodes_(arguments.Text("axcodes", "")) {
    arguments.OnlyBool("as_closest_canonical", false);
    arguments.Ignore({"labels"});
    if (!MovesTo(axcodes_, IndexMap{}))
      arguments.Fail("axcodes must be three letters, one each of L/R, P/A and S/I, such as RAS");
  }
  Status Apply(ModelImage& image, const StepContext& context) const override {
    const auto moves = MovesTo(axcodes_, image.ToPatient());
    AXIAL_INVARIANT(moves.has_value());
    const SpatialSize old = image.Size();
    SpatialSize size{};
    IndexMap to_old;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const AxisMove& move = (*moves)[axis];
      const auto from = static_cast<std::size_t>(move.from);
      size[axis] = old[from];
      Vector3 step{};
      step[from] = move.flip ? -1 : 1;
      to_old.SetStep(static_cast<int>(axis), step);
      if (move.flip) to_old.offset[from] = static_cast<double>(old[from] - 1);
    }
    Resample(image, size, to_old, Interpolation::kNearest, context.threads);
    return {};
  }

 private:
  std::string axcodes_;
};

/// The eight corners of a grid of that size.
std::vector<Vector3> Corners(const SpatialSize& size) {
  std::vector<Vector3> corners;
  for (int i = 0; i < 8; ++i) {
    Vector3 corner{};
    for (std::size_t axis = 0; axis < 3; ++axis)
      if ((i >> axis) & 1) corner[axis] = static_cast<double>(size[axis] - 1);
    corners.push_back(corner);
  }
  return corners;
}

class Spacing : public ImageStep {
 public:
  explicit Spacing(ArgumentReader& arguments)
      : pixdim_(arguments.Numbers("pixdim")),
        diagonal_(arguments.Bool("diagonal", false)),
        mode_(arguments.Choice("mode", "bilinear", {"bilinear", "nearest"})) {
    if (pixdim_.size() != 1 && pixdim_.size() != 3)
      arguments.Fail("pixdim must be one or three numbers, mm; -1 keeps a dimension");
    (void)arguments.Choice("padding_mode", "border", {"border"});
    arguments.OnlyBool("scale_extent", false);
    arguments.OnlyBool("recompute_affine", false);
    arguments.OnlyBool("ensure_same_shape", true);
    arguments.Ignore({"align_corners"});  // voxel centres are matched exactly either way
  }
  Status Apply(ModelImage& image, const StepContext& context) const override {
    const IndexMap old = image.ToPatient();
    IndexMap next = Scaled(old);
    SpatialSize size = Place(old, image.Size(), next);
    AXIAL_RETURN_IF_ERROR(CheckImageSize(image.Channels(), size));
    const auto mode = mode_ == "nearest" ? Interpolation::kNearest : Interpolation::kLinear;
    Resample(image, size, old.Inverse().After(next), mode, context.threads);
    return {};
  }

 private:
  /// Axes made perpendicular in order, each of the wanted length: MONAI's zoom_affine. This is what
  /// takes the shear out of a gantry-tilted stack.
  /// `diagonal`: along the patient's axes instead, growing to R, A and S, whatever the old ones
  /// were.
  [[nodiscard]] IndexMap Scaled(const IndexMap& old) const {
    IndexMap next;
    std::vector<Vector3> axes;
    constexpr double kRasInLps[3] = {-1, -1, 1};
    for (int axis = 0; axis < 3; ++axis) {
      Vector3 direction = old.Step(axis);
      for (const Vector3& done : axes) direction = direction - Dot(direction, done) * done;
      axes.push_back(Unit(direction));
      if (diagonal_) {
        axes.back() = {};
        axes.back()[static_cast<std::size_t>(axis)] = kRasInLps[axis];
      }
      const double wanted = pixdim_[pixdim_.size() == 1 ? 0 : static_cast<std::size_t>(axis)];
      next.SetStep(axis, (wanted > 0 ? wanted : Length(old.Step(axis))) * axes.back());
    }
    return next;
  }
  /// Size and offset of the new grid so that it covers the old: MONAI's compute_shape_offset. A
  /// corner of the old that is lowest along every new axis becomes the first voxel; when there is
  /// none (sheared or turned grids) the centres coincide.
  static SpatialSize Place(const IndexMap& old, const SpatialSize& old_size, IndexMap& next) {
    const IndexMap to_next = next.Inverse().After(old);
    Vector3 low = to_next.Apply({0, 0, 0});
    Vector3 high = low;
    for (const Vector3& corner : Corners(old_size)) {
      const Vector3 at = to_next.Apply(corner);
      for (std::size_t axis = 0; axis < 3; ++axis) {
        low[axis] = std::min(low[axis], at[axis]);
        high[axis] = std::max(high[axis], at[axis]);
      }
    }
    SpatialSize size{};
    Vector3 middle{};
    Vector3 old_middle{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      size[axis] = std::max<std::int64_t>(1, std::llrint(high[axis] - low[axis]) + 1);
      middle[axis] = 0.5 * static_cast<double>(size[axis] - 1);
      old_middle[axis] = 0.5 * static_cast<double>(old_size[axis] - 1);
    }
    next.offset = old.Apply(old_middle) - next.ApplyLinear(middle);
    constexpr double kSame = 1e-6;
    for (const Vector3& corner : Corners(old_size))
      if (Length(to_next.Apply(corner) - low) < kSame) next.offset = old.Apply(corner);
    return size;
  }

  std::vector<double> pixdim_;
  bool diagonal_;
  std::string mode_;
};

class Resize : public ImageStep {
 public:
  explicit Resize(ArgumentReader& arguments)
      : size_(SizeArgument(arguments, "spatial_size")),
        longest_(arguments.Choice("size_mode", "all", {"all", "longest"}) == "longest"),
        mode_(arguments.Choice("mode", "area", {"area", "bilinear", "trilinear"})) {
    arguments.OnlyBool("align_corners", false);
    arguments.OnlyBool("anti_aliasing", false);
    arguments.Ignore({"anti_aliasing_sigma"});
    if (longest_ && size_.size() != 1) arguments.Fail("size_mode longest needs one spatial_size");
  }
  Status Apply(ModelImage& image, const StepContext& context) const override {
    const SpatialSize old = image.Size();
    AXIAL_ASSIGN_OR_RETURN(SpatialSize size, SizeFor(size_, image, "Resized"));
    if (longest_) {
      const auto longest = static_cast<double>(*std::max_element(old.begin(), old.end()));
      for (std::size_t axis = 0; axis < static_cast<std::size_t>(image.rank); ++axis)
        size[axis] = std::max<std::int64_t>(
            1, std::llrint(static_cast<double>(old[axis]) * size_[0] / longest));
    }
    AXIAL_RETURN_IF_ERROR(CheckImageSize(image.Channels(), size));
    IndexMap to_old;  // pixel areas coincide, not pixel centres
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double scale = static_cast<double>(old[axis]) / static_cast<double>(size[axis]);
      to_old.linear[axis][axis] = scale;
      to_old.offset[axis] = 0.5 * scale - 0.5;
    }
    if (mode_ != "area") {
      Resample(image, size, to_old, Interpolation::kLinear, context.threads);
      return {};
    }
    std::vector<float> values = std::move(image.data.values);
    std::int64_t before = image.Channels();
    for (std::size_t axis = 0; axis < 3; ++axis) {
      std::int64_t after = 1;
      for (std::size_t later = axis + 1; later < 3; ++later) after *= old[later];
      values = Average(values, before, old[axis], size[axis], after);
      before *= size[axis];
    }
    image.Replace(std::move(values), image.Channels(), size, to_old);
    return {};
  }

 private:
  /// Means along the middle dimension of [before][n][after]: torch's "area", adaptive averaging.
  static std::vector<float> Average(const std::vector<float>& in, std::int64_t before,
                                    std::int64_t n, std::int64_t m, std::int64_t after) {
    std::vector<float> out(static_cast<std::size_t>(before * m * after), 0.0F);
    for (std::int64_t b = 0; b < before; ++b)
      for (std::int64_t i = 0; i < m; ++i) {
        const std::int64_t first = i * n / m;
        const std::int64_t end = ((i + 1) * n + m - 1) / m;
        float* to = &out[static_cast<std::size_t>((b * m + i) * after)];
        for (std::int64_t k = first; k < end; ++k)
          for (std::int64_t a = 0; a < after; ++a)
            to[a] += in[static_cast<std::size_t>((b * n + k) * after + a)];
        for (std::int64_t a = 0; a < after; ++a) to[a] /= static_cast<float>(end - first);
      }
    return out;
  }

  std::vector<double> size_;
  bool longest_;
  std::string mode_;
};

class CropForeground : public ImageStep {
 public:
  explicit CropForeground(ArgumentReader& arguments)
      : margin_(arguments.Numbers("margin")),
        divisor_(std::max(1.0, arguments.Number("k_divisible", 1))),
        allow_smaller_(arguments.Bool("allow_smaller", true)) {
    if (margin_.size() > 3) arguments.Fail("margin must be one number or one per dimension");
    (void)arguments.Choice("mode", "constant", {"constant"});
    arguments.Ignore({"source_key", "select_fn", "channel_indices", "start_coord_key",
                      "end_coord_key", "return_coords"});
  }
  Status Apply(ModelImage& image, const StepContext&) const override {
    SpatialSize low = image.Size();
    SpatialSize high = {0, 0, 0};  // one past the last
    FindForeground(image, low, high);
    if (high[0] == 0) return {};  // nothing above zero: there is nothing to crop to
    SpatialSize size = image.Size();
    SpatialSize begin{};
    for (std::size_t axis = 0; axis < static_cast<std::size_t>(image.rank); ++axis) {
      const std::int64_t margin = MarginOf(axis);
      std::int64_t first = low[axis] - margin;
      std::int64_t end = high[axis] + margin;
      if (allow_smaller_) {
        first = std::max<std::int64_t>(first, 0);
        end = std::min(end, size[axis]);
      }
      const auto k = static_cast<std::int64_t>(divisor_);
      const std::int64_t whole = (end - first + k - 1) / k * k;
      begin[axis] = first - (whole - (end - first)) / 2;
      size[axis] = whole;
    }
    return CropOrPad(image, begin, size, 0);
  }

 private:
  [[nodiscard]] std::int64_t MarginOf(std::size_t axis) const {
    if (margin_.empty()) return 0;
    return static_cast<std::int64_t>(margin_[std::min(axis, margin_.size() - 1)]);
  }
  static void FindForeground(const ModelImage& image, SpatialSize& low, SpatialSize& high) {
    const SpatialSize size = image.Size();
    const float* value = image.data.values.data();
    for (std::int64_t c = 0; c < image.Channels(); ++c)
      for (std::int64_t i = 0; i < size[0]; ++i)
        for (std::int64_t j = 0; j < size[1]; ++j)
          for (std::int64_t k = 0; k < size[2]; ++k)
            if (*value++ > 0) {
              const SpatialSize at = {i, j, k};
              for (std::size_t axis = 0; axis < 3; ++axis) {
                low[axis] = std::min(low[axis], at[axis]);
                high[axis] = std::max(high[axis], at[axis] + 1);
              }
            }
  }

  std::vector<double> margin_;
  double divisor_;
  bool allow_smaller_;
};

enum class Fit { kPadOnly, kCropOnly, kBoth };

/// SpatialPadd, CenterSpatialCropd and ResizeWithPadOrCropd: one centred box each.
template <Fit fit>
class CentredBox : public ImageStep {
 public:
  explicit CentredBox(ArgumentReader& arguments)
      : size_(SizeArgument(arguments, fit == Fit::kCropOnly ? "roi_size" : "spatial_size")),
        value_(
            static_cast<float>(arguments.Number("value", arguments.Number("constant_values", 0)))) {
    if constexpr (fit != Fit::kCropOnly) {
      at_end_ = arguments.Choice("method", "symmetric", {"symmetric", "end"}) == "end";
      (void)arguments.Choice("mode", "constant", {"constant"});
    }
  }
  Status Apply(ModelImage& image, const StepContext&) const override {
    AXIAL_ASSIGN_OR_RETURN(const SpatialSize wanted, SizeFor(size_, image, "size"));
    SpatialSize size = image.Size();
    SpatialSize begin{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const std::int64_t more = wanted[axis] - size[axis];
      if (more > 0 && fit != Fit::kCropOnly) {
        begin[axis] = at_end_ ? 0 : -(more / 2);
        size[axis] = wanted[axis];
      } else if (more < 0 && fit != Fit::kPadOnly) {
        begin[axis] = size[axis] / 2 - wanted[axis] / 2;
        size[axis] = wanted[axis];
      }
    }
    return CropOrPad(image, begin, size, value_);
  }

 private:
  std::vector<double> size_;
  float value_;
  bool at_end_ = false;
};

class DivisiblePad : public ImageStep {
 public:
  explicit DivisiblePad(ArgumentReader& arguments)
      : k_(SizeArgument(arguments, "k")),
        at_end_(arguments.Choice("method", "symmetric", {"symmetric", "end"}) == "end") {
    (void)arguments.Choice("mode", "constant", {"constant"});
  }
  Status Apply(ModelImage& image, const StepContext&) const override {
    SpatialSize size = image.Size();
    SpatialSize begin{};
    for (std::size_t axis = 0; axis < static_cast<std::size_t>(image.rank); ++axis) {
      const auto k = static_cast<std::int64_t>(k_[std::min(axis, k_.size() - 1)]);
      if (k < 2) continue;
      const std::int64_t more = (k - size[axis] % k) % k;
      begin[axis] = at_end_ ? 0 : -(more / 2);
      size[axis] += more;
    }
    return CropOrPad(image, begin, size, 0);
  }

 private:
  std::vector<double> k_;
  bool at_end_;
};

template <typename T>
std::unique_ptr<ImageStep> Make(ArgumentReader& arguments) {
  return std::make_unique<T>(arguments);
}

}  // namespace

const std::vector<ImageStepKind>& SpatialSteps() {
  static const std::vector<ImageStepKind> steps = {
      {"Orientationd", Make<Orientation>, true},
      {"Spacingd", Make<Spacing>, true},
      {"Resized", Make<Resize>, false},
      {"CropForegroundd", Make<CropForeground>, false},
      {"SpatialPadd", Make<CentredBox<Fit::kPadOnly>>, false},
      {"CenterSpatialCropd", Make<CentredBox<Fit::kCropOnly>>, false},
      {"ResizeWithPadOrCropd", Make<CentredBox<Fit::kBoth>>, false},
      {"DivisiblePadd", Make<DivisiblePad>, false},
  };
  return steps;
}

}  // namespace axial
