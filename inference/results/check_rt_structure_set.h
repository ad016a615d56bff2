#pragma once

#include "core/base/result.h"
#include "inference/results/result_kind.h"
#include "inference/results/result_run.h"

namespace axial::results {

/// Fills the contours of a written RT Structure Set again, each by itself, and compares with the
/// label maps: every pixel whose centre is in a contour belongs to the segment and is in no other
/// contour of it (so that uniting and XORing contours give the same), and no more pixels are
/// missing than Structure Set Description says.
/// Errors: Corrupt, "structure set: <what>"; Unavailable (file).
[[nodiscard]] Status CheckRtStructureSet(const ResultRun& run, const ObjectRequest& request);

}  // namespace axial::results
