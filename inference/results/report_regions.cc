#include "inference/results/report_regions.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <tuple>

#include "inference/results/planar_outlines.h"

namespace axial::results {
namespace {

constexpr std::size_t kMaxPoints = 8'000;  // a Graphic Data element holds 8,191

/// The connected parts of a segment on one frame, the largest first, at most `most`.
struct Parts {
  std::vector<ReportRegion> regions;
  std::size_t small = 0;      ///< beyond `most`
  std::size_t cut = 0;        ///< in more than one of `regions`: too intricate for one outline
  std::size_t intricate = 0;  ///< regions of such parts beyond `most`
};

/// The pixels of one frame of the segment's layer.
std::span<const std::uint8_t> FrameLabels(const ResultRun& run, const SegmentFrame& frame) {
  const LabelMap& layer = run.findings.layers[static_cast<std::size_t>(frame.layer)];
  const std::size_t pixels = static_cast<std::size_t>(layer.geometry.size.rows) *
                             static_cast<std::size_t>(layer.geometry.size.columns);
  return std::span(layer.labels).subspan(static_cast<std::size_t>(frame.slice) * pixels, pixels);
}

Parts PartsOn(const ResultRun& run, const SegmentFrame& frame, std::size_t most) {
  const SegmentFinding& segment =
      run.findings.segments[static_cast<std::size_t>(frame.segment_number) - 1];
  const ContourOptions options{.max_points = kMaxPoints};
  Contours traced = SegmentContours(run.findings, segment, frame.slice, options);
  Parts parts;
  const auto add = [&](std::vector<ContourPoint>&& points, std::int64_t pixels) {
    const bool fits = parts.regions.size() < most;
    if (fits)
      parts.regions.push_back(
          {&segment, frame.slice, parts.regions.size() + 1, std::move(points), pixels, false});
    return fits;
  };
  for (Contour& contour : traced.contours) {
    if (contour.hole) continue;
    if (contour.tolerance_px <= options.tolerance_px) {
      if (!add(std::move(contour.points), contour.pixels)) ++parts.small;
      continue;
    }
    // Coarser, it would not hold just its pixels.
    if (parts.regions.size() < most) ++parts.cut;
    for (PlanarOutline& piece :
         OutlinesOfPart(FrameLabels(run, frame), run.findings.source.rows,
                        run.findings.source.columns, contour.points.front(), kMaxPoints))
      if (!add(std::move(piece.points), piece.pixels)) ++parts.intricate;
  }
  return parts;
}

/// For a section that stands for its segment: nothing where no one outline can.
Parts LargestPartOn(const ResultRun& run, const SegmentFrame& frame) {
  Parts parts = PartsOn(run, frame, 1);
  if (parts.cut > 0) return {.regions = {}, .intricate = 1};
  parts.small = 0;
  return parts;
}

/// Adds the parts of one frame after the other to a list that may have `most` regions, so that
/// there is room for one of each segment that comes later; `frames`: by segment.
class RegionList {
 public:
  RegionList(const std::vector<SegmentFrame>& frames, std::size_t most, ReportRegions& plan,
             std::vector<ReportRegion>& list)
      : most_(most), plan_(plan), list_(list) {
    for (const SegmentFrame& frame : frames) to_come_.insert(frame.segment_number);
  }

  void Add(int segment_number, Parts&& parts) {
    bool first = to_come_.erase(segment_number) > 0;
    plan_.small += parts.small;
    plan_.cut += parts.cut;
    plan_.skipped += parts.intricate;
    for (ReportRegion& region : parts.regions) {
      if (first || list_.size() + to_come_.size() < most_)
        list_.push_back(std::move(region));
      else
        ++plan_.skipped;
      first = false;
    }
  }

 private:
  const std::size_t most_;
  ReportRegions& plan_;
  std::vector<ReportRegion>& list_;
  std::set<int> to_come_;  ///< numbers of segments without a region yet
};

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
    RegionList regions(run.frames, most, plan, list);
    for (const SegmentFrame& frame : run.frames)
      regions.Add(frame.segment_number, PartsOn(run, frame, kMaxRegionsOfFrame));
  };
  if (AreSingleImages(run)) {
    add_all(kMaxPlanarRegions, plan.planar);
    MarkThoseOfWhole(plan);
    return plan;
  }
  // Other parts of the section are measured with the segment as a whole.
  const std::vector<SegmentFrame> sections = LargestSections(run);
  RegionList largest(sections, kMaxPlanarRegions, plan, plan.planar);
  for (const SegmentFrame& frame : sections)
    largest.Add(frame.segment_number, LargestPartOn(run, frame));
  if (!with_segmentation) add_all(kMaxVolumetricRegions, plan.volumetric);
  MarkThoseOfWhole(plan);
  return plan;
}

}  // namespace axial::results
