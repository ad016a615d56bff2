#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "inference/results/result_run.h"

/// What every object says of a run whose model could not run (ResultOptions::failure is set), so
/// that nobody reads it as a result.
namespace axial::results {

/// "AI could not run: Lungs 1.2.0".
[[nodiscard]] std::string FailureTitle(const ResultRun& run);

/// That this is no result.
[[nodiscard]] std::string FailureStatement(const ResultRun& run);

/// "Reason: ..."
[[nodiscard]] std::string FailureReason(const ResultRun& run);

/// Series Description: the title, fitted to the character set.
void PutFailureTitle(const ResultRun& run, AttributeWriter& writer);

/// Title, and the outcome as Series Description Code (PS3.3 C.7.3.1): Failed or Not Attempted of
/// DCM, as in the report. For objects that have no coded content.
void PutCodedFailureTitle(const ResultRun& run, AttributeWriter& writer);

/// Error: Corrupt, when the Series is not described as that of a failed run, or, of a run that did
/// not fail, is.
[[nodiscard]] Status CheckFailureTitle(const ResultRun& run, DcmItem& dataset,
                                       std::string_view object);

}  // namespace axial::results
