#pragma once

#include <array>

#include "inference/volume/geometry.h"

namespace axial {

/// An affine map between voxel indices, or from voxel indices to patient space: y = linear*x +
/// offset.
struct IndexMap {
  std::array<Vector3, 3> linear = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};  ///< rows of the matrix
  Vector3 offset{};

  [[nodiscard]] Vector3 Apply(const Vector3& x) const;
  /// The direction part alone.
  [[nodiscard]] Vector3 ApplyLinear(const Vector3& x) const;
  /// Column `axis` of the matrix: the step when index `axis` grows by one.
  [[nodiscard]] Vector3 Step(int axis) const;
  void SetStep(int axis, const Vector3& step);

  /// First `inner`, then this.
  [[nodiscard]] IndexMap After(const IndexMap& inner) const;
  /// The map must be regular; the grids of real images are.
  [[nodiscard]] IndexMap Inverse() const;
  [[nodiscard]] double Determinant() const;
};

/// From (column, row, slice) to LPS mm.
[[nodiscard]] IndexMap ToPatient(const Geometry& geometry);

}  // namespace axial
