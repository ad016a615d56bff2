#pragma once

#include "core/base/result.h"
#include "inference/results/contours.h"
#include "inference/volume/geometry.h"

namespace axial::results {

/// Where the pixels of one source frame are in the patient (PS3.3 C.7.6.2.1.1), mm.
struct FramePlane {
  Vector3 origin{};       ///< centre of the first pixel
  Vector3 column_step{};  ///< from one column to the next
  Vector3 row_step{};     ///< from one row to the next

  [[nodiscard]] Vector3 PointAt(const ContourPoint& point) const;
  /// The place in the plane that is nearest to a point.
  [[nodiscard]] ContourPoint PlaceOf(const Vector3& point) const;
  /// From the plane, without sign.
  [[nodiscard]] double DistanceOf(const Vector3& point) const;
};

/// Error: InvalidInput, when the frame has no position, orientation and spacing that make a plane.
[[nodiscard]] Result<FramePlane> PlaneOf(const SourceFrame& frame);

}  // namespace axial::results
