#pragma once

#include <vector>

#include "core/base/result.h"
#include "inference/findings/findings.h"
#include "inference/results/segment_frames.h"
#include "inference/results/segmentation_form.h"

class DcmItem;

namespace axial::results {

/// Reads what each stored frame says it is (in the order of storing) and compares it with the
/// source: one source image, its geometry as the source wrote it, a segment that exists, dimension
/// values that sort the frames, and all frames when empty ones are kept.
/// Error: Corrupt, "segmentation: ...".
[[nodiscard]] Result<std::vector<SegmentFrame>> CheckSegmentFrames(const Findings& findings,
                                                                   const SegmentationForm& form,
                                                                   DcmItem& dataset);

}  // namespace axial::results
