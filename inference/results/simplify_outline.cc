#include "inference/results/simplify_outline.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace axial::results {
namespace {

/// Points between two that are judged together at most, so that no outline takes quadratic time.
constexpr std::size_t kMaxRun = 512;

double Distance(const ContourPoint& a, const ContourPoint& b) {
  return std::hypot(b.column - a.column, b.row - a.row);
}

/// From `point` to the line from `a` to `b`, not beyond its ends.
double DistanceToLine(const ContourPoint& point, const ContourPoint& a, const ContourPoint& b) {
  const double dc = b.column - a.column;
  const double dr = b.row - a.row;
  const double squared = dc * dc + dr * dr;
  if (squared == 0) return Distance(point, a);
  const double along =
      std::clamp(((point.column - a.column) * dc + (point.row - a.row) * dr) / squared, 0.0, 1.0);
  return Distance(point, {a.column + along * dc, a.row + along * dr});
}

/// Marks the points between `first` and `last` that must stay.
void MarkRun(const std::vector<ContourPoint>& points, std::size_t first, std::size_t last,
             double tolerance_px, std::vector<bool>& stays) {
  std::vector<std::pair<std::size_t, std::size_t>> runs = {{first, last}};
  const auto at = [&](std::size_t i) -> const ContourPoint& { return points[i % points.size()]; };
  while (!runs.empty()) {
    const auto [begin, end] = runs.back();
    runs.pop_back();
    double farthest = 0;
    std::size_t farthest_at = begin;
    for (std::size_t i = begin + 1; i < end; ++i) {
      const double distance = DistanceToLine(at(i), at(begin), at(end));
      if (distance > farthest) {
        farthest = distance;
        farthest_at = i;
      }
    }
    if (farthest <= tolerance_px) continue;
    stays[farthest_at] = true;
    runs.emplace_back(begin, farthest_at);
    runs.emplace_back(farthest_at, end);
  }
}

std::vector<ContourPoint> Simplified(const std::vector<ContourPoint>& points, double tolerance_px) {
  const auto farthest = std::max_element(
      points.begin(), points.end(), [&](const ContourPoint& a, const ContourPoint& b) {
        return Distance(points.front(), a) < Distance(points.front(), b);
      });
  return SimplifyBetween(points, {0, static_cast<std::size_t>(farthest - points.begin())},
                         tolerance_px);
}

}  // namespace

std::vector<ContourPoint> SimplifyBetween(const std::vector<ContourPoint>& points,
                                          const std::vector<std::size_t>& fixed,
                                          double tolerance_px) {
  std::vector<bool> stays(points.size(), false);
  for (std::size_t i = 0; i < fixed.size(); ++i) {
    // The first point again comes last.
    const std::size_t end = i + 1 < fixed.size() ? fixed[i + 1] : points.size();
    for (std::size_t begin = fixed[i]; begin < end; begin += kMaxRun) {
      stays[begin] = true;
      MarkRun(points, begin, std::min(begin + kMaxRun, end), tolerance_px, stays);
    }
  }
  std::vector<ContourPoint> left;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (stays[i]) left.push_back(points[i]);
  return left;
}

double SimplifyOutline(std::vector<ContourPoint>& points, double tolerance_px,
                       std::size_t max_points) {
  constexpr double kStep = 1.5;
  constexpr double kFirstRaised = 0.5;
  double total = 0;
  for (double tolerance = tolerance_px;; tolerance = std::max(kFirstRaised, tolerance * kStep)) {
    std::vector<ContourPoint> left = Simplified(points, tolerance);
    if (left.size() < 3) return total;
    points = std::move(left);
    total += tolerance;
    if (points.size() <= max_points) return total;
  }
}

}  // namespace axial::results
