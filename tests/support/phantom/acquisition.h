#pragma once

#include <cstdint>
#include <vector>

#include "tests/support/phantom/anatomy.h"
#include "tests/support/phantom/vec3.h"

namespace axial::phantom {

/// Where the voxels lie: the centre of voxel (slice, row, column) is
/// origin + slice*slice_step + row*row_spacing_mm*down + column*column_spacing_mm*across.
/// slice_step need not be along Cross(across, down): a tilted gantry shears the stack.
struct VoxelGrid {
  int slices = 0;
  int rows = 0;
  int columns = 0;
  Vec3 origin;               ///< mm, LPS.
  Vec3 across{1, 0, 0};      ///< Unit: direction of growing column index (first half of IOP).
  Vec3 down{0, 1, 0};        ///< Unit: direction of growing row index (second half of IOP).
  Vec3 slice_step{0, 0, 1};  ///< mm per slice.
  float row_spacing_mm = 1.0F;
  float column_spacing_mm = 1.0F;

  [[nodiscard]] Vec3 At(float slice, float row, float column) const {
    return origin + slice_step * slice + down * (row * row_spacing_mm) +
           across * (column * column_spacing_mm);
  }
  [[nodiscard]] double VoxelVolumeMm3() const;

  /// Moves the origin so that `centre` is the middle of the grid.
  void CentreOn(Vec3 centre);
};

/// How the machine sees the body.
struct Scanner {
  float slice_thickness_mm = 3.0F;
  float detail_mm = 0.0F;     ///< In-plane width averaged by one voxel; 0: the voxel spacing.
  int samples_per_voxel = 2;  ///< Sample points averaged per voxel (1, 2, 4 or 8).
  float blur_voxels = 0.0F;   ///< In-plane Gaussian blur, standard deviation in voxels.
  float sharpen = 0.0F;       ///< Edge enhancement of a sharp kernel, 0 to 1.
  float noise = 12.0F;        ///< Standard deviation.
  float noise_blur_voxels = 0.6F;
  float field_radius_mm = 0.0F;  ///< Circular field of view around the grid's axis; 0: none.
  float padding = -1024.0F;      ///< Value outside the circular field.
  float low = -1024.0F;          ///< Values are clipped to [low, high] (not the padding).
  float high = 3071.0F;
  std::uint64_t seed = 1;
};

/// Voxels and truth, [slice][row][column].
struct VoxelImage {
  VoxelGrid grid;
  std::vector<float> values;
  std::vector<std::uint8_t> labels;
};

/// Images the anatomy. The truth is the label at the voxel's centre; 0 outside the field of view.
/// The same arguments give the same image, whatever the number of threads (1 to `threads`).
[[nodiscard]] VoxelImage Acquire(const Anatomy& anatomy, const VoxelGrid& grid,
                                 const Scanner& scanner, int threads = 2);

}  // namespace axial::phantom
