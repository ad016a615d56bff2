#include "inference/transforms/components.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace axial {
namespace {

/// Neighbouring voxels of one row that belong together.
struct Run {
  int first = 0;
  int end = 0;  ///< one past the last column
};

class Runs {
 public:
  template <typename Belongs>
  Runs(const std::vector<std::uint8_t>& labels, const GridSize& size, Belongs belongs)
      : size_(size) {
    row_begin_.reserve(static_cast<std::size_t>(size.slices) * static_cast<std::size_t>(size.rows) +
                       1);
    std::size_t at = 0;
    for (std::int64_t row = 0; row < std::int64_t{size.slices} * size.rows; ++row) {
      row_begin_.push_back(runs_.size());
      for (int c = 0; c < size.columns; ++c, ++at) {
        if (!belongs(labels[at])) continue;
        if (c > 0 && belongs(labels[at - 1])) {
          ++runs_.back().end;
        } else {
          runs_.push_back({c, c + 1});
        }
      }
    }
    row_begin_.push_back(runs_.size());
    parent_.resize(runs_.size());
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
  }

  void Join(int connectivity) {
    for (int s = 0; s < size_.slices; ++s)
      for (int r = 0; r < size_.rows; ++r) {
        JoinRows(s, r, 0, -1, connectivity);
        for (int dr = -1; dr <= 1; ++dr) JoinRows(s, r, -1, dr, connectivity);
      }
  }

  /// Zeroes every run that is not in one of the `keep` largest components.
  void Erase(std::vector<std::uint8_t>& labels, int keep) {
    std::vector<std::int64_t> sizes(runs_.size(), 0);
    for (std::size_t i = 0; i < runs_.size(); ++i) sizes[Root(i)] += runs_[i].end - runs_[i].first;
    std::vector<std::size_t> roots;
    for (std::size_t i = 0; i < runs_.size(); ++i)
      if (parent_[i] == i) roots.push_back(i);
    std::stable_sort(roots.begin(), roots.end(),
                     [&](std::size_t a, std::size_t b) { return sizes[a] > sizes[b]; });
    std::vector<bool> stays(runs_.size(), false);
    for (std::size_t i = 0; i < std::min(roots.size(), static_cast<std::size_t>(keep)); ++i)
      stays[roots[i]] = true;
    for (std::size_t row = 0; row + 1 < row_begin_.size(); ++row)
      for (std::size_t i = row_begin_[row]; i < row_begin_[row + 1]; ++i)
        if (!stays[Root(i)]) {
          const std::size_t base = row * static_cast<std::size_t>(size_.columns);
          std::fill(labels.begin() + static_cast<std::ptrdiff_t>(base) + runs_[i].first,
                    labels.begin() + static_cast<std::ptrdiff_t>(base) + runs_[i].end,
                    std::uint8_t{0});
        }
  }

 private:
  std::size_t Root(std::size_t i) {
    while (parent_[i] != i) {
      parent_[i] = parent_[parent_[i]];
      i = parent_[i];
    }
    return i;
  }

  /// Joins touching runs of row (s, r) with those of row (s + ds, r + dr).
  void JoinRows(int s, int r, int ds, int dr, int connectivity) {
    const int steps = std::abs(ds) + std::abs(dr);
    const int other_s = s + ds;
    const int other_r = r + dr;
    if (steps > connectivity || other_s < 0 || other_r < 0 || other_r >= size_.rows) return;
    const int reach = steps < connectivity ? 1 : 0;  // diagonal along the row as well
    const std::size_t row = RowIndex(s, r);
    const std::size_t other = RowIndex(other_s, other_r);
    std::size_t j = row_begin_[other];
    for (std::size_t i = row_begin_[row]; i < row_begin_[row + 1]; ++i) {
      while (j < row_begin_[other + 1] && runs_[j].end + reach <= runs_[i].first) ++j;
      for (std::size_t k = j; k < row_begin_[other + 1] && runs_[k].first < runs_[i].end + reach;
           ++k)
        Unite(i, k);
    }
  }

  void Unite(std::size_t a, std::size_t b) {
    const std::size_t root_a = Root(a);
    const std::size_t root_b = Root(b);
    parent_[std::max(root_a, root_b)] = std::min(root_a, root_b);
  }

  [[nodiscard]] std::size_t RowIndex(int s, int r) const {
    return static_cast<std::size_t>(s) * static_cast<std::size_t>(size_.rows) +
           static_cast<std::size_t>(r);
  }

  GridSize size_;
  std::vector<Run> runs_;
  std::vector<std::size_t> row_begin_;
  std::vector<std::size_t> parent_;
};

}  // namespace

void KeepLargestComponents(std::vector<std::uint8_t>& labels, const GridSize& size,
                           const std::vector<bool>& wanted, bool together, int connectivity,
                           int keep) {
  const auto chosen = [&](std::uint8_t label) { return label < wanted.size() && wanted[label]; };
  const auto treat = [&](auto belongs) {
    Runs runs(labels, size, belongs);
    runs.Join(connectivity);
    runs.Erase(labels, keep);
  };
  if (together) return treat(chosen);
  for (std::size_t label = 1; label < wanted.size(); ++label)
    if (wanted[label]) treat([&](std::uint8_t value) { return value == label; });
}

}  // namespace axial
