#pragma once

#include <string>

#include "core/base/result.h"
#include "inference/results/result_run.h"

namespace axial::results {

/// "AI result: Lungs 1.2.0", or FailureTitle.
[[nodiscard]] std::string PageTitle(const ResultRun& run);

/// One A4 page as PDF: banner, patient and study, algorithm and notice, answers with probability,
/// what was looked for and not found, measurements, up to four key pictures. What does not fit is
/// counted. Of a run that failed: that it did and why, in place of any outcome and picture. `when`:
/// "2026-01-31 12:00". Errors: as PixelFile and Canvas.
[[nodiscard]] Result<std::string> MakeReportPage(const ResultRun& run, const std::string& banner,
                                                 const std::string& when);

}  // namespace axial::results
