#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "inference/results/result_run.h"

/// What the objects made for readers of neither Segmentation nor report share.
namespace axial::results {

/// Body Part Examined, and Laterality where the body part may be one of a pair.
void PutBodyPart(const ResultRun& run, AttributeWriter& writer);

/// Names the frame's Instance, and of a multi-frame one the frame (PS3.3 table 10-3).
void PutFrameReference(const SourceFrame& frame, AttributeWriter& item);

/// One item that names the frame.
void PutSourceImage(const SourceFrame& frame, const DcmTagKey& sequence, AttributeWriter& writer);

/// Error: Corrupt, when the sequence's first item does not name the frame.
[[nodiscard]] Status CheckSourceImage(const SourceFrame& frame, const DcmTagKey& sequence,
                                      DcmItem& dataset, std::string_view object);

/// Composite context, and values that every such object has. Error: Corrupt.
[[nodiscard]] Status CheckPictureObject(const ResultRun& run, DcmItem& dataset,
                                        std::string_view object);

/// The Instance's UID names its content (WriteTimesAndInstanceUid with `role`): what is in the file
/// must be what was made. Takes UID and times out of the data set. Error: Corrupt.
[[nodiscard]] Status CheckContentUid(const ResultRun& run, const std::string& role,
                                     DcmDataset& dataset, std::string_view object);

}  // namespace axial::results
