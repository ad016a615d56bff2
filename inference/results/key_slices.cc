#include "inference/results/key_slices.h"

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "inference/results/result_kind.h"

namespace axial::results {
namespace {

constexpr std::size_t kMostKeySlices = 12;

/// At most `count` of `all`, evenly spread, the first and the last among them.
std::vector<int> Spread(const std::vector<int>& all, std::size_t count) {
  if (all.size() <= count) return all;
  if (count == 1) return {all[all.size() / 2]};
  std::vector<int> some;
  for (std::size_t i = 0; i < count; ++i) some.push_back(all[i * (all.size() - 1) / (count - 1)]);
  return some;
}

std::vector<int> KeySlices(const ResultRun& run) {
  std::map<int, std::pair<std::int64_t, int>> largest;  // by segment: voxels and slice
  std::set<int> with_segments;
  for (const SegmentFrame& frame : run.frames) {
    if (frame.voxels == 0) continue;
    with_segments.insert(frame.slice);
    auto& best = largest[frame.segment_number];
    if (frame.voxels > best.first) best = {frame.voxels, frame.slice};
  }
  std::set<int> chosen;
  for (const auto& [segment, best] : largest)
    if (chosen.size() < kMostKeySlices) chosen.insert(best.second);
  const std::vector<int> candidates(with_segments.begin(), with_segments.end());
  if (chosen.size() < kMostKeySlices)
    for (const int slice : Spread(candidates, kMostKeySlices - chosen.size())) chosen.insert(slice);
  for (const ClassificationFinding& answer : run.findings.classifications)
    if (answer.frame_index >= 0 && chosen.size() < kMostKeySlices)
      chosen.insert(answer.frame_index);
  if (chosen.empty()) chosen.insert(static_cast<int>(run.findings.source.frames.size() / 2));
  return {chosen.begin(), chosen.end()};
}

}  // namespace

std::vector<int> SlicesToShow(const ResultRun& run, config::ResultProfile::Slices slices) {
  if (slices == config::ResultProfile::Slices::kKey) return KeySlices(run);
  std::vector<int> all(run.findings.source.frames.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int>(i);
  return Spread(all, kMaxFilesOfForm);
}

}  // namespace axial::results
