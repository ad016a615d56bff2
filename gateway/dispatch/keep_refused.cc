#include "gateway/dispatch/keep_refused.h"

#include "core/base/log.h"

namespace axial::dispatch {

Error KeepRefused(const Quarantine& quarantine, DispatchMetrics& metrics,
                  const std::string& output_directory, const store::Job& job, const Error& reason,
                  TimePoint now) {
  if (output_directory.empty()) return reason;
  const Result<std::optional<QuarantinedAttempt>> kept =
      quarantine.Keep(output_directory, job, reason.message(), now);
  if (!kept.ok()) {
    Log(LogLevel::kError, "result_not_quarantined",
        {{"job", job.id}, {"error", kept.error().ToString()}});
    return reason;
  }
  if (!*kept) return reason;
  const QuarantinedAttempt& attempt = **kept;
  Log(LogLevel::kError, "result_quarantined",
      {{"job", attempt.job},
       {"attempt", attempt.attempt},
       {"study", attempt.study_uid},
       {"model", attempt.model},
       {"files", attempt.files.size()},
       {"kept_bytes", attempt.KeptBytes()},
       {"folder", attempt.folder},
       {"reason", attempt.reason}});
  metrics.Quarantined().Increment();
  return Error(reason.code(), reason.message() + "; quarantined in " + attempt.folder);
}

}  // namespace axial::dispatch
