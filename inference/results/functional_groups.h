#pragma once

#include <vector>

#include "inference/results/attribute_writer.h"
#include "inference/results/result_run.h"
#include "inference/results/segment_frames.h"
#include "inference/results/segmentation_form.h"

namespace axial::results {

/// Writes the dimensions, the references to the source Series, and the shared and per-frame
/// functional groups of a Segmentation (PS3.3 C.7.6.16, C.7.6.17, C.12.2), geometry byte for byte
/// as the source wrote it. A LABELMAP's frames belong to no segment.
void WriteFunctionalGroups(const ResultRun& run, const SegmentationForm& form,
                           const std::vector<SegmentFrame>& frames, AttributeWriter& writer);

/// True when positions and orientations can be told: CT, MR, PT; false for CR, DX, MG.
[[nodiscard]] bool HasPlaneGeometry(const SourceSeries& source);

}  // namespace axial::results
