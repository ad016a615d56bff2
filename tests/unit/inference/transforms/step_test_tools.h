#pragma once

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "inference/transforms/pipeline.h"
#include "tests/support/synthetic_series.h"

namespace axial::testing {

inline config::Argument Scalar(config::Argument::Scalar value) {
  return {{std::move(value)}, false};
}
inline config::Argument Text(const char* text) { return Scalar(std::string(text)); }
inline config::Argument List(const std::vector<double>& values) {
  return {{values.begin(), values.end()}, true};
}

using Arguments = std::map<std::string, config::Argument>;

/// Applies one preprocessing step by its name.
inline void ApplyStep(ModelImage& image, const std::string& name, Arguments arguments) {
  config::ModelCard card;
  if (image.rank == 2) card.input.kind = config::InputKind::kImage;
  card.preprocessing = {{name, std::move(arguments), 1}};
  const CompiledPipeline compiled = CompilePipeline(card);
  ASSERT_TRUE(compiled.pipeline.has_value()) << compiled.problems.front().ToString();
  const Status applied = compiled.pipeline->Preprocess(image, {2});
  ASSERT_TRUE(applied.ok()) << applied.error().message();
}

/// A volume whose voxels count up in storage order [slice][row][column].
inline Volume CountingVolume(const Geometry& geometry) {
  Volume volume{geometry, std::vector<float>(geometry.size.Voxels())};
  std::iota(volume.voxels.begin(), volume.voxels.end(), 0.0F);
  return volume;
}

/// A linear function of the position in patient space: every linear resampling must reproduce it
/// exactly inside the grid.
inline double LinearField(const Vector3& p) { return 3 * p[0] - 2 * p[1] + 0.5 * p[2] + 7; }

inline Volume LinearVolume(const Geometry& g) {
  Volume volume{g, {}};
  for (int s = 0; s < g.size.slices; ++s)
    for (int r = 0; r < g.size.rows; ++r)
      for (int c = 0; c < g.size.columns; ++c)
        volume.voxels.push_back(static_cast<float>(LinearField(g.At(s, r, c))));
  return volume;
}

/// An image [1][rows][columns].
inline ModelImage Image(int rows, int columns, std::vector<float> pixels) {
  return FromImage({rows, columns, std::move(pixels)});
}

/// Calls visit(index as doubles, position in the values of one channel) for every voxel.
template <typename Visit>
void ForEachIndex(const SpatialSize& size, Visit visit) {
  std::size_t at = 0;
  for (std::int64_t i = 0; i < size[0]; ++i)
    for (std::int64_t j = 0; j < size[1]; ++j)
      for (std::int64_t k = 0; k < size[2]; ++k)
        visit(Vector3{static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)},
              at++);
}

}  // namespace axial::testing
