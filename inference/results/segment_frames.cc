#include "inference/results/segment_frames.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace axial::results {
namespace {

/// How many voxels of one value a slice has, and on which rows.
struct ValueCount {
  std::int64_t voxels = 0;
  int first_row = 0;
  int end_row = 0;
};

using SliceCounts = std::array<ValueCount, 256>;

void Count(std::uint8_t label, std::int64_t voxels, int row, SliceCounts& counts) {
  ValueCount& count = counts[label];
  if (count.voxels == 0) count.first_row = row;
  count.voxels += voxels;
  count.end_row = row + 1;
}

void CountRow(const std::uint8_t* labels, std::size_t columns, int row, SliceCounts& counts) {
  std::size_t i = 0;
  while (i + 8 <= columns) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, labels + i, 8);
    if (eight != labels[i] * 0x0101010101010101) {
      for (std::size_t j = i; j < i + 8; ++j) Count(labels[j], 1, row, counts);
      i += 8;
      continue;
    }
    // Most is background, and most of the rest is one segment's inside.
    const std::size_t start = i;
    for (std::uint64_t next = eight; next == eight;) {
      i += 8;
      if (i + 8 > columns) break;
      std::memcpy(&next, labels + i, 8);
    }
    Count(labels[start], static_cast<std::int64_t>(i - start), row, counts);
  }
  for (; i < columns; ++i) Count(labels[i], 1, row, counts);
}

Status CheckShape(const SourceSeries& source, const LabelMap& map) {
  const GridSize& size = map.geometry.size;
  if (size.rows != source.rows || size.columns != source.columns ||
      size.slices != static_cast<int>(source.frames.size()))
    return MakeError(ErrorCode::kInvalidInput,
                     "label map of {}x{}x{} on a source of {} frames of {}x{}", size.slices,
                     size.rows, size.columns, source.frames.size(), source.rows, source.columns);
  if (map.labels.size() != size.Voxels() || map.labels.empty())
    return Error(ErrorCode::kInvalidInput, "label map with another number of voxels than its size");
  return {};
}

Status CheckSegments(const Findings& findings) {
  for (std::size_t i = 0; i < findings.segments.size(); ++i) {
    const SegmentFinding& segment = findings.segments[i];
    if (segment.segment_number != static_cast<int>(i) + 1)
      return Error(ErrorCode::kInvalidInput, "segment numbers are not 1, 2, 3 and so on");
    if (segment.value < 1 || segment.layer < 0 ||
        segment.layer >= static_cast<int>(findings.layers.size()))
      return MakeError(ErrorCode::kInvalidInput, "segment {} has no place in the label maps",
                       segment.segment_number);
  }
  return {};
}

/// One layer's voxels by slice and value.
using LayerCounts = std::vector<SliceCounts>;

LayerCounts CountLayer(const LabelMap& map) {
  const GridSize& size = map.geometry.size;
  const auto columns = static_cast<std::size_t>(size.columns);
  LayerCounts counts(static_cast<std::size_t>(size.slices));
  const std::uint8_t* labels = map.labels.data();
  for (SliceCounts& slice : counts)
    for (int row = 0; row < size.rows; ++row, labels += columns)
      CountRow(labels, columns, row, slice);
  return counts;
}

Status CheckTotals(const Findings& findings, int layer, const LayerCounts& counts) {
  std::array<std::int64_t, 256> totals{};
  for (const SliceCounts& slice : counts)
    for (std::size_t value = 0; value < totals.size(); ++value)
      totals[value] += slice[value].voxels;
  for (const SegmentFinding& segment : findings.segments) {
    if (segment.layer != layer) continue;
    std::int64_t& total = totals[segment.value];
    if (total == 0 || total != segment.voxels)
      return MakeError(ErrorCode::kInvalidInput,
                       "segment {} has {} voxels in the findings and {} in the label map",
                       segment.segment_number, segment.voxels, total);
    total = 0;
  }
  for (std::size_t value = 1; value < totals.size(); ++value)
    if (totals[value] > 0)
      return MakeError(ErrorCode::kInvalidInput, "value {} of layer {} has voxels and no segment",
                       value, layer);
  return {};
}

Status CheckProbabilities(const Findings& findings) {
  const SourceSeries& source = findings.source;
  const std::size_t pixels =
      static_cast<std::size_t>(source.rows) * static_cast<std::size_t>(source.columns);
  if (findings.probabilities.empty()) return {};
  if (findings.probabilities.size() != findings.segments.size())
    return MakeError(ErrorCode::kInvalidInput, "probabilities of {} segments; there are {}",
                     findings.probabilities.size(), findings.segments.size());
  for (const ProbabilityMap& map : findings.probabilities) {
    if (map.slices.size() != source.frames.size())
      return MakeError(ErrorCode::kInvalidInput, "probabilities on {} slices of {}",
                       map.slices.size(), source.frames.size());
    for (const std::vector<std::uint8_t>& slice : map.slices)
      if (!slice.empty() &&
          (slice.size() != pixels ||
           std::all_of(slice.begin(), slice.end(), [](std::uint8_t p) { return p == 0; })))
        return Error(ErrorCode::kInvalidInput,
                     "a slice of probabilities of another size than its source, or of zeros");
  }
  return {};
}

}  // namespace

Result<std::vector<SegmentFrame>> PlanSegmentFrames(const Findings& findings) {
  std::vector<LayerCounts> layers;
  for (const LabelMap& map : findings.layers) {
    AXIAL_RETURN_IF_ERROR(CheckShape(findings.source, map));
    layers.push_back(CountLayer(map));
  }
  AXIAL_RETURN_IF_ERROR(CheckSegments(findings));
  AXIAL_RETURN_IF_ERROR(CheckProbabilities(findings));
  for (std::size_t layer = 0; layer < layers.size(); ++layer)
    AXIAL_RETURN_IF_ERROR(CheckTotals(findings, static_cast<int>(layer), layers[layer]));

  std::vector<SegmentFrame> frames;
  for (const SegmentFinding& segment : findings.segments) {
    const LayerCounts& counts = layers[static_cast<std::size_t>(segment.layer)];
    for (std::size_t slice = 0; slice < counts.size(); ++slice)
      if (const ValueCount& count = counts[slice][segment.value]; count.voxels > 0)
        frames.push_back({segment.segment_number, segment.layer, segment.value,
                          static_cast<int>(slice), count.voxels, count.first_row, count.end_row});
  }
  return frames;
}

bool SegmentsOverlap(const Findings& findings) {
  if (findings.layers.size() < 2) return false;
  std::vector<std::uint8_t> taken(findings.layers.front().labels.size(), 0);
  for (const LabelMap& layer : findings.layers) {
    unsigned shared = 0;
    for (std::size_t i = 0; i < taken.size(); ++i) {
      const std::uint8_t here = layer.labels[i] != 0 ? 1 : 0;
      shared |= static_cast<unsigned>(taken[i] & here);
      taken[i] = static_cast<std::uint8_t>(taken[i] | here);
    }
    if (shared != 0) return true;
  }
  return false;
}

}  // namespace axial::results
