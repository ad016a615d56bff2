#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "gateway/store/job_store.h"

namespace axial::dispatch {

struct QuarantineLimits {
  std::size_t attempts = 50;                   ///< more: the oldest go
  std::int64_t bytes = std::int64_t{1} << 30;  ///< of all files; more: the oldest go
  std::int64_t reserve_bytes = 0;              ///< with less free, no file is kept
};

/// A result file that the worker's own check refused.
struct RefusedFile {
  std::string name;  ///< "seg.dcm.refused"
  std::int64_t bytes = 0;
  bool kept = true;  ///< false: beyond the limits, only its name and size are known
};

/// What became of one attempt's refused results.
struct QuarantinedAttempt {
  std::string name;    ///< of the folder: `<job>-<attempt>`, then `<job>-<attempt>-2` and so on
  std::string folder;  ///< absolute
  std::int64_t job = 0;
  int attempt = 0;
  std::string study_uid;
  std::string series_uid;
  std::string model;
  std::string model_version;
  std::string reason;  ///< what the check found; no patient data
  TimePoint at{};
  std::vector<RefusedFile> files;

  [[nodiscard]] std::int64_t KeptBytes() const;
};

/// `<results>/quarantine/`: results that were refused before they could leave, kept for a person to
/// look into, never sent. Each attempt has a folder with the files and `refused.json`, which says
/// whose they are and why. Bounded, so that refused results cannot fill the disk. Thread-safe.
class Quarantine {
 public:
  explicit Quarantine(const std::string& results_directory, QuarantineLimits limits = {});

  /// Moves what the check refused (`*.refused`) out of a lost attempt's folder, before that is
  /// removed. nullopt: nothing was refused. Error: Unavailable (it cannot be kept).
  [[nodiscard]] Result<std::optional<QuarantinedAttempt>> Keep(const std::string& output_directory,
                                                               const store::Job& job,
                                                               const std::string& reason,
                                                               TimePoint now) const;

  /// Newest first. A folder without a readable `refused.json` is listed by what its name says.
  [[nodiscard]] std::vector<QuarantinedAttempt> List() const;

  /// A person has seen it. Errors: NotFound, Unavailable.
  [[nodiscard]] Status Remove(const std::string& name) const;

 private:
  const std::string directory_;
  const QuarantineLimits limits_;
};

}  // namespace axial::dispatch
