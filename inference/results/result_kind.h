#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/result_profile.h"
#include "core/base/result.h"
#include "inference/protocol/messages.h"

namespace axial::results {

struct ResultRun;

/// The kind that others refer to.
inline constexpr std::string_view kSegmentationKind = "seg";

/// What one object is to be like, and where it goes.
struct ObjectRequest {
  const config::ResultProfile& profile;
  std::string variant;  ///< as ResultKind::variant told; part of the Series' UID
  int series_number = 0;
  std::string path;                                ///< of the file to write, file `number`
  std::optional<protocol::Artifact> segmentation;  ///< of this profile, when it has one
  /// Objects that this run replaces where this one goes.
  const std::vector<protocol::Predecessor>& replaced;
  std::size_t number = 0;  ///< which of the form's files, from 0 (ResultKind::files)
};

/// One kind of result object: one file in this room and one line in ResultKinds().
struct ResultKind {
  std::string_view name;  ///< Artifact::kind and the file's name: lower case and '_'
  /// Which form of the object `profile` gets of this run; nullopt: none. Equal forms are one object
  /// that several Destinations share.
  std::optional<std::string> (*variant)(const ResultRun& run, const config::ResultProfile& profile);
  /// Writes one file. Not yet synced or checked.
  Result<protocol::Artifact> (*write)(const ResultRun& run, const ObjectRequest& request);
  /// Reads the file again and compares it with the findings. Error: Corrupt, Unavailable.
  Status (*check)(const ResultRun& run, const ObjectRequest& request);
  /// How many files of one Series a form is, at most kMaxFilesOfForm; nullptr: one. `write` and
  /// `check` are called for each.
  std::size_t (*files)(const ResultRun& run, const config::ResultProfile& profile) = nullptr;
  /// Also written when the model did not run (ResultOptions::failure), and then says so.
  bool tells_failures = false;
};

/// So that a run's artifacts fit into one message to the gateway.
inline constexpr std::size_t kMaxFilesOfForm = 1000;

/// Every kind, in the order of writing: the Segmentation first, because others refer to it.
[[nodiscard]] const std::vector<ResultKind>& ResultKinds();

}  // namespace axial::results
