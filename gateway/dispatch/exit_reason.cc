#include "gateway/dispatch/exit_reason.h"

#include <sys/wait.h>

#include <csignal>
#include <cstring>

namespace axial::dispatch {
namespace {

std::string SignalName(int signal) {
  const char* abbreviation = ::sigabbrev_np(signal);
  return abbreviation ? fmt::format("signal {} (SIG{})", signal, abbreviation)
                      : fmt::format("signal {}", signal);
}

std::string Describe(int wait_status) {
  if (wait_status >= 0 && WIFSIGNALED(wait_status)) {
    const int signal = WTERMSIG(wait_status);
    return fmt::format("worker was killed by {}{}", SignalName(signal),
                       signal == SIGKILL ? ", out of memory?" : "");
  }
  if (wait_status >= 0 && WIFEXITED(wait_status))
    return fmt::format("worker ended with status {}", WEXITSTATUS(wait_status));
  return "worker ended in an unknown way";
}

}  // namespace

Error ExitReason(int wait_status, std::string_view killed_for, std::string_view last_line) {
  std::string text =
      killed_for.empty() ? Describe(wait_status) : fmt::format("worker was ended: {}", killed_for);
  if (!last_line.empty()) text += fmt::format(" (it last said: {})", last_line);
  return Error(ErrorCode::kInternal, std::move(text));
}

}  // namespace axial::dispatch
