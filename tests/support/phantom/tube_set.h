#pragma once

#include <vector>

#include "tests/support/phantom/vec3.h"

namespace axial::phantom {

/// A straight tube with round ends.
struct Tube {
  Vec3 from;
  Vec3 to;
  float radius = 1.0F;
  int kind = 0;  ///< The owner's meaning.
};

/// Many tubes, found by position through a grid of cells.
class TubeSet {
 public:
  /// The tube in which a point is deepest.
  struct Hit {
    int kind = -1;          ///< -1: no tube near.
    float distance = 0.0F;  ///< To the tube's surface, mm; negative inside.
    float radius = 0.0F;
  };

  /// Tubes are found up to `reach_mm` from their surface.
  TubeSet(std::vector<Tube> tubes, float reach_mm);

  [[nodiscard]] Hit At(Vec3 p) const;

 private:
  [[nodiscard]] int CellOf(int x, int y, int z) const { return (z * ny_ + y) * nx_ + x; }
  void Insert(int index, float reach_mm);

  std::vector<Tube> tubes_;
  std::vector<std::vector<int>> cells_;
  Vec3 low_;
  int nx_ = 0;
  int ny_ = 0;
  int nz_ = 0;
};

/// Distance from p to the line segment a..b, mm.
[[nodiscard]] float DistanceToSegment(Vec3 p, Vec3 a, Vec3 b);

}  // namespace axial::phantom
