#include "tests/support/random_findings.h"

#include <fmt/core.h>

#include <algorithm>
#include <random>

#include "tests/support/synthetic_results.h"

namespace axial::testing {
namespace {

constexpr int kValuesPerLayer = 255;

/// Adds a layer set in which every voxel belongs to one of `members` or to none.
void AddLayers(Findings& findings, const config::ModelCard& card, const std::vector<int>& members,
               std::mt19937& random) {
  LabelMap empty;
  empty.geometry.size = {static_cast<int>(findings.source.frames.size()), findings.source.rows,
                         findings.source.columns};
  empty.labels.resize(empty.geometry.size.Voxels());
  const auto first = static_cast<int>(findings.layers.size());
  const auto count = (static_cast<int>(members.size()) + kValuesPerLayer - 1) / kValuesPerLayer;
  for (int i = 0; i < count; ++i) findings.layers.push_back(empty);

  std::vector<std::int64_t> voxels(members.size(), 0);
  const std::size_t frame = empty.labels.size() / findings.source.frames.size();
  std::size_t member = 0;
  for (std::size_t i = 0; i < empty.labels.size(); ++i) {
    if (random() % 5 == 0) member = random() % (members.size() + 1);  // short runs
    // Not on every slice, and background between.
    if (member == members.size() || (member + i / frame) % 3 == 0) continue;
    const int layer = first + static_cast<int>(member) / kValuesPerLayer;
    findings.layers[static_cast<std::size_t>(layer)].labels[i] =
        static_cast<std::uint8_t>(member % kValuesPerLayer + 1);
    ++voxels[member];
  }
  for (std::size_t m = 0; m < members.size(); ++m) {
    if (voxels[m] == 0) continue;
    const config::SegmentSpec& spec = card.segments[static_cast<std::size_t>(members[m])];
    findings.segments.push_back({spec,
                                 0,
                                 first + static_cast<int>(m) / kValuesPerLayer,
                                 static_cast<std::uint8_t>(m % kValuesPerLayer + 1),
                                 fmt::format("{} {}", card.name, spec.name),
                                 MakeDeterministicUid(fmt::format("random|{}", spec.label)),
                                 voxels[m],
                                 {}});
  }
}

ProbabilityMap MakeProbabilities(const Findings& findings, const SegmentFinding& segment,
                                 std::mt19937& random) {
  const std::vector<std::uint8_t>& labels =
      findings.layers[static_cast<std::size_t>(segment.layer)].labels;
  const std::size_t slices = findings.source.frames.size();
  const std::size_t frame = labels.size() / slices;
  ProbabilityMap map;
  for (std::size_t slice = 0; slice < slices; ++slice) {
    std::vector<std::uint8_t> values(frame, 0);
    for (std::size_t i = 0; i < frame; ++i) {
      if (labels[slice * frame + i] == segment.value)
        values[i] = static_cast<std::uint8_t>(128 + random() % 128);
      else if (slice % 2 == 0 && random() % 4 == 0)
        values[i] = static_cast<std::uint8_t>(random() % 128);
    }
    if (std::all_of(values.begin(), values.end(), [](std::uint8_t v) { return v == 0; }))
      values.clear();
    map.slices.push_back(std::move(values));
  }
  return map;
}

}  // namespace

config::ModelCard CardWithSegments(int segments) {
  config::ModelCard card = LungCard();
  const config::SegmentSpec spec = card.segments.front();
  card.segments.clear();
  for (int i = 0; i < segments; ++i) {
    card.segments.push_back(spec);
    card.segments.back().label = i + 1;
    card.segments.back().name = fmt::format("Structure {}", i + 1);
  }
  return card;
}

Findings MakeRandomFindings(const SourceSeries& source, const config::ModelCard& card,
                            const RandomFindings& options) {
  std::mt19937 random(options.seed);
  Findings findings{source, {}, {}, {}};
  std::vector<int> sets[2];
  for (int i = 0; i < options.segments; ++i) sets[options.overlap ? i % 2 : 0].push_back(i);
  for (const std::vector<int>& members : sets)
    if (!members.empty()) AddLayers(findings, card, members, random);
  std::sort(
      findings.segments.begin(), findings.segments.end(),
      [](const SegmentFinding& a, const SegmentFinding& b) { return a.spec.label < b.spec.label; });
  for (std::size_t i = 0; i < findings.segments.size(); ++i)
    findings.segments[i].segment_number = static_cast<int>(i) + 1;
  if (options.probabilities)
    for (const SegmentFinding& segment : findings.segments)
      findings.probabilities.push_back(MakeProbabilities(findings, segment, random));
  return findings;
}

}  // namespace axial::testing
