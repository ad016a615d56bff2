#include "inference/results/report_regions.h"

#include <map>

namespace axial::results {
namespace {

constexpr std::size_t kMaxPoints = 4'000;  // a Graphic Data element holds 8,191

/// The connected parts of a segment on one frame, the largest first.
std::vector<ReportRegion> RegionsOn(const ResultRun& run, const SegmentFrame& frame,
                                    std::size_t most, std::size_t& left_out) {
  const SegmentFinding& segment =
      run.findings.segments[static_cast<std::size_t>(frame.segment_number) - 1];
  Contours traced = SegmentContours(run.findings, segment, frame.slice, {.max_points = kMaxPoints});
  std::vector<ReportRegion> regions;
  for (Contour& contour : traced.contours) {
    if (contour.hole)
      regions.back().pixels -= contour.pixels;  // it follows its outline
    else
      regions.push_back(
          {&segment, frame.slice, regions.size() + 1, std::move(contour.points), contour.pixels});
  }
  left_out += traced.left_out;
  if (regions.size() > most) {
    left_out += regions.size() - most;
    regions.resize(most);
  }
  return regions;
}

void Append(std::vector<ReportRegion>&& regions, std::size_t most, ReportRegions& plan,
            std::vector<ReportRegion>& to) {
  for (ReportRegion& region : regions) {
    if (to.size() < most)
      to.push_back(std::move(region));
    else
      ++plan.left_out;
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

}  // namespace

bool AreSingleImages(const ResultRun& run) {
  return run.card.input.kind == config::InputKind::kImage || run.findings.source.frames.size() == 1;
}

ReportRegions PlanReportRegions(const ResultRun& run, bool with_segmentation) {
  ReportRegions plan;
  if (AreSingleImages(run)) {
    for (const SegmentFrame& frame : run.frames)
      Append(RegionsOn(run, frame, kMaxRegionsOfFrame, plan.left_out), kMaxPlanarRegions, plan,
             plan.planar);
    return plan;
  }
  std::size_t other_parts = 0;  // of the largest section: measured with the segment as a whole
  for (const SegmentFrame& frame : LargestSections(run))
    Append(RegionsOn(run, frame, 1, other_parts), kMaxPlanarRegions, plan, plan.planar);
  if (!with_segmentation)
    for (const SegmentFrame& frame : run.frames)
      Append(RegionsOn(run, frame, kMaxRegionsOfFrame, plan.left_out), kMaxVolumetricRegions, plan,
             plan.volumetric);
  return plan;
}

}  // namespace axial::results
