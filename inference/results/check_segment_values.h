#pragma once

#include <vector>

#include "core/base/result.h"
#include "inference/findings/findings.h"
#include "inference/results/segment_frames.h"
#include "inference/results/segmentation_form.h"

class DcmDataset;

namespace axial::results {

/// Compares every pixel of a LABELMAP or FRACTIONAL Segmentation with the findings, given what each
/// stored frame says it is, and makes sure that nothing is left out and no frame is empty that
/// should not be. RLE is decoded by DCMTK. Reads Pixel Data frame by frame.
/// Error: Corrupt, "segmentation: ...".
[[nodiscard]] Status CheckSegmentValues(const Findings& findings, const SegmentationForm& form,
                                        const std::vector<SegmentFrame>& frames,
                                        DcmDataset& dataset);

}  // namespace axial::results
