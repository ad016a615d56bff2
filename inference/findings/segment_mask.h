#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "inference/volume/volume.h"

namespace axial {

/// The voxels of one value, and the box around them. Borrows the label map.
class SegmentMask {
 public:
  struct Range {
    int first = std::numeric_limits<int>::max();
    int last = -1;  ///< inclusive; below `first` when there is no voxel

    void Include(int i) {
      if (i < first) first = i;
      if (i > last) last = i;
    }
  };

  SegmentMask(const LabelMap& map, std::uint8_t value) : map_(map), value_(value) {
    const GridSize& size = map.geometry.size;
    std::size_t at = 0;
    for (int slice = 0; slice < size.slices; ++slice)
      for (int row = 0; row < size.rows; ++row)
        for (int column = 0; column < size.columns; ++column, ++at)
          if (map.labels[at] == value) {
            slices_.Include(slice);
            rows_.Include(row);
            columns_.Include(column);
          }
  }

  [[nodiscard]] bool empty() const { return slices_.last < slices_.first; }
  [[nodiscard]] const Range& slices() const { return slices_; }
  [[nodiscard]] const Range& rows() const { return rows_; }
  [[nodiscard]] const Range& columns() const { return columns_; }

  /// False beyond the grid.
  [[nodiscard]] bool At(int slice, int row, int column) const {
    const GridSize& size = map_.geometry.size;
    if (slice < 0 || row < 0 || column < 0 || slice >= size.slices || row >= size.rows ||
        column >= size.columns)
      return false;
    const std::size_t line = static_cast<std::size_t>(slice) * static_cast<std::size_t>(size.rows) +
                             static_cast<std::size_t>(row);
    return map_.labels[line * static_cast<std::size_t>(size.columns) +
                       static_cast<std::size_t>(column)] == value_;
  }

 private:
  const LabelMap& map_;
  std::uint8_t value_;
  Range slices_;
  Range rows_;
  Range columns_;
};

}  // namespace axial
