#include "core/base/log_exceptions.h"

#include <exception>

#include "core/base/log.h"

namespace axial {

void LogCurrentException(std::string_view who) noexcept {
  try {
    try {
      throw;
    } catch (const std::exception& exception) {
      Log(LogLevel::kError, "exception", {{"thread", who}, {"what", exception.what()}});
    } catch (...) {
      Log(LogLevel::kError, "exception", {{"thread", who}, {"what", "not a standard one"}});
    }
  } catch (...) {  // no memory for a line of log
  }
}

}  // namespace axial
