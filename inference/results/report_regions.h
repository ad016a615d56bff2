#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "inference/results/contours.h"
#include "inference/results/result_run.h"

namespace axial::results {

/// So that a report stays readable; the smallest parts of a frame are left out first. One region of
/// each segment may be beyond the others.
inline constexpr std::size_t kMaxRegionsOfFrame = 20;
inline constexpr std::size_t kMaxPlanarRegions = 1'000;
inline constexpr std::size_t kMaxVolumetricRegions = 20'000;

/// One outline that a report draws on a source frame.
struct ReportRegion {
  const SegmentFinding* segment = nullptr;
  int slice = 0;                     ///< into SourceSeries::frames
  std::size_t number = 0;            ///< on its frame, from 1, the largest first
  std::vector<ContourPoint> points;  ///< closed; the first point is not repeated
  std::int64_t pixels = 0;           ///< of the segment in it, without its holes
  /// Stands for the whole segment: its group has the segment's own tracking UID, as one thing that
  /// is measured twice. OHIF shows groups of one UID as one measurement, at the first outline in
  /// them, and opens no report that has a measurement without any outline.
  bool of_whole = false;
};

/// What a report draws of the segments.
struct ReportRegions {
  /// Planar regions (PS3.16 TID 1410). Of single images: every connected part of a segment, and of
  /// each segment at least one, for without Segmentation nothing else tells of it. Of a stack: the
  /// largest part on the slice with most of the segment, for readers that show no Segmentation.
  std::vector<ReportRegion> planar;
  /// Of a stack when there is no Segmentation to refer to: the outer outlines of each segment on
  /// every slice (TID 1411), segment by segment.
  std::vector<ReportRegion> volumetric;
  std::size_t small = 0;    ///< parts of a segment on a frame beyond kMaxRegionsOfFrame
  std::size_t cut = 0;      ///< parts too intricate for one outline: in several regions
  std::size_t skipped = 0;  ///< regions beyond the other limits, or too intricate for an outline
};

/// What a report says of skipped regions, after their number.
inline constexpr const char* kSkippedRegions =
    " regions are too many or too intricate to be outlined in this report.";

/// True when the frames are images of their own, not slices of a stack.
[[nodiscard]] bool AreSingleImages(const ResultRun& run);

[[nodiscard]] ReportRegions PlanReportRegions(const ResultRun& run, bool with_segmentation);

}  // namespace axial::results
