#pragma once

#include <cstdint>

#include "inference/volume/volume.h"

/// The size of a segment's surface, which lies half-way between the centres of voxels inside and
/// outside (the surface that marching cubes makes of a mask); beyond the grid is outside.
namespace axial {

/// Largest distance between two points of the surface, mm (IBSI L0JK, as PyRadiomics'
/// Maximum3DDiameter): exact, found among the points of the convex hulls of the planes of voxels.
/// 0 for a value without voxels.
[[nodiscard]] double LongestDiameterMm(const LabelMap& label_map, std::uint8_t value);

/// Area of the surface, mm2 (IBSI C0JK). It follows the steps of the voxels: of a large sphere
/// about 9 % more than the sphere has. Pixels that touch only at an edge or a corner are apart.
[[nodiscard]] double SurfaceAreaMm2(const LabelMap& label_map, std::uint8_t value);

}  // namespace axial
