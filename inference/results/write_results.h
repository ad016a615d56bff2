#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/model_card.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "inference/findings/findings.h"
#include "inference/protocol/messages.h"

namespace axial {

/// What the results say about their making beyond the model card.
struct ResultOptions {
  /// Counted from 0. Each run has kSeriesNumbersPerRun Series Numbers from the profile's
  /// first_series_number on: SEG gets the first, SR the next one, and so on; failure reports count
  /// down from the last.
  int run_of_study = 0;
  std::string model_digest;     ///< SHA-256 of card and weights: becomes part of every UID
  std::string gateway_version;  ///< Axial's version, for Contributing Equipment
  TimePoint now;                ///< Series and Content Date and Time; no UID depends on it
  /// What is wanted, at least one; Artifact::profiles are positions in it.
  std::vector<config::ResultProfile> profiles = {config::ResultProfile()};
  /// Set: the model did not run, and a document says so (WriteFailureReport).
  std::optional<protocol::RunFailure> failure = {};
  std::vector<protocol::Predecessor> predecessors = {};  ///< objects that these replace
};

/// Writes the result objects of one model run into `output_directory` (which exists): for each
/// profile a Segmentation when a segment has voxels (PS3.3 A.51), exactly one root report, also
/// when nothing was found (PS3.16 TID 1500), and what else the profile asks for; an object that
/// several profiles want in the same form is written once. Files are named by their kind:
/// `seg.dcm`, `sr.dcm`; a second form of a kind is `seg-2.dcm`; the files of a kind that has
/// several in one Series are `<kind>_0001.dcm` and so on.
///
/// Each file is synced to disk, read again and checked against the findings and the source files
/// before it is handed over. When anything is wrong, no file with a result's name stays; one that
/// was refused by its check is kept as `<name>.refused` for whoever looks into it. All UIDs are
/// deterministic: the same findings from the same model on the same Series give the same UIDs, and
/// another outcome gives another SOP Instance UID.
///
/// Reads the headers of the files in findings.source. Peak memory: about 6 kB per SEG frame plus
/// 2 MiB; pixels are packed while they are written.
/// Errors: InvalidInput (findings that contradict themselves or the model card, a source file that
/// is not the one the findings name), Unsupported (more than 4 GiB of packed pixels), NotFound or
/// Unavailable (files), Corrupt (what was read again is not what was to be written; the message
/// names the check). Thread-safe for different directories.
[[nodiscard]] Result<std::vector<protocol::Artifact>> WriteResults(
    const Findings& findings, const config::ModelCard& card, const ResultOptions& options,
    const std::string& output_directory);

/// Writes, for each profile that wants it (report_failures), one report that says that the model
/// did not run on the Series of `files`, and why (`options.failure`, which must be set): coded as
/// Failed or Not Attempted (DCM 111224, 111225), Completion Flag PARTIAL, no measurement, and no
/// coded absence, so that nobody reads it as "nothing found". No artifact when no profile wants
/// one.
///
/// Needs no pixels and no regular stack: what can be read of the headers is enough. Files are
/// written, checked and named as WriteResults does. Errors: InvalidInput (no header can be read),
/// otherwise as WriteResults.
[[nodiscard]] Result<std::vector<protocol::Artifact>> WriteFailureReport(
    const std::vector<std::string>& files, const config::ModelCard& card,
    const ResultOptions& options, const std::string& output_directory);

}  // namespace axial
