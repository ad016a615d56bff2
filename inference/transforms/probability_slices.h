#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "inference/volume/geometry.h"

namespace axial {

/// The probabilities of some labels on a source grid, 8 bits each (round(255 p)), gathered row by
/// row while scores go back to that grid. A slice on which a label has no chance costs nothing.
///
/// Put may be called by several threads, for different rows; nothing else while it is.
class ProbabilitySlices {
 public:
  using Slices = std::vector<std::vector<std::uint8_t>>;  ///< [slice] of [row][column], or empty

  /// `labels`: whose probabilities are kept. No more than `max_bytes` are.
  ProbabilitySlices(std::vector<int> labels, const GridSize& size, std::size_t max_bytes);

  /// The slice that row 0 belongs to from now on: images come one by one.
  void StartAt(int slice) { first_slice_ = slice; }

  [[nodiscard]] bool Wants(int label) const;

  /// Keeps one row of a wanted label, of columns values 0 to 1; what is not within them counts as
  /// the nearer, what is no number as 0. `row`: of all rows of all slices, from StartAt's on.
  void Put(int label, std::int64_t row, std::span<const float> values);

  /// Makes one voxel impossible; `voxel` counts from StartAt's slice on.
  void Clear(int label, std::size_t voxel);

  /// True when there were more than max_bytes: then what is kept is not whole.
  [[nodiscard]] bool exhausted() const { return exhausted_; }
  [[nodiscard]] std::size_t max_bytes() const { return max_bytes_; }

  /// Gives a label's slices away; those that Clear emptied, too, are empty.
  [[nodiscard]] Slices Take(int label);

 private:
  [[nodiscard]] Slices* Find(int label);
  /// nullptr when there is no room.
  std::uint8_t* Slice(Slices& slices, std::size_t slice);

  std::vector<int> labels_;
  GridSize size_;
  std::size_t max_bytes_;
  int first_slice_ = 0;
  std::vector<Slices> slices_;  ///< by position in labels_
  std::mutex mutex_;            ///< for what follows, and the sizes of slices
  std::size_t bytes_ = 0;
  bool exhausted_ = false;
};

}  // namespace axial
