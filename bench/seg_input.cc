#include "bench/seg_input.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace axial::bench {
namespace {

rusage Used() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return used;
}

double CpuSeconds(const rusage& used) {
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
}

std::uint8_t Stripe(std::size_t voxel, int segments) {
  return static_cast<std::uint8_t>((voxel / 37) % (static_cast<std::size_t>(segments) + 1));
}

/// Discs in a grid of cells, that grow and shrink from slice to slice.
class Discs {
 public:
  explicit Discs(const MaskShape& shape)
      : shape_(shape),
        across_(static_cast<int>(std::ceil(std::sqrt(shape.segments)))),
        down_((shape.segments + across_ - 1) / across_),
        height_(static_cast<double>(shape.rows) / down_),
        width_(static_cast<double>(shape.columns) / across_),
        radius_(static_cast<std::size_t>(shape.segments)) {}

  void GoTo(int slice) {
    for (int segment = 1; segment <= shape_.segments; ++segment)
      radius_[static_cast<std::size_t>(segment - 1)] =
          std::min(height_, width_) * (0.35 + 0.14 * std::sin(0.05 * slice + segment));
  }

  [[nodiscard]] std::uint8_t At(int row, int column) const {
    const int cell_row = static_cast<int>(row / height_);
    const int cell_column = static_cast<int>(column / width_);
    const int segment = cell_row * across_ + cell_column + 1;
    if (segment > shape_.segments) return 0;
    const double y = row - (cell_row + 0.5) * height_;
    const double x = column - (cell_column + 0.5) * width_;
    const double radius = radius_[static_cast<std::size_t>(segment - 1)];
    return x * x + y * y <= radius * radius ? static_cast<std::uint8_t>(segment) : 0;
  }

 private:
  MaskShape shape_;
  int across_;
  int down_;
  double height_;  ///< of a cell
  double width_;
  std::vector<double> radius_;  ///< on the current slice, by segment
};

}  // namespace

std::vector<std::uint8_t> MakeMasks(const MaskShape& shape) {
  std::vector<std::uint8_t> masks;
  masks.reserve(static_cast<std::size_t>(shape.slices) * static_cast<std::size_t>(shape.rows) *
                static_cast<std::size_t>(shape.columns));
  Discs discs(shape);
  for (int slice = 0; slice < shape.slices; ++slice) {
    discs.GoTo(slice);
    for (int row = 0; row < shape.rows; ++row)
      for (int column = 0; column < shape.columns; ++column)
        masks.push_back(shape.stripes ? Stripe(masks.size(), shape.segments)
                                      : discs.At(row, column));
  }
  return masks;
}

Stopwatch::Stopwatch() : start_(std::chrono::steady_clock::now()), used_(Used()) {}

void Stopwatch::Print(const std::string& written_file) const {
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start_;
  const rusage used = Used();
  fmt::print(
      "{{\"wall_s\": {:.3f}, \"cpu_s\": {:.3f}, \"peak_mb\": {:.0f}, \"file_mb\": {:.0f}}}\n",
      wall.count(), CpuSeconds(used) - CpuSeconds(used_),
      static_cast<double>(used.ru_maxrss) * 1024e-6,
      static_cast<double>(std::filesystem::file_size(written_file)) * 1e-6);
}

}  // namespace axial::bench
