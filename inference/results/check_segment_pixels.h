#pragma once

#include <vector>

#include "core/base/result.h"
#include "inference/findings/findings.h"
#include "inference/results/segment_frames.h"

class DcmDataset;

namespace axial::results {

/// Compares every bit of BINARY Pixel Data with the label map, given what each stored frame says it
/// is, and makes sure that no voxel of a segment is left out. Reads Pixel Data piece by piece.
/// Error: Corrupt, "segmentation: ...".
[[nodiscard]] Status CheckSegmentPixels(const Findings& findings,
                                        const std::vector<SegmentFrame>& frames,
                                        DcmDataset& dataset);

}  // namespace axial::results
