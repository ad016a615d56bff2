#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "inference/results/result_run.h"

/// What the objects made for looking at share: Secondary Captures and pages.
namespace axial::results {

/// Series Description "AI <algorithm> <what>".
void PutSeriesTitle(const ResultRun& run, const std::string& what, AttributeWriter& writer);

/// One item that names the frame.
void PutSourceImage(const SourceFrame& frame, const DcmTagKey& sequence, AttributeWriter& writer);

/// Error: Corrupt, when the sequence's first item does not name the frame.
[[nodiscard]] Status CheckSourceImage(const SourceFrame& frame, const DcmTagKey& sequence,
                                      DcmItem& dataset, std::string_view object);

/// Composite context, and values that every such object has. Error: Corrupt.
[[nodiscard]] Status CheckPictureObject(const ResultRun& run, DcmItem& dataset,
                                        std::string_view object);

/// Undoes WriteTimesAndInstanceUid.
void RemoveTimesAndInstanceUid(DcmItem& dataset);

}  // namespace axial::results
