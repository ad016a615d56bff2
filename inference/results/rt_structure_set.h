#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "inference/results/result_kind.h"
#include "inference/results/result_run.h"

/// An RT Structure Set of the segments, for planning systems and viewers that show contours but no
/// Segmentation. Each ROI is the segment of the same number. Holes are CLOSED_PLANAR contours of
/// their own: what lies within an odd number of an ROI's contours on a plane belongs to it (the
/// even-odd or XOR reading, which planning systems share).
namespace axial::results {

/// When the profile wants one, the source has a Frame of Reference, plane geometry and
/// Pixel Spacing, and something was found.
[[nodiscard]] std::optional<std::string> RtStructureSetVariant(
    const ResultRun& run, const config::ResultProfile& profile);

/// PS3.3 A.19: contours in the patient's millimetres, rounded to 0.0001 mm, at most 1,900 points
/// each so that one fits into the 65,534 bytes of an explicit DS. UNAPPROVED: nobody has seen it.
/// Of a segment the 10,000 largest contours of a frame; Structure Set Description tells of others.
/// Errors: Internal; Unavailable (disk).
[[nodiscard]] Result<protocol::Artifact> WriteRtStructureSet(const ResultRun& run,
                                                             const ObjectRequest& request);

/// Errors: Corrupt, "structure set: <what>"; Unavailable (file).
[[nodiscard]] Status CheckRtStructureSet(const ResultRun& run, const ObjectRequest& request);

}  // namespace axial::results
