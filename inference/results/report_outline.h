#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/result.h"
#include "inference/findings/findings.h"
#include "inference/results/contours.h"

class DcmItem;

namespace axial::results {

/// An outline as a written report draws it (PS3.3 C.18.6).
struct ReportOutline {
  int slice = 0;                     ///< into SourceSeries::frames
  std::vector<ContourPoint> points;  ///< the last is the first again

  [[nodiscard]] std::size_t frame() const { return static_cast<std::size_t>(slice); }
};

/// Reads a content item SCOORD. Error: Corrupt: not a closed POLYLINE of three or more points, a
/// point beyond the image, not on one image of the source.
[[nodiscard]] Result<ReportOutline> ReadOutline(const SourceSeries& source, DcmItem& item);

/// Pixels whose centre is inside an outline, by the even-odd rule.
struct PixelsInside {
  std::int64_t all = 0;
  std::int64_t of_segment = 0;
};
[[nodiscard]] PixelsInside CountInside(const Findings& findings, const SegmentFinding& segment,
                                       const ReportOutline& outline);

/// The border of an image, for what is about all of it.
[[nodiscard]] std::vector<ContourPoint> WholeImage(const SourceSeries& source);

/// The frame to show an answer on, into SourceSeries::frames: its own, or the middle of the series.
[[nodiscard]] std::size_t FrameToShow(const SourceSeries& source,
                                      const ClassificationFinding& answer);

/// Of one pixel of the frame; 0 when its size is unknown.
[[nodiscard]] double PixelAreaMm2(const SourceFrame& frame);

}  // namespace axial::results
