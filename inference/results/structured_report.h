#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "inference/results/result_run.h"

namespace axial::results {

/// Writes the run's one root report, a Comprehensive 3D SR (PS3.16 TID 1500), to `path`; it refers
/// to the Segmentation when there is one. Reads the header of every source file. Not yet synced or
/// checked.
/// Errors: as ReadSourceHeader, Unavailable (disk), Internal (DCMTK refused a content item).
[[nodiscard]] Result<protocol::Artifact> WriteReport(
    const ResultRun& run, const std::optional<protocol::Artifact>& segmentation,
    const std::string& path);

}  // namespace axial::results
