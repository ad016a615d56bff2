#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace axial::bench {

/// The masks that every writer of bench/seg gets: `segments` discs side by side on every slice,
/// each as wide as organs are beside the image, so that there are slices * segments frames; or
/// stripes over all of every frame, the worst that a writer can meet.
struct MaskShape {
  int slices = 600;
  int rows = 512;
  int columns = 512;
  int segments = 20;
  bool stripes = false;
};

/// [slice][row][column]; 0, or the number of a segment.
[[nodiscard]] std::vector<std::uint8_t> MakeMasks(const MaskShape& shape);

/// Time and memory since construction, as one line of JSON for bench/seg.
class Stopwatch {
 public:
  Stopwatch();
  void Print(const std::string& written_file) const;

 private:
  std::chrono::steady_clock::time_point start_;
  rusage used_{};
};

}  // namespace axial::bench
