#pragma once

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
  int series_number_base = 9001;  ///< SEG gets this Series Number, SR the next one
  std::string model_digest;       ///< SHA-256 of card and weights: becomes part of every UID
  std::string gateway_version;    ///< Axial's version, for Contributing Equipment
  TimePoint now;                  ///< Series and Content Date and Time; no UID depends on it
};

/// Writes the result objects of one model run into `output_directory` (which exists): a BINARY
/// Segmentation `seg.dcm` when a segment has voxels (PS3.3 A.51), and always exactly one
/// Comprehensive 3D SR `sr.dcm` (PS3.3 A.35.13, PS3.16 TID 1500), also when nothing was found.
///
/// Each file is synced to disk, read again and checked against the findings and the source files
/// before it is handed over; when anything is wrong, none of the files stays. All UIDs are
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

}  // namespace axial
