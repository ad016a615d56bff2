#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "inference/volume/lookup_table.h"

// Heavy (DCMTK): only for .cc files.
namespace axial {

/// A window (PS3.3 C.11.2.1.2).
struct Window {
  enum class Function { kLinear, kLinearExact, kSigmoid };

  double centre = 0;
  double width = 1;
  Function function = Function::kLinear;

  /// 0..1.
  [[nodiscard]] double Apply(double value) const;
};

/// From the 1st to the 99th percentile of the values, without padding (`is_padding` empty: none).
[[nodiscard]] Window PercentileWindow(const std::vector<float>& values,
                                      const std::vector<bool>& is_padding);

/// How modality values become grey.
struct GreyDisplay {
  std::optional<Window> window;
  std::optional<LookupTable> voi;  ///< used when there is no window
  bool inverted = false;           ///< MONOCHROME1 or Presentation LUT Shape INVERSE

  /// Grey per value. With neither window nor table, a window from the 1st to the 99th percentile of
  /// the values; padding (`is_padding` empty: none) takes no part in it and becomes black.
  [[nodiscard]] std::vector<std::uint8_t> Apply(const std::vector<float>& values,
                                                const std::vector<bool>& is_padding) const;
};

}  // namespace axial
