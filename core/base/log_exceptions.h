#pragma once

#include <string_view>

namespace axial {

/// Logs the exception that is being handled as `exception`, with who had it.
void LogCurrentException(std::string_view who) noexcept;

/// Runs `work` on a thread of ours: an exception that leaves a thread ends the process, and inside
/// Orthanc that is Orthanc. Returns whether it came to its end; what came out of it is logged.
template <typename Work>
[[nodiscard]] bool LogExceptions(std::string_view who, const Work& work) noexcept {
  try {
    work();
    return true;
  } catch (...) {
    LogCurrentException(who);
    return false;
  }
}

}  // namespace axial
