#include "inference/volume/grey_display.h"

#include <algorithm>
#include <cmath>

namespace axial {
Window PercentileWindow(const std::vector<float>& values, const std::vector<bool>& is_padding) {
  std::vector<float> sorted;
  sorted.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    if (is_padding.empty() || !is_padding[i]) sorted.push_back(values[i]);
  if (sorted.empty()) return {};
  const auto percentile = [&](double part) {
    const auto nth =
        sorted.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(sorted.size() - 1));
    std::nth_element(sorted.begin(), nth, sorted.end());
    return static_cast<double>(*nth);
  };
  double low = percentile(0.01);
  double high = percentile(0.99);
  if (high <= low) {  // nearly everything has one value: show the rest
    const auto [lowest, highest] = std::minmax_element(sorted.begin(), sorted.end());
    low = *lowest;
    high = *highest;
  }
  return {(low + high) / 2, std::max(high - low, 1e-6), Window::Function::kLinearExact};
}

double Window::Apply(double value) const {
  switch (function) {
    case Function::kLinear:
      if (width <= 1) return value > centre - 0.5 ? 1 : 0;
      return std::clamp((value - (centre - 0.5)) / (width - 1) + 0.5, 0.0, 1.0);
    case Function::kLinearExact:
      return std::clamp((value - centre) / width + 0.5, 0.0, 1.0);
    case Function::kSigmoid:
      return 1 / (1 + std::exp(-4 * (value - centre) / width));
  }
  return 0;
}

std::vector<std::uint8_t> GreyDisplay::Apply(const std::vector<float>& values,
                                             const std::vector<bool>& is_padding) const {
  const Window used = window ? *window : (voi ? Window{} : PercentileWindow(values, is_padding));
  std::vector<std::uint8_t> grey(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!is_padding.empty() && is_padding[i]) continue;
    const auto value = static_cast<double>(values[i]);
    const double shown =
        !window && voi ? static_cast<double>(voi->ByteAt(value)) : 255 * used.Apply(value);
    const double clamped = std::clamp(shown, 0.0, 255.0);
    grey[i] = static_cast<std::uint8_t>(std::lround(inverted ? 255 - clamped : clamped));
  }
  return grey;
}

}  // namespace axial
