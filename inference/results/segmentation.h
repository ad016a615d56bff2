#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "inference/results/result_kind.h"
#include "inference/results/result_run.h"

namespace axial::results {

/// Nothing when there is no frame to write or the profile wants no Segmentation.
[[nodiscard]] std::optional<std::string> SegmentationVariant(const ResultRun& run,
                                                             const config::ResultProfile& profile);

/// Writes a BINARY Segmentation (PS3.3 A.51, C.8.20) of the run's frames (at least one): no Pixel
/// Data in memory.
/// Errors: Unsupported (Pixel Data beyond 4 GiB), Unavailable (disk), InvalidInput, Internal.
[[nodiscard]] Result<protocol::Artifact> WriteSegmentation(const ResultRun& run,
                                                           const ObjectRequest& request);

/// Pixel Data's length before padding: all frames' bits, packed without gaps.
[[nodiscard]] std::uint64_t PackedBytes(std::size_t frames, int rows, int columns);

}  // namespace axial::results
