#pragma once

#include <string>
#include <vector>

#include "tests/support/phantom/acquisition.h"
#include "tests/support/phantom/phantom_options.h"

namespace axial::phantom {

/// What the truth says about one label.
struct LabelTruth {
  int label = 0;
  std::string name;
  std::int64_t voxels = 0;
  double volume_mm3 = 0.0;
  double mean = 0.0;  ///< Of the image's values under the label.
};

/// An imaged phantom, before any file format. A radiograph has one slice and no truth labels.
struct PhantomImage {
  VoxelImage image;
  float slice_thickness_mm = 0.0F;
  float padding = 0.0F;      ///< Value outside the circular field of view.
  bool has_padding = false;  ///< Whether any voxel lies outside it.
  ChestView view = ChestView::kPosteroAnterior;
};

/// Builds the body, places the grid and images it. The same options give the same image.
[[nodiscard]] PhantomImage MakePhantomImage(const PhantomOptions& options);

/// Counts, volume and mean of each label that the kind of phantom has.
[[nodiscard]] std::vector<LabelTruth> MeasureTruth(PhantomKind kind, const VoxelImage& image);

}  // namespace axial::phantom
