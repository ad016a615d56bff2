#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "gateway/dispatch/result_wishes.h"
#include "gateway/store/job_store.h"
#include "inference/protocol/messages.h"

namespace axial::dispatch {

/// `<results>/<job>/<attempt>/`, made new and empty (a person's retry counts attempts from 1
/// again). Errors: Exhausted, Unavailable.
[[nodiscard]] Result<std::string> MakeOutputDirectory(const std::string& results_directory,
                                                      std::int64_t job, const std::string& attempt);

/// Removes what a lost attempt left behind.
void RemoveOutputDirectory(const std::string& output_directory);

/// Names every result file in it `<name>.refused`, for the quarantine: the gateway believes none of
/// them.
void MarkRefused(const std::string& output_directory);

/// What the worker reports, believed only after a look: every artifact must be a regular,
/// non-empty file directly in `output_directory`, named by a plain file name, with valid UIDs, each
/// SOP Instance once, wanted by at least one of the profiles the worker was given; and every
/// profile that wants a report gets exactly one, of the SOP Class it wants, because a run without
/// findings has one too. The directories' entries are durable on return.
/// Errors: Corrupt (says which artifact and what is wrong); Unavailable (cannot be made durable).
[[nodiscard]] Result<std::vector<store::ProducedArtifact>> CheckArtifacts(
    const std::string& output_directory, const std::vector<protocol::Artifact>& artifacts,
    const ResultWishes& wishes);

}  // namespace axial::dispatch
