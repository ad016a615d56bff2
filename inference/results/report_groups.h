#pragma once

#include <optional>

#include "core/base/result.h"
#include "inference/results/report_regions.h"
#include "inference/results/result_run.h"

class DSRDocumentTree;

namespace axial::results {

/// Where a segment is; nullopt for a lesion whose card does not say it. A structure is its own
/// site.
[[nodiscard]] std::optional<CodedConcept> FindingSiteOf(const config::SegmentSpec& spec);

/// Adds the measurement groups below Imaging Measurements (PS3.16 TID 1500), each with the
/// algorithm that made it (TID 4019), as are their measurements: one per segment (TID 1411), which
/// refers to the Segmentation or else to outlines on the images; one per planar region (TID 1410)
/// with its area where the pixels' size is known; one per answer (TID 1501) with its certainty.
/// Error: Internal (DCMTK refused a content item).
[[nodiscard]] Status AddMeasurementGroups(const ResultRun& run,
                                          const std::optional<protocol::Artifact>& segmentation,
                                          const ReportRegions& regions, DSRDocumentTree& tree);

}  // namespace axial::results
