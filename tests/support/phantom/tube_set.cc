#include "tests/support/phantom/tube_set.h"

#include <algorithm>
#include <cmath>

namespace axial::phantom {
namespace {

constexpr float kCellMm = 8.0F;

int CellIndex(float value, float low) {
  return static_cast<int>(std::floor((value - low) / kCellMm));
}

}  // namespace

float DistanceToSegment(Vec3 p, Vec3 a, Vec3 b) {
  const Vec3 along = b - a;
  const float length_squared = std::max(Dot(along, along), 1e-6F);
  const float t = std::clamp(Dot(p - a, along) / length_squared, 0.0F, 1.0F);
  return Length(p - (a + along * t));
}

TubeSet::TubeSet(std::vector<Tube> tubes, float reach_mm) : tubes_(std::move(tubes)) {
  if (tubes_.empty()) return;
  low_ = {1e9F, 1e9F, 1e9F};
  Vec3 high{-1e9F, -1e9F, -1e9F};
  for (const Tube& tube : tubes_) {
    const float margin = tube.radius + reach_mm + kCellMm;
    for (const Vec3 end : {tube.from, tube.to}) {
      low_ = {std::min(low_.x, end.x - margin), std::min(low_.y, end.y - margin),
              std::min(low_.z, end.z - margin)};
      high = {std::max(high.x, end.x + margin), std::max(high.y, end.y + margin),
              std::max(high.z, end.z + margin)};
    }
  }
  nx_ = CellIndex(high.x, low_.x) + 1;
  ny_ = CellIndex(high.y, low_.y) + 1;
  nz_ = CellIndex(high.z, low_.z) + 1;
  cells_.resize(static_cast<std::size_t>(nx_) * static_cast<std::size_t>(ny_) *
                static_cast<std::size_t>(nz_));
  for (int i = 0; i < static_cast<int>(tubes_.size()); ++i) Insert(i, reach_mm);
}

void TubeSet::Insert(int index, float reach_mm) {
  const Tube& tube = tubes_[static_cast<std::size_t>(index)];
  const float reach = tube.radius + reach_mm;
  const auto range = [&](float a, float b, float low) {
    return std::pair{CellIndex(std::min(a, b) - reach, low),
                     CellIndex(std::max(a, b) + reach, low)};
  };
  const auto [x0, x1] = range(tube.from.x, tube.to.x, low_.x);
  const auto [y0, y1] = range(tube.from.y, tube.to.y, low_.y);
  const auto [z0, z1] = range(tube.from.z, tube.to.z, low_.z);
  const float half_diagonal = 0.87F * kCellMm;
  for (int z = z0; z <= z1; ++z) {
    for (int y = y0; y <= y1; ++y) {
      for (int x = x0; x <= x1; ++x) {
        const Vec3 centre = low_ + Vec3{static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F,
                                        static_cast<float>(z) + 0.5F} *
                                       kCellMm;
        if (DistanceToSegment(centre, tube.from, tube.to) > reach + half_diagonal) continue;
        cells_[static_cast<std::size_t>(CellOf(x, y, z))].push_back(index);
      }
    }
  }
}

TubeSet::Hit TubeSet::At(Vec3 p) const {
  const int x = CellIndex(p.x, low_.x), y = CellIndex(p.y, low_.y), z = CellIndex(p.z, low_.z);
  if (x < 0 || y < 0 || z < 0 || x >= nx_ || y >= ny_ || z >= nz_) return {};
  Hit best;
  for (const int index : cells_[static_cast<std::size_t>(CellOf(x, y, z))]) {
    const Tube& tube = tubes_[static_cast<std::size_t>(index)];
    const float distance = DistanceToSegment(p, tube.from, tube.to) - tube.radius;
    if (best.kind < 0 || distance < best.distance) best = {tube.kind, distance, tube.radius};
  }
  return best;
}

}  // namespace axial::phantom
