#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

/// Masks for the tests of outlines.
namespace axial::results {

struct Mask {
  int rows;
  int columns;
  std::vector<std::uint8_t> labels;
};

/// '#' is 1, a digit itself.
inline Mask Draw(const std::vector<std::string>& lines) {
  Mask mask{static_cast<int>(lines.size()), static_cast<int>(lines.front().size()), {}};
  for (const std::string& line : lines)
    for (const char c : line)
      mask.labels.push_back(static_cast<std::uint8_t>(c == '#' ? 1 : c == '.' ? 0 : c - '0'));
  return mask;
}

/// Noise smoothed so that it has thin bridges, holes and islands.
inline Mask RandomMask(unsigned seed, int smoothings) {
  std::mt19937 random(seed);
  const int rows = 20 + static_cast<int>(random() % 30);
  const int columns = 20 + static_cast<int>(random() % 30);
  std::vector<double> field(static_cast<std::size_t>(rows * columns));
  for (double& value : field) value = static_cast<double>(random() % 1000) / 1000;
  for (int pass = 0; pass < smoothings; ++pass) {
    std::vector<double> smooth = field;
    for (int r = 1; r + 1 < rows; ++r)
      for (int c = 1; c + 1 < columns; ++c) {
        double sum = 0;
        for (int dr = -1; dr <= 1; ++dr)
          for (int dc = -1; dc <= 1; ++dc)
            sum += field[static_cast<std::size_t>((r + dr) * columns + c + dc)];
        smooth[static_cast<std::size_t>(r * columns + c)] = sum / 9;
      }
    field = std::move(smooth);
  }
  Mask mask{rows, columns, {}};
  for (const double value : field) mask.labels.push_back(value > 0.5 ? 1 : 0);
  return mask;
}

/// A disc with a smaller one taken out of it.
inline Mask Ring(int size, double outer, double inner) {
  Mask mask{size, size, {}};
  for (int r = 0; r < size; ++r)
    for (int c = 0; c < size; ++c) {
      const double distance = std::hypot(r + 0.5 - size / 2.0, c + 0.5 - size / 2.0);
      mask.labels.push_back(distance < outer && distance >= inner ? 1 : 0);
    }
  return mask;
}

}  // namespace axial::results
