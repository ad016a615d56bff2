#pragma once

#include "tests/support/phantom/chest_parameters.h"
#include "tests/support/phantom/vec3.h"

namespace axial::phantom {

/// The surfaces that bound the lungs: body, thoracic cavity, mediastinum, diaphragm.
/// All functions take a point of the undeformed body, mm.
class ChestShape {
 public:
  explicit ChestShape(const ChestParameters& chest) : chest_(chest) {}

  /// Depth below the skin along the ray from the body's axis, mm; negative outside.
  [[nodiscard]] float BodyDepth(Vec3 p) const;

  /// Depth inside the thoracic (and below the diaphragm, abdominal) cavity; negative outside.
  [[nodiscard]] float CavityDepth(Vec3 p) const;

  /// Position from the front (0) to the back (1) of the cavity.
  [[nodiscard]] float FrontToBack(Vec3 p) const;

  /// 1 right of the mediastinum, 2 left of it, 0 within it.
  [[nodiscard]] int MediastinalSide(Vec3 p) const;

  /// Height of the diaphragm at (p.x, p.y), mm.
  [[nodiscard]] float DiaphragmZ(Vec3 p) const;

  /// The vertebral body's centre in the axial plane, y, mm.
  [[nodiscard]] float SpineY() const { return chest_.spine_depth * chest_.cavity_half_depth; }

 private:
  struct Ellipse {
    float half_width, half_depth, centre_y;
  };
  [[nodiscard]] Ellipse CavityAt(float z) const;

  ChestParameters chest_;
};

}  // namespace axial::phantom
