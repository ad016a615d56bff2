#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "inference/results/result_kind.h"
#include "inference/results/result_run.h"

namespace axial::results {

/// Nothing when there is no frame to write or the profile wants no Segmentation.
[[nodiscard]] std::optional<std::string> SegmentationVariant(const ResultRun& run,
                                                             const config::ResultProfile& profile);

/// Says once for each reason that a profile gets another form than it asks for (ChooseForm).
void LogReplacedForms(const ResultRun& run);

/// Writes a Segmentation (PS3.3 A.51, A.51.2 for label maps, C.8.20) in the form its profile gets,
/// of a run with at least one frame. Pixels are made while they are written, never all in memory.
/// Errors: Unsupported (BINARY Pixel Data beyond 4 GiB), Unavailable (disk), InvalidInput,
/// Internal.
[[nodiscard]] Result<protocol::Artifact> WriteSegmentation(const ResultRun& run,
                                                           const ObjectRequest& request);

}  // namespace axial::results
