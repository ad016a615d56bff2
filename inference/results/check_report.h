#pragma once

#include "core/base/result.h"
#include "inference/results/result_kind.h"
#include "inference/results/result_run.h"

namespace axial::results {

/// Reads a written report again and compares it with the findings and the source: composite
/// context, character set, template, evidence for every reference in the tree, one group per
/// segment with the right segment and tracking UID, and every measured value.
/// Errors: Corrupt, "report: <what>: ..."; Unavailable (file).
[[nodiscard]] Status CheckReport(const ResultRun& run, const ObjectRequest& request);

}  // namespace axial::results
