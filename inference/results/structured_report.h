#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "inference/results/result_kind.h"
#include "inference/results/result_run.h"

namespace axial::results {

/// Nothing when the profile wants no report. The form of the Segmentation that it refers to is part
/// of it.
[[nodiscard]] std::optional<std::string> ReportVariant(const ResultRun& run,
                                                       const config::ResultProfile& profile);

/// Writes the run's one root report, a Comprehensive 3D SR (PS3.16 TID 1500); it refers to the
/// Segmentation when there is one. Reads the header of every source file.
/// Errors: as ReadSourceHeader, Unavailable (disk), Internal (DCMTK refused a content item).
[[nodiscard]] Result<protocol::Artifact> WriteReport(const ResultRun& run,
                                                     const ObjectRequest& request);

}  // namespace axial::results
