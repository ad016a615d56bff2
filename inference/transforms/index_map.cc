#include "inference/transforms/index_map.h"

#include "core/base/result.h"
#include "inference/volume/vector3.h"

namespace axial {

Vector3 IndexMap::ApplyLinear(const Vector3& x) const {
  return {Dot(linear[0], x), Dot(linear[1], x), Dot(linear[2], x)};
}

Vector3 IndexMap::Apply(const Vector3& x) const { return ApplyLinear(x) + offset; }

Vector3 IndexMap::Step(int axis) const {
  const auto a = static_cast<std::size_t>(axis);
  return {linear[0][a], linear[1][a], linear[2][a]};
}

void IndexMap::SetStep(int axis, const Vector3& step) {
  for (std::size_t i = 0; i < 3; ++i) linear[i][static_cast<std::size_t>(axis)] = step[i];
}

IndexMap IndexMap::After(const IndexMap& inner) const {
  IndexMap both;
  for (int axis = 0; axis < 3; ++axis) both.SetStep(axis, ApplyLinear(inner.Step(axis)));
  both.offset = Apply(inner.offset);
  return both;
}

double IndexMap::Determinant() const { return Dot(Cross(linear[0], linear[1]), linear[2]); }

IndexMap IndexMap::Inverse() const {
  const double determinant = Determinant();
  AXIAL_INVARIANT(determinant != 0);
  IndexMap inverse;  // its columns are the cross products of the rows
  inverse.SetStep(0, (1 / determinant) * Cross(linear[1], linear[2]));
  inverse.SetStep(1, (1 / determinant) * Cross(linear[2], linear[0]));
  inverse.SetStep(2, (1 / determinant) * Cross(linear[0], linear[1]));
  inverse.offset = -1.0 * inverse.ApplyLinear(offset);
  return inverse;
}

IndexMap ToPatient(const Geometry& geometry) {
  IndexMap map;
  map.SetStep(0, geometry.column_step);
  map.SetStep(1, geometry.row_step);
  map.SetStep(2, geometry.slice_step);
  map.offset = geometry.origin;
  return map;
}

}  // namespace axial
