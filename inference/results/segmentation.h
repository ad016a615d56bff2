#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "inference/results/result_run.h"
#include "inference/results/segment_frames.h"

namespace axial::results {

/// Writes a BINARY Segmentation (PS3.3 A.51, C.8.20) of the planned frames (at least one) to
/// `path`: no Pixel Data in memory. Not yet synced or checked.
/// Errors: Unsupported (Pixel Data beyond 4 GiB), Unavailable (disk), InvalidInput, Internal.
[[nodiscard]] Result<protocol::Artifact> WriteSegmentation(const ResultRun& run,
                                                           const std::vector<SegmentFrame>& frames,
                                                           const std::string& path);

/// Pixel Data's length before padding: all frames' bits, packed without gaps.
[[nodiscard]] std::uint64_t PackedBytes(std::size_t frames, int rows, int columns);

}  // namespace axial::results
