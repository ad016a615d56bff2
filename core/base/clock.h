#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace axial {

using Duration = std::chrono::microseconds;
/// UTC wall time in microseconds since 1970: what rows store. 0 means "never".
using TimePoint = std::chrono::time_point<std::chrono::system_clock, Duration>;

/// The only source of time for stages, so that tests and the simulator can turn it.
/// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual TimePoint Now() const = 0;

  /// The machine's clock. Lives for the whole process.
  static const Clock& System();
};

[[nodiscard]] inline std::int64_t ToMicros(TimePoint time) {
  return time.time_since_epoch().count();
}
[[nodiscard]] inline TimePoint FromMicros(std::int64_t micros) {
  return TimePoint(Duration(micros));
}

/// "2026-11-23T09:30:00.123456Z" (RFC 3339), for logs and JSON.
[[nodiscard]] std::string FormatTime(TimePoint time);

}  // namespace axial
