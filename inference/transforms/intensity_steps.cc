#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "inference/transforms/image_step.h"

namespace axial {
namespace {

/// The values in pieces that are treated independently: per channel, or all at once.
std::vector<std::span<float>> Pieces(ModelImage& image, bool channel_wise) {
  std::vector<std::span<float>> pieces;
  const std::span<float> all(image.data.values);
  if (!channel_wise) return {all};
  const auto size = static_cast<std::size_t>(image.VoxelsPerChannel());
  for (std::size_t at = 0; at < all.size(); at += size) pieces.push_back(all.subspan(at, size));
  return pieces;
}

/// Maps [from_low, from_high] linearly to [to_low, to_high].
struct LinearMap {
  double from_low = 0;
  double from_high = 1;
  std::optional<double> to_low;
  std::optional<double> to_high;
  bool clip = false;

  void Apply(std::span<float> values) const {
    const double range = from_high - from_low;
    // MONAI: a range of zero shifts only.
    const double scale = range == 0 ? 1 : 1 / range;
    const bool stretch = to_low && to_high && range != 0;
    const double factor = stretch ? scale * (*to_high - *to_low) : scale;
    const double shift = to_low && (stretch || range == 0) ? *to_low : 0;
    for (float& value : values) {
      double mapped = (value - from_low) * factor + shift;
      if (clip && to_low) mapped = std::max(mapped, *to_low);
      if (clip && to_high) mapped = std::min(mapped, *to_high);
      value = static_cast<float>(mapped);
    }
  }
};

/// Quantile with linear interpolation between order statistics, as numpy and torch compute it.
double Percentile(std::span<const float> values, double percent) {
  std::vector<float> sorted(values.begin(), values.end());
  const double rank = percent / 100 * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::ptrdiff_t>(std::floor(rank));
  std::nth_element(sorted.begin(), sorted.begin() + low, sorted.end());
  const double below = sorted[static_cast<std::size_t>(low)];
  if (static_cast<std::size_t>(low) + 1 >= sorted.size()) return below;
  const double above = *std::min_element(sorted.begin() + low + 1, sorted.end());
  return below + (rank - static_cast<double>(low)) * (above - below);
}

class ScaleIntensityRange : public ImageStep {
 public:
  explicit ScaleIntensityRange(ArgumentReader& arguments) {
    map_.from_low = arguments.RequiredNumber("a_min");
    map_.from_high = arguments.RequiredNumber("a_max");
    map_.to_low = arguments.Number("b_min");
    map_.to_high = arguments.Number("b_max");
    map_.clip = arguments.Bool("clip", false);
    if (map_.from_low >= map_.from_high) arguments.Fail("a_min must be below a_max");
  }
  Status Apply(ModelImage& image, const StepContext&) const override {
    map_.Apply(image.data.values);
    return {};
  }

 private:
  LinearMap map_;
};

class ScaleIntensity : public ImageStep {
 public:
  explicit ScaleIntensity(ArgumentReader& arguments)
      : low_(arguments.Number("minv", 0)),
        high_(arguments.Number("maxv", 1)),
        factor_(arguments.Number("factor")),
        channel_wise_(arguments.Bool("channel_wise", false)) {}
  Status Apply(ModelImage& image, const StepContext&) const override {
    for (const std::span<float> piece : Pieces(image, channel_wise_)) {
      if (factor_) {
        for (float& value : piece) value = static_cast<float>(value * (1 + *factor_));
        continue;
      }
      const auto [low, high] = std::minmax_element(piece.begin(), piece.end());
      if (*low == *high) {
        for (float& value : piece) value = static_cast<float>(value * low_);
        continue;
      }
      LinearMap{*low, *high, low_, high_, false}.Apply(piece);
    }
    return {};
  }

