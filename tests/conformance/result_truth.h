#pragma once

#include <string>

#include "config/model_card.h"
#include "inference/findings/findings.h"

/// What results were made from, written for readers in other languages.
namespace axial::testing {

/// The masks and what each frame is, as check_seg.py says.
void WriteTruth(const Findings& findings, bool keep_empty_frames, const std::string& folder);

/// What the findings do not tell of a report.
struct ReportTruth {
  int planar_regions = -1;  ///< how many it has; -1 where that is not known
  bool failed = false;      ///< it says that the model did not run
};

/// What a report must say, and the source files, for highdicom_report.py and check_cornerstone.mjs.
void WriteReportTruth(const Findings& findings, const config::ModelCard& card,
                      const ReportTruth& report, const std::string& folder);

}  // namespace axial::testing
