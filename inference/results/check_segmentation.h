#pragma once

#include "core/base/result.h"
#include "inference/results/result_kind.h"
#include "inference/results/result_run.h"

namespace axial::results {

/// Reads a written Segmentation again and compares it with the findings and the source: composite
/// context, references, geometry text, segments, dimension values, Pixel Data's length, and every
/// bit of every frame against the label map. Independent of how it was written; Pixel Data is read
/// frame by frame.
/// Errors: Corrupt, "segmentation: <what>: ..."; Unavailable (file).
[[nodiscard]] Status CheckSegmentation(const ResultRun& run, const ObjectRequest& request);

}  // namespace axial::results
