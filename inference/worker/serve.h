#pragma once

#include <functional>

#include "core/base/result.h"
#include "inference/protocol/messages.h"
#include "inference/worker/run_model.h"

namespace axial {

/// Runs the model for one job and writes the results into job.output_directory; the message that
/// answers it. A job with `failure` gets a failure report and needs no model. Every error becomes a
/// JobFailed with its reason; it is `not_applicable` when it came before the stage "infer" and is
/// about the images (InvalidInput, Unsupported, Corrupt), not about this machine.
/// `model`: nullptr in a worker that only writes failure reports.
/// `progress` is called at most a few times per second.
[[nodiscard]] protocol::Message PerformJob(
    LoadedModel* model, const protocol::RunJob& job,
    const std::function<void(const protocol::Progress&)>& progress);

/// Speaks the worker's side of the protocol on `fd` (blocking): Hello, then one answer per RunJob,
/// until Shutdown or the other end closes. Errors: InvalidInput (the other end breaks the
/// protocol), Unavailable (it vanished while an answer was written).
[[nodiscard]] Status Serve(LoadedModel* model, int fd);

}  // namespace axial
