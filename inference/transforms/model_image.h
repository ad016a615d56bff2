#pragma once

#include <array>
#include <cstdint>

#include "inference/transforms/index_map.h"
#include "inference/volume/load_series.h"
#include "inference/volume/tensor.h"
#include "inference/volume/volume.h"

namespace axial {

/// Sizes of the (up to three) spatial dimensions; unused ones are 1.
using SpatialSize = std::array<std::int64_t, 3>;

/// What the transforms work on: values and where each comes from.
///
/// A volume starts as [1][column][row][slice], the way ITK and NIfTI readers hand it to MONAI; an
/// image as [1][row][column]. Every spatial step keeps `to_source` true, so that the way back to
/// the source grid is one exact map, whatever the steps were.
struct ModelImage {
  Tensor data;                 ///< [channel][dim 0][dim 1]([dim 2])
  int rank = 3;                ///< number of spatial dimensions: 3, or 2 for an image
  IndexMap to_source;          ///< index (dim 0, dim 1, dim 2) -> source index (column, row, slice)
  IndexMap source_to_patient;  ///< source index -> LPS mm; identity without geometry

  [[nodiscard]] SpatialSize Size() const;
  [[nodiscard]] std::int64_t Channels() const { return data.shape.front(); }
  [[nodiscard]] std::int64_t VoxelsPerChannel() const;
  /// Index -> LPS mm.
  [[nodiscard]] IndexMap ToPatient() const { return source_to_patient.After(to_source); }
  /// Replaces the values; `to_old`: new index -> old index.
  void Replace(std::vector<float> values, std::int64_t channels, const SpatialSize& size,
               const IndexMap& to_old);
};

[[nodiscard]] ModelImage FromVolume(const Volume& volume);
[[nodiscard]] ModelImage FromImage(const Image2D& image);

}  // namespace axial
