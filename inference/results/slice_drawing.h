#pragma once

#include "inference/results/canvas.h"
#include "inference/results/result_run.h"

namespace axial::results {

/// The frame `slice` of the source as people see it. Errors: as PixelFile.
[[nodiscard]] Result<Picture> SourcePicture(const ResultRun& run, int slice);

/// Width divided by height of a picture on a screen with square pixels.
[[nodiscard]] double ShapeOf(const Picture& picture);

/// The frame, as large as fits into the middle of `area`, with the outlines of its segments in
/// their colours, its place in the stack and letters for where its sides lie in the patient.
void DrawSlice(const ResultRun& run, int slice, const Picture& picture, const Box& area,
               double line_width, Canvas& canvas);

/// A segment's recommended colour.
[[nodiscard]] Colour ColourOf(const SegmentFinding& segment);

}  // namespace axial::results
