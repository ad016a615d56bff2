#pragma once

#include <string>

#include "core/base/result.h"
#include "inference/results/report_regions.h"
#include "inference/results/result_run.h"

class DcmItem;
class TID1500_MeasurementReport;

namespace axial::results {

/// Fills the content tree of a Measurement Report (PS3.16 TID 1500) but for its measurement groups:
/// language, observer device, procedure, image library, and what was looked for and not found, or
/// that the model could not run. `regions`: those that the groups will outline. Errors as
/// WriteReport.
[[nodiscard]] Status FillReport(const ResultRun& run, const ReportRegions& regions,
                                TID1500_MeasurementReport& report);

/// Gives every reference to `instance` in `item` and below its SOP class. dcmsr 3.6.7 lets only
/// Segmentation Storage have Referenced Segment Numbers: it must be told that class when writing
/// and reading references to a label map.
void NameClassOfInstance(const std::string& instance, const std::string& sop_class, DcmItem& item);

}  // namespace axial::results
