#pragma once

#include <cstdint>
#include <vector>

#include "core/base/result.h"
#include "inference/findings/findings.h"

namespace axial::results {

/// One frame of a Segmentation: one segment on one source frame, or, in a LABELMAP, all of them.
struct SegmentFrame {
  int segment_number = 0;   ///< from 1; 0 in a LABELMAP
  int layer = 0;            ///< into Findings::layers
  std::uint8_t value = 0;   ///< of its voxels in that layer
  int slice = 0;            ///< into SourceSeries::frames
  std::int64_t voxels = 0;  ///< of the segment on that frame
  int first_row = 0;        ///< the rows that have them: most of a frame is empty
  int end_row = 0;          ///< behind the last; first_row when there is none
};

/// The frames a BINARY Segmentation needs: segment by segment, each in stack order, empty ones
/// omitted. Error: InvalidInput, when findings and label map contradict each other: sizes, segment
/// numbers not 1..n, a voxel that belongs to no segment, a count that is not the one in the
/// findings.
[[nodiscard]] Result<std::vector<SegmentFrame>> PlanSegmentFrames(const Findings& findings);

/// True when some voxel belongs to more than one segment. Looks at every voxel when there are
/// several layers. `findings` must have passed PlanSegmentFrames.
[[nodiscard]] bool SegmentsOverlap(const Findings& findings);

}  // namespace axial::results
