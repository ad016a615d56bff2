#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "inference/results/result_kind.h"
#include "inference/results/result_run.h"
#include "inference/results/source_display.h"

/// A Grayscale Softcopy Presentation State of the whole source Series: outlines and names of the
/// segments as graphics over the original images, for PACS viewers that show no Segmentation.
namespace axial::results {

/// When the profile wants one and a segment lies on a grey image; the banner is part of the form.
[[nodiscard]] std::optional<std::string> PresentationStateVariant(
    const ResultRun& run, const config::ResultProfile& profile);

/// PS3.3 A.33.1: one graphic layer for each segment, in its colour; on each image closed POLYLINEs
/// in image pixels, holes among them; the images' own Modality LUT and windows; the whole image
/// displayed. Colour images are left out, and those whose polarity or Modality LUT one state cannot
/// say beside the others'. Of a segment the 1,000 largest outlines of an image; Content Description
/// tells of others. Errors: as ReadSourceDisplay and CompleteWindows; Unavailable (disk).
[[nodiscard]] Result<protocol::Artifact> WritePresentationState(const ResultRun& run,
                                                                const ObjectRequest& request);

/// Fills the outlines and compares them with the segments, pixel by pixel, beside all else.
/// Errors: Corrupt, "presentation state: <what>"; Unavailable (file).
[[nodiscard]] Status CheckPresentationState(const ResultRun& run, const ObjectRequest& request);

/// What the writer and the check share.
inline constexpr const char* kPresentationStateKind = "presentation_state";
inline constexpr const char* kPresentationStateClass = "1.2.840.10008.5.1.4.1.1.11.1";
inline constexpr const char* kNoticeLayer = "AI_NOTICE";
[[nodiscard]] std::string LayerOf(int segment_number);
/// What a state shows, windows complete.
[[nodiscard]] Result<SourceDisplay> DisplayOf(const ResultRun& run);

}  // namespace axial::results
