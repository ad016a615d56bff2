#pragma once

#include <vector>

#include "core/base/result.h"
#include "inference/results/result_run.h"
#include "inference/results/segment_frames.h"
#include "inference/results/segmentation_form.h"

class DcmDataset;

namespace axial::results {

/// Compares every bit of BINARY Pixel Data with the label maps, given what each stored frame says
/// it is, and makes sure that no voxel of a segment is left out and no frame is empty that should
/// not be. Reads Pixel Data piece by piece. Error: Corrupt, "segmentation: ...".
[[nodiscard]] Status CheckSegmentBits(const ResultRun& run, const SegmentationForm& form,
                                      const std::vector<SegmentFrame>& frames, DcmDataset& dataset);

}  // namespace axial::results
