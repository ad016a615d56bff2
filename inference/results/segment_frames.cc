#include "inference/results/segment_frames.h"

#include <array>
#include <cstring>

namespace axial::results {
namespace {

using Histogram = std::array<std::int64_t, 256>;

Histogram CountLabels(const std::uint8_t* labels, std::size_t count) {
  Histogram histogram{};
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, labels + i, 8);
    if (eight == 0) {  // most of most slices is background
      histogram[0] += 8;
      continue;
    }
    for (std::size_t j = i; j < i + 8; ++j) ++histogram[labels[j]];
  }
  for (; i < count; ++i) ++histogram[labels[i]];
  return histogram;
}

Status CheckShape(const Findings& findings) {
  const LabelMap& map = *findings.label_map;
  const GridSize& size = map.geometry.size;
  const SourceSeries& source = findings.source;
  if (size.rows != source.rows || size.columns != source.columns ||
      size.slices != static_cast<int>(source.frames.size()))
    return MakeError(ErrorCode::kInvalidInput,
                     "label map of {}x{}x{} on a source of {} frames of {}x{}", size.slices,
                     size.rows, size.columns, source.frames.size(), source.rows, source.columns);
  if (map.labels.size() != size.Voxels() || map.labels.empty())
    return Error(ErrorCode::kInvalidInput, "label map with another number of voxels than its size");
  for (std::size_t i = 0; i < findings.segments.size(); ++i) {
    const SegmentFinding& segment = findings.segments[i];
    if (segment.segment_number != static_cast<int>(i) + 1)
      return Error(ErrorCode::kInvalidInput, "segment numbers are not 1, 2, 3 and so on");
    if (segment.spec.label < 1 || segment.spec.label > 255)
      return MakeError(ErrorCode::kInvalidInput, "segment with label {}", segment.spec.label);
  }
  return {};
}

Status CheckTotals(const Findings& findings, Histogram totals) {
  for (const SegmentFinding& segment : findings.segments) {
    std::int64_t& total = totals[static_cast<std::size_t>(segment.spec.label)];
    if (total == 0 || total != segment.voxels)
      return MakeError(ErrorCode::kInvalidInput,
                       "segment {} has {} voxels in the findings and {} in the label map",
                       segment.segment_number, segment.voxels, total);
    total = 0;
  }
  for (std::size_t label = 1; label < totals.size(); ++label)
    if (totals[label] > 0)
      return MakeError(ErrorCode::kInvalidInput, "label {} has voxels and no segment", label);
  return {};
}

}  // namespace

Result<std::vector<SegmentFrame>> PlanSegmentFrames(const Findings& findings) {
  if (!findings.label_map) {
    if (findings.segments.empty()) return std::vector<SegmentFrame>();
    return Error(ErrorCode::kInvalidInput, "segments without a label map");
  }
  AXIAL_RETURN_IF_ERROR(CheckShape(findings));
  const LabelMap& map = *findings.label_map;
  const auto slices = static_cast<std::size_t>(map.geometry.size.slices);
  const std::size_t slice_voxels = map.labels.size() / slices;
  std::vector<Histogram> histograms(slices);
  Histogram totals{};
  for (std::size_t slice = 0; slice < slices; ++slice) {
    histograms[slice] = CountLabels(map.labels.data() + slice * slice_voxels, slice_voxels);
    for (std::size_t label = 0; label < totals.size(); ++label)
      totals[label] += histograms[slice][label];
  }
  AXIAL_RETURN_IF_ERROR(CheckTotals(findings, totals));

  std::vector<SegmentFrame> frames;
  for (const SegmentFinding& segment : findings.segments) {
    const auto label = static_cast<std::uint8_t>(segment.spec.label);
    for (std::size_t slice = 0; slice < slices; ++slice)
      if (histograms[slice][label] > 0)
        frames.push_back({segment.segment_number, label, static_cast<int>(slice)});
  }
  return frames;
}

}  // namespace axial::results
