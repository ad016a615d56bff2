#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "inference/results/result_kind.h"
#include "inference/results/result_run.h"

/// Pictures for readers that show neither Segmentation nor report: one single-frame Secondary
/// Capture Instance per slice in one Series, because every archive and viewer takes those, while
/// multi-frame True Color ones are refused by many. They have no Frame of Reference and no spacing:
/// nothing can be measured on them.
namespace axial::results {

/// When the profile wants them; slices and banner are part of the form.
[[nodiscard]] std::optional<std::string> SecondaryCaptureVariant(
    const ResultRun& run, const config::ResultProfile& profile);

[[nodiscard]] std::size_t SecondaryCaptureFiles(const ResultRun& run,
                                                const config::ResultProfile& profile);

/// One slice with its outlines and a legend (PS3.3 A.8.1), RGB, uncompressed: at most 1320 x 1024
/// pixels. Decodes that one frame. Peak memory: the frame's samples and about 25 MiB.
/// Errors: as PixelFile and Canvas; Unavailable (disk).
[[nodiscard]] Result<protocol::Artifact> WriteSecondaryCapture(const ResultRun& run,
                                                               const ObjectRequest& request);

/// Errors: Corrupt, "secondary capture: <what>"; Unavailable (file).
[[nodiscard]] Status CheckSecondaryCapture(const ResultRun& run, const ObjectRequest& request);

}  // namespace axial::results
