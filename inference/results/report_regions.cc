#include "inference/results/report_regions.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace axial::results {
namespace {

constexpr std::size_t kMaxPoints = 8'000;  // a Graphic Data element holds 8,191

/// The connected parts of a segment on one frame, the largest first, at most `most`.
struct Parts {
  std::vector<ReportRegion> regions;
  std::size_t small = 0;      ///< beyond `most`
  std::size_t intricate = 0;  ///< left out because their outline would not hold just their pixels
};

Parts PartsOn(const ResultRun& run, const SegmentFrame& frame, std::size_t most) {
  const SegmentFinding& segment =
      run.findings.segments[static_cast<std::size_t>(frame.segment_number) - 1];
  const ContourOptions options{.max_points = kMaxPoints};
  Contours traced = SegmentContours(run.findings, segment, frame.slice, options);
  Parts parts;
  std::size_t number = 0;
  for (Contour& contour : traced.contours) {
    if (contour.hole) continue;
    if (++number > most)
      ++parts.small;
    else if (contour.tolerance_px > options.tolerance_px)
      ++parts.intricate;
    else
      parts.regions.push_back(
          {&segment, frame.slice, number, std::move(contour.points), contour.pixels, false});
  }
  return parts;
}

/// Adds the parts on a frame to a list that may have `most` regions.
void Add(Parts&& parts, std::size_t most, ReportRegions& plan, std::vector<ReportRegion>& list) {
  plan.skipped += parts.intricate;
  for (ReportRegion& region : parts.regions) {
    if (list.size() < most)
      list.push_back(std::move(region));
    else
      ++plan.skipped;
  }
}

/// For each segment the frame with most of it.
std::vector<SegmentFrame> LargestSections(const ResultRun& run) {
  std::map<int, SegmentFrame> largest;
  for (const SegmentFrame& frame : run.frames) {
    SegmentFrame& best = largest[frame.segment_number];
    if (frame.voxels > best.voxels) best = frame;
  }
  std::vector<SegmentFrame> sections;
  for (const auto& [segment, frame] : largest) sections.push_back(frame);
  return sections;
}

/// Of each segment the first planar region, and where it is outlined on every slice, that one,
/// which then comes first.
void MarkThoseOfWhole(ReportRegions& plan) {
  std::map<const SegmentFinding*, int> slices;
  for (ReportRegion& region : plan.planar)
    region.of_whole = slices.emplace(region.segment, region.slice).second;
  for (ReportRegion& region : plan.volumetric) {
    const auto found = slices.find(region.segment);
    region.of_whole = found != slices.end() && found->second == region.slice && region.number == 1;
  }
  std::ranges::stable_sort(plan.volumetric, {}, [](const ReportRegion& region) {
    return std::tuple(region.segment->segment_number, !region.of_whole);
  });
}

}  // namespace

bool AreSingleImages(const ResultRun& run) {
  return run.card.input.kind == config::InputKind::kImage || run.findings.source.frames.size() == 1;
}

ReportRegions PlanReportRegions(const ResultRun& run, bool with_segmentation) {
  ReportRegions plan;
  const auto add_all = [&](std::size_t most, std::vector<ReportRegion>& list) {
    for (const SegmentFrame& frame : run.frames) {
      Parts parts = PartsOn(run, frame, kMaxRegionsOfFrame);
      plan.small += parts.small;
      Add(std::move(parts), most, plan, list);
    }
  };
  if (AreSingleImages(run)) {
    add_all(kMaxPlanarRegions, plan.planar);
    MarkThoseOfWhole(plan);
    return plan;
  }
  // Other parts of the section are measured with the segment as a whole.
  for (const SegmentFrame& frame : LargestSections(run))
    Add(PartsOn(run, frame, 1), kMaxPlanarRegions, plan, plan.planar);
  if (!with_segmentation) add_all(kMaxVolumetricRegions, plan.volumetric);
  MarkThoseOfWhole(plan);
  return plan;
}

}  // namespace axial::results
