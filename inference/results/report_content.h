#pragma once

#include <optional>

#include "core/base/result.h"
#include "inference/results/result_run.h"

class DSRDocumentTree;
class TID1500_MeasurementReport;

namespace axial::results {

/// Fills the content tree of a Measurement Report (PS3.16 TID 1500): language, observer device,
/// procedure, image library, one volumetric group per segment (TID 1411), answers, and what was
/// looked for and not found. Errors as WriteReport.
[[nodiscard]] Status FillReport(const ResultRun& run,
                                const std::optional<protocol::Artifact>& segmentation,
                                TID1500_MeasurementReport& report);

/// Adds to the finished tree what DCMTK's template classes cannot: the algorithm at group level
/// (TID 4019), and one measurement group (TID 1501) per answer about a single image of several.
[[nodiscard]] Status ExtendTree(const ResultRun& run, DSRDocumentTree& tree);

}  // namespace axial::results