 private:
  double low_;
  double high_;
  std::optional<double> factor_;
  bool channel_wise_;
};

class ScaleIntensityRangePercentiles : public ImageStep {
 public:
  explicit ScaleIntensityRangePercentiles(ArgumentReader& arguments)
      : lower_(arguments.RequiredNumber("lower")),
        upper_(arguments.RequiredNumber("upper")),
        low_(arguments.Number("b_min")),
        high_(arguments.Number("b_max")),
        clip_(arguments.Bool("clip", false)),
        relative_(arguments.Bool("relative", false)),
        channel_wise_(arguments.Bool("channel_wise", false)) {
    if (lower_ < 0 || upper_ > 100 || lower_ >= upper_)
      arguments.Fail("lower and upper must be percentiles, lower below upper");
    if (relative_ && (!low_ || !high_)) arguments.Fail("relative needs b_min and b_max");
  }
  Status Apply(ModelImage& image, const StepContext&) const override {
    for (const std::span<float> piece : Pieces(image, channel_wise_)) {
      LinearMap map{Percentile(piece, lower_), Percentile(piece, upper_), low_, high_, clip_};
      if (relative_) {
        map.to_low = (*high_ - *low_) * (lower_ / 100) + *low_;
        map.to_high = (*high_ - *low_) * (upper_ / 100) + *low_;
      }
      map.Apply(piece);
    }
    return {};
  }

 private:
  double lower_;
  double upper_;
  std::optional<double> low_;
  std::optional<double> high_;
  bool clip_;
  bool relative_;
  bool channel_wise_;
};

class NormalizeIntensity : public ImageStep {
 public:
  explicit NormalizeIntensity(ArgumentReader& arguments)
      : subtrahend_(arguments.Numbers("subtrahend")),
        divisor_(arguments.Numbers("divisor")),
        nonzero_(arguments.Bool("nonzero", false)),
        channel_wise_(arguments.Bool("channel_wise", false)) {
    if (!channel_wise_ && (subtrahend_.size() > 1 || divisor_.size() > 1))
      arguments.Fail("several values need channel_wise: true");
  }
  Status Apply(ModelImage& image, const StepContext&) const override {
    const std::vector<std::span<float>> pieces = Pieces(image, channel_wise_);
    for (const std::vector<double>* given : {&subtrahend_, &divisor_})
      if (!given->empty() && given->size() != pieces.size())
        return MakeError(ErrorCode::kInvalidInput, "NormalizeIntensityd: {} values for {} channels",
                         given->size(), pieces.size());
    for (std::size_t i = 0; i < pieces.size(); ++i) Normalize(pieces[i], i);
    return {};
  }

 private:
  void Normalize(std::span<float> piece, std::size_t index) const {
    double sum = 0;
    double squares = 0;
    std::size_t count = 0;
    for (const float value : piece) {
      if (nonzero_ && value == 0) continue;
      sum += value;
      squares += static_cast<double>(value) * value;
      ++count;
    }
    if (count == 0) return;
    const double mean = sum / static_cast<double>(count);
    const double variance = std::max(0.0, squares / static_cast<double>(count) - mean * mean);
    const double subtract = subtrahend_.empty() ? mean : subtrahend_[index];
    double divide = divisor_.empty() ? std::sqrt(variance) : divisor_[index];
    if (divide == 0) divide = 1;
    for (float& value : piece)
      if (!nonzero_ || value != 0) value = static_cast<float>((value - subtract) / divide);
  }

  std::vector<double> subtrahend_;
  std::vector<double> divisor_;
  bool nonzero_;
  bool channel_wise_;
};

/// A step that loads, moves or casts: already done by the time the list is applied.
class Nothing : public ImageStep {
 public:
  explicit Nothing(ArgumentReader& arguments) {
    arguments.Ignore({"reader", "image_only", "ensure_channel_first", "channel_dim", "device",
                      "data_type", "track_meta", "strict_check", "simple_keys",
                      "prune_meta_pattern", "prune_meta_sep", "overwriting", "expanduser",
                      "wrap_sequence"});
  }
  Status Apply(ModelImage&, const StepContext&) const override { return {}; }
};

template <typename T>
std::unique_ptr<ImageStep> Make(ArgumentReader& arguments) {
  return std::make_unique<T>(arguments);
}

}  // namespace

const std::vector<ImageStepKind>& IntensitySteps() {
  static const std::vector<ImageStepKind> steps = {
      {"ScaleIntensityRanged", Make<ScaleIntensityRange>, false},
      {"ScaleIntensityd", Make<ScaleIntensity>, false},
      {"ScaleIntensityRangePercentilesd", Make<ScaleIntensityRangePercentiles>, false},
      {"NormalizeIntensityd", Make<NormalizeIntensity>, false},
      {"LoadImaged", Make<Nothing>, false},
      {"EnsureChannelFirstd", Make<Nothing>, false},
      {"EnsureTyped", Make<Nothing>, false},
      {"CastToTyped", Make<Nothing>, false},
      {"ToTensord", Make<Nothing>, false},
  };
  return steps;
}

}  // namespace axial
