#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "inference/results/result_kind.h"
#include "inference/results/result_run.h"

/// A Key Object Selection of the images that a reader should look at first: those that the
/// Secondary Capture's key slices show.
namespace axial::results {

/// When the profile wants one and something points to images: a segment, or an answer about one of
/// them. Otherwise no image is of interest, and there is none.
[[nodiscard]] std::optional<std::string> KeyObjectsVariant(const ResultRun& run,
                                                           const config::ResultProfile& profile);

/// PS3.3 A.35.4, PS3.16 TID 2010 with title "Of Interest", the model as observer, and in words why.
/// The evidence names the selected images alone. Errors: Internal; Unavailable (disk).
[[nodiscard]] Result<protocol::Artifact> WriteKeyObjects(const ResultRun& run,
                                                         const ObjectRequest& request);

/// Errors: Corrupt, "key objects: <what>"; Unavailable (file).
[[nodiscard]] Status CheckKeyObjects(const ResultRun& run, const ObjectRequest& request);

}  // namespace axial::results
