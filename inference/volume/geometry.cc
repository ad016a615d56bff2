#include "inference/volume/geometry.h"

#include <cmath>

#include "inference/volume/vector3.h"

namespace axial {

Vector3 Geometry::At(double slice, double row, double column) const {
  return origin + slice * slice_step + row * row_step + column * column_step;
}

Vector3 Geometry::Normal() const { return Unit(Cross(column_step, row_step)); }

double Geometry::SliceGapMm() const { return std::abs(Dot(slice_step, Normal())); }

double Geometry::RowSpacingMm() const { return Length(row_step); }

double Geometry::ColumnSpacingMm() const { return Length(column_step); }

double Geometry::VoxelVolumeMm3() const {
  return std::abs(Dot(Cross(column_step, row_step), slice_step));
}

}  // namespace axial
