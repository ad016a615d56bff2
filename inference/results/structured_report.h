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

/// SOP Class of a profile's report: Comprehensive 3D, Comprehensive or Enhanced SR Storage.
[[nodiscard]] const char* ReportClass(const config::ResultProfile& profile);

/// Writes the run's one root report (PS3.16 TID 1500); it refers to the Segmentation when there is
/// one, and names the reports that it replaces (PS3.3 C.17.2, Predecessor Documents). Reads the
/// header of every source file.
/// Errors: as ReadSourceHeader, Unavailable (disk), Internal (DCMTK refused a content item).
[[nodiscard]] Result<protocol::Artifact> WriteReport(const ResultRun& run,
                                                     const ObjectRequest& request);

}  // namespace axial::results
