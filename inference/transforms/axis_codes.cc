#include "inference/transforms/axis_codes.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "inference/volume/vector3.h"

namespace axial {
namespace {

/// LPS: the first letter is where the coordinate grows to.
constexpr const char* kLetters[3] = {"LR", "PA", "SI"};

/// The patient axis nearest to each index axis, one to one. The clearest index axis chooses first.
std::array<AxisMove, 3> NearestAxes(const IndexMap& to_patient) {
  std::array<Vector3, 3> directions;
  for (int axis = 0; axis < 3; ++axis)
    directions[static_cast<std::size_t>(axis)] = Unit(to_patient.Step(axis));
  const auto clarity = [&](std::size_t axis) {
    double best = 0;
    for (const double component : directions[axis]) best = std::max(best, std::abs(component));
    return best;
  };
  std::array<std::size_t, 3> order = {0, 1, 2};
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return clarity(a) > clarity(b); });
  std::array<AxisMove, 3> nearest{};
  std::array<bool, 3> taken{};
  for (const std::size_t axis : order) {
    std::size_t best = 3;
    for (std::size_t p = 0; p < 3; ++p)
      if (!taken[p] &&
          (best == 3 || std::abs(directions[axis][p]) > std::abs(directions[axis][best])))
        best = p;
    taken[best] = true;
    nearest[axis] = {static_cast<int>(best), directions[axis][best] < 0};
  }
  return nearest;
}

}  // namespace

std::string AxisCodes(const IndexMap& to_patient) {
  std::string codes;
  for (const AxisMove& axis : NearestAxes(to_patient))
    codes += kLetters[axis.from][axis.flip ? 1 : 0];
  return codes;
}

std::optional<std::array<AxisMove, 3>> MovesTo(const std::string& wanted,
                                               const IndexMap& to_patient) {
  if (wanted.size() != 3) return std::nullopt;
  const std::array<AxisMove, 3> nearest = NearestAxes(to_patient);
  std::array<AxisMove, 3> moves{};
  std::array<bool, 3> used{};
  for (std::size_t to = 0; to < 3; ++to) {
    bool found = false;
    for (std::size_t from = 0; from < 3; ++from) {
      const std::string pair = kLetters[nearest[from].from];
      const std::size_t letter = pair.find(wanted[to]);
      if (letter == std::string::npos || used[from]) continue;
      used[from] = found = true;
      moves[to] = {static_cast<int>(from), (letter == 1) != nearest[from].flip};
    }
    if (!found) return std::nullopt;
  }
  return moves;
}

}  // namespace axial
