#include "inference/worker/process.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "core/base/log.h"

namespace axial {

Status PrepareProcess(const ProcessOptions& options) {
  const auto failed = [](const char* what) {
    return MakeError(ErrorCode::kInternal, "{}: {}", what, std::strerror(errno));
  };
  const pid_t parent = ::getppid();
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return failed("PR_SET_PDEATHSIG");
  if (::getppid() != parent)  // it ended before the signal was asked for
    return Error(ErrorCode::kInternal, "the parent process has ended");
  const rlimit no_core = {0, 0};
  if (::setrlimit(RLIMIT_CORE, &no_core) != 0) return failed("RLIMIT_CORE");
  if (options.memory_bytes > 0) {
    const auto bytes = static_cast<rlim_t>(options.memory_bytes);
    const rlimit data = {bytes, bytes};
    if (::setrlimit(RLIMIT_DATA, &data) != 0) return failed("RLIMIT_DATA");
  }
  const sched_param idle = {};
  if (::sched_setscheduler(0, SCHED_IDLE, &idle) !=
      0)  // refused in some containers: slower, not wrong
    Log(LogLevel::kWarning, "sched_idle_refused", {{"reason", std::strerror(errno)}});
  return {};
}

}  // namespace axial
