#pragma once

#include "core/base/result.h"
#include "inference/results/report_reading.h"
#include "inference/results/result_kind.h"
#include "inference/results/result_run.h"

namespace axial::results {

/// Compares the measurement groups of a report with the findings: one per segment, its region (the
/// segment, or outlines on every slice that has it) and every value; planar regions against the
/// mask, pixel by pixel; answers and their certainty; tracking identifiers; and that the algorithm
/// is the one in `dataset`'s Contributing Equipment (IHE AIR 6.5.3.1). Outlines must be closed and
/// within the image. Independent of how they were written. Error: Corrupt, "report: ...".
[[nodiscard]] Status CheckReportGroups(const ResultRun& run, const ObjectRequest& request,
                                       const ReportContentTree& tree, DcmItem& dataset);

}  // namespace axial::results
