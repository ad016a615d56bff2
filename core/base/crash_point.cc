#include "core/base/crash_point.h"

#include <csignal>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>

namespace axial {
namespace {

void ThrowOnce(const std::string& wanted, const std::string& name) {
  static std::mutex mutex;
  static std::string left = "," + wanted + ",";
  const std::lock_guard lock(mutex);
  const std::size_t found = left.find("," + name + ",");
  if (found == std::string::npos) return;
  left.erase(found, name.size() + 1);
  throw std::runtime_error("thrown at " + name + " (AXIAL_THROW_AT)");
}

}  // namespace

void CrashPoint(const char* name) {
  static const char* const wanted = std::getenv("AXIAL_CRASH_AT");
  if (wanted != nullptr && std::string_view(wanted) == name) std::raise(SIGKILL);
  static const char* const thrown = std::getenv("AXIAL_THROW_AT");
  if (thrown != nullptr) ThrowOnce(thrown, name);
}

}  // namespace axial
