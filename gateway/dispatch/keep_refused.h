#pragma once

// Private to gateway/dispatch.

#include <string>

#include "gateway/dispatch/dispatch_metrics.h"
#include "gateway/dispatch/quarantine.h"

namespace axial::dispatch {

/// Before a lost attempt is removed: keeps what its own check refused, logs and counts it. The
/// reason as people are told it, with the place when something was kept. `output_directory`: ""
/// when the attempt had none.
[[nodiscard]] Error KeepRefused(const Quarantine& quarantine, DispatchMetrics& metrics,
                                const std::string& output_directory, const store::Job& job,
                                const Error& reason, TimePoint now);

}  // namespace axial::dispatch
