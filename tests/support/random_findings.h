#pragma once

#include <cstdint>

#include "config/model_card.h"
#include "inference/findings/findings.h"

/// Findings of any shape, the same for the same seed, for properties that must hold for all.
namespace axial::testing {

struct RandomFindings {
  int segments = 3;  ///< those without a voxel are left out
  bool overlap = false;
  bool probabilities = false;
  std::uint32_t seed = 1;
};

/// A card with that many segments, labels from 1.
[[nodiscard]] config::ModelCard CardWithSegments(int segments);

/// Ragged segments that are missing on some slices; without `overlap` no two share a voxel,
/// whatever layers they are on.
[[nodiscard]] Findings MakeRandomFindings(const SourceSeries& source, const config::ModelCard& card,
                                          const RandomFindings& options);

}  // namespace axial::testing
