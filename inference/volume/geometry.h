#pragma once

#include <array>
#include <cstddef>

namespace axial {

/// A position or a direction in the patient coordinate system: LPS, mm (PS3.3 C.7.6.2.1.1).
using Vector3 = std::array<double, 3>;

/// Sizes in voxels, in storage order: [slice][row][column].
struct GridSize {
  int slices = 0;
  int rows = 0;
  int columns = 0;

  [[nodiscard]] std::size_t Voxels() const {
    return static_cast<std::size_t>(slices) * static_cast<std::size_t>(rows) *
           static_cast<std::size_t>(columns);
  }
  bool operator==(const GridSize&) const = default;
};

/// A regular, possibly sheared voxel grid in patient space. The centre of voxel (s, r, c) is
/// origin + s*slice_step + r*row_step + c*column_step (mm, LPS). A gantry-tilted stack has a
/// slice_step that is not parallel to the normal of its planes.
struct Geometry {
  GridSize size;
  Vector3 origin{};       ///< centre of the first voxel: Image Position (Patient) of slice 0
  Vector3 column_step{};  ///< from one column to the next: along the row
  Vector3 row_step{};     ///< from one row to the next: down the column
  Vector3 slice_step{};   ///< from one slice to the next

  [[nodiscard]] Vector3 At(double slice, double row, double column) const;
  /// Unit normal of the planes: cross product of the row and column directions.
  [[nodiscard]] Vector3 Normal() const;
  /// Distance of neighbouring planes along the normal, mm.
  [[nodiscard]] double SliceGapMm() const;
  [[nodiscard]] double RowSpacingMm() const;     ///< between rows: first value of Pixel Spacing
  [[nodiscard]] double ColumnSpacingMm() const;  ///< between columns: second value
  [[nodiscard]] double VoxelVolumeMm3() const;   ///< absolute value of the determinant
};

}  // namespace axial
