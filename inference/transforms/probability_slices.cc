#include "inference/transforms/probability_slices.h"

#include <algorithm>
#include <cmath>

#include "core/base/result.h"

namespace axial {
namespace {

/// round(255 p).
std::uint8_t Quantised(float p) {
  if (!(p > 0)) return 0;  // or no number
  return static_cast<std::uint8_t>(std::lround(255.0F * std::min(p, 1.0F)));
}

}  // namespace

ProbabilitySlices::ProbabilitySlices(std::vector<int> labels, const GridSize& size,
                                     std::size_t max_bytes)
    : labels_(std::move(labels)),
      size_(size),
      max_bytes_(max_bytes),
      slices_(labels_.size(), Slices(static_cast<std::size_t>(size.slices))) {}

ProbabilitySlices::Slices* ProbabilitySlices::Find(int label) {
  const auto found = std::find(labels_.begin(), labels_.end(), label);
  if (found == labels_.end()) return nullptr;
  return &slices_[static_cast<std::size_t>(found - labels_.begin())];
}

bool ProbabilitySlices::Wants(int label) const {
  return std::find(labels_.begin(), labels_.end(), label) != labels_.end();
}

std::uint8_t* ProbabilitySlices::Slice(Slices& slices, std::size_t slice) {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint8_t>& values = slices.at(slice);
  if (values.empty()) {
    const std::size_t bytes =
        static_cast<std::size_t>(size_.rows) * static_cast<std::size_t>(size_.columns);
    if (exhausted_ || bytes > max_bytes_ - bytes_) {
      exhausted_ = true;
      return nullptr;
    }
    bytes_ += bytes;
    values.resize(bytes);
  }
  return values.data();
}

void ProbabilitySlices::Put(int label, std::int64_t row, std::span<const float> values) {
  constexpr float kSmallest = 0.5F / 255;  // that is not 0 when it is rounded
  if (std::none_of(values.begin(), values.end(), [](float p) { return p >= kSmallest; })) return;
  Slices* slices = Find(label);
  AXIAL_INVARIANT(slices != nullptr && values.size() == static_cast<std::size_t>(size_.columns));
  const auto slice = static_cast<std::size_t>(first_slice_ + row / size_.rows);
  std::uint8_t* to = Slice(*slices, slice);
  if (to == nullptr) return;
  to += (row % size_.rows) * size_.columns;
  std::transform(values.begin(), values.end(), to, Quantised);
}

void ProbabilitySlices::Clear(int label, std::size_t voxel) {
  Slices* slices = Find(label);
  if (slices == nullptr) return;
  const std::size_t pixels =
      static_cast<std::size_t>(size_.rows) * static_cast<std::size_t>(size_.columns);
  std::vector<std::uint8_t>& values =
      slices->at(static_cast<std::size_t>(first_slice_) + voxel / pixels);
  if (!values.empty()) values[voxel % pixels] = 0;
}

ProbabilitySlices::Slices ProbabilitySlices::Take(int label) {
  Slices* slices = Find(label);
  AXIAL_INVARIANT(slices != nullptr);
  for (std::vector<std::uint8_t>& values : *slices)
    if (std::all_of(values.begin(), values.end(), [](std::uint8_t p) { return p == 0; }))
      values = {};
  return std::move(*slices);
}

}  // namespace axial
