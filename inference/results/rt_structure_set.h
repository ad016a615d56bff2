#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "inference/results/result_kind.h"
#include "inference/results/result_run.h"

/// An RT Structure Set of the segments, for planning systems and viewers that show contours but no
/// Segmentation. Each ROI is the segment of the same number.
///
/// Holes are cut out by the "keyhole" technique of PS3.3 C.8.8.6.3, not as contours of their own:
/// an ROI is the union of its CLOSED_PLANAR contours, and readers that follow that (plastimatch by
/// default) fill a hole that is drawn as another contour; readers that XOR them, and those of
/// either technique, read a keyhole rightly. CLOSEDPLANAR_XOR says it more plainly,
/// but older readers drop contours of a type they do not know. docs/adr/0006.
namespace axial::results {

inline constexpr const char* kRtStructureSetKind = "rt_structure_set";
inline constexpr const char* kRtStructureSetClass = "1.2.840.10008.5.1.4.1.1.481.3";
inline constexpr const char* kContourGeometricType = "CLOSED_PLANAR";

/// When the profile wants one, the source has a Frame of Reference, plane geometry and
/// Pixel Spacing, and something was found.
[[nodiscard]] std::optional<std::string> RtStructureSetVariant(
    const ResultRun& run, const config::ResultProfile& profile);

/// PS3.3 A.19: PlanRoiOutlines in the patient's millimetres. UNAPPROVED: nobody has seen it.
/// Structure Set Description tells what is left out of it.
/// Errors: Internal; Unavailable (disk).
[[nodiscard]] Result<protocol::Artifact> WriteRtStructureSet(const ResultRun& run,
                                                             const ObjectRequest& request);

/// Structure Set Description (3006,0006).
[[nodiscard]] std::string StructureSetDescription(const ResultRun& run,
                                                  std::int64_t pixels_left_out);

}  // namespace axial::results
