#include "inference/results/frame_plane.h"

#include <cmath>

#include "inference/results/written_object.h"
#include "inference/volume/vector3.h"

namespace axial::results {

Vector3 FramePlane::PointAt(const ContourPoint& point) const {
  return origin + (point.column - 0.5) * column_step + (point.row - 0.5) * row_step;
}

ContourPoint FramePlane::PlaceOf(const Vector3& point) const {
  const Vector3 offset = point - origin;
  const double cc = Dot(column_step, column_step);
  const double cr = Dot(column_step, row_step);  // 0 but for rounding
  const double rr = Dot(row_step, row_step);
  const double c = Dot(offset, column_step);
  const double r = Dot(offset, row_step);
  const double determinant = cc * rr - cr * cr;
  return {(c * rr - r * cr) / determinant + 0.5, (r * cc - c * cr) / determinant + 0.5};
}

double FramePlane::DistanceOf(const Vector3& point) const {
  return std::abs(Dot(point - origin, Unit(Cross(column_step, row_step))));
}

Result<FramePlane> PlaneOf(const SourceFrame& frame) {
  const std::vector<double> origin = NumbersOf(frame.image_position_patient);
  const std::vector<double> axes = NumbersOf(frame.image_orientation_patient);
  const std::vector<double> spacing = NumbersOf(frame.pixel_spacing);
  if (origin.size() == 3 && axes.size() == 6 && spacing.size() == 2) {
    const FramePlane plane{{origin[0], origin[1], origin[2]},
                           spacing[1] * Vector3{axes[0], axes[1], axes[2]},
                           spacing[0] * Vector3{axes[3], axes[4], axes[5]}};
    if (Length(Cross(plane.column_step, plane.row_step)) > 0) return plane;
  }
  return MakeError(ErrorCode::kInvalidInput, "frame {} of {} has no place in the patient",
                   frame.frame_number, frame.sop_instance_uid.str());
}

}  // namespace axial::results
