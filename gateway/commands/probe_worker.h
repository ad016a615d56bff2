#pragma once

#include <string>

#include "core/base/result.h"

namespace axial::gateway {

/// Whether a worker process can load the model of this folder.
struct ModelProbe {
  bool loaded = false;
  std::string device;
  double load_seconds = 0;
  std::string error;  ///< "" when loaded
};

/// Starts `worker_binary` once with --probe and reads its answer (at most 64 KiB). Blocks as long
/// as the model takes to load. Errors: Unavailable (cannot be started), Corrupt (no answer: it
/// crashed).
[[nodiscard]] Result<ModelProbe> ProbeModel(const std::string& worker_binary,
                                            const std::string& model_folder);

}  // namespace axial::gateway
