#pragma once

#include <cstdint>
#include <vector>

#include "inference/volume/geometry.h"
#include "inference/volume/source_series.h"

namespace axial {

/// Voxels on a regular grid in modality units (HU for CT, PS3.3 C.11.1).
struct Volume {
  Geometry geometry;
  std::vector<float> voxels;  ///< [slice][row][column], geometry.size.Voxels() values
};

/// Label values on the source grid; 0 is background.
struct LabelMap {
  Geometry geometry;
  std::vector<std::uint8_t>
      labels;  ///< [slice][row][column]; slice i belongs to SourceSeries::frames[i]
  /// The model's label of each value, for models with labels above 255; empty: the value itself.
  std::vector<int> model_labels = {};
};

}  // namespace axial
