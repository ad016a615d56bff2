#pragma once

#include <functional>
#include <string>
#include <vector>

#include "inference/volume/geometry.h"

namespace axial::testing {

/// A Series whose every stored value is known, written one Instance per slice.
struct SyntheticSeries {
  Geometry geometry;  ///< defines position, orientation and spacing of every slice
  std::string modality = "CT";
  int bits_stored = 12;
  bool is_signed = false;
  double slope = 1;
  double intercept = -1024;
  bool shuffle_instance_numbers = false;
  std::string series_uid = "1.2.826.0.1.3680043.8.498.1.2";
  /// Stored value (before rescale) of a voxel.
  std::function<int(int slice, int row, int column)> stored = [](int s, int r, int c) {
    return (s * 31 + r * 7 + c * 3) % 1000;
  };
};

/// An axis-parallel geometry: columns to the left, rows to posterior, slices to the head.
[[nodiscard]] Geometry AxialGeometry(GridSize size, double column_mm, double row_mm,
                                     double slice_mm);

/// Writes `<folder>/slice-<n>.dcm`, in an order that has nothing to do with the slices' order.
/// Returns the files; aborts the test process when DCMTK cannot write.
std::vector<std::string> WriteSeries(const SyntheticSeries& series, const std::string& folder);

/// Changes one attribute of a written file (DICOM keyword, new value; "" removes it).
void EditFile(const std::string& file, const std::string& keyword, const std::string& value);

}  // namespace axial::testing
