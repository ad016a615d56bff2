#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "inference/results/result_run.h"

class DSRDocumentTree;
class TID1500_MeasurementReport;

class DcmItem;

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

/// Gives every reference to `instance` in `item` and below its SOP class. dcmsr 3.6.7 lets only
/// Segmentation Storage have Referenced Segment Numbers: it must be told that class when writing
/// and reading references to a label map.
void NameClassOfInstance(const std::string& instance, const std::string& sop_class, DcmItem& item);

}  // namespace axial::results
