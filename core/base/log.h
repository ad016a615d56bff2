#pragma once

#include <fmt/core.h>

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace axial {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

/// One `key=value` of a log line. Values with spaces or quotes are quoted; control characters
/// escaped. Never put a patient's name, ID or birth date in one.
struct LogField {
  template <typename T>
  LogField(std::string_view key_in, const T& value_in)
      : key(key_in), value(fmt::format("{}", value_in)) {}

  std::string_view key;
  std::string value;
};

/// Writes one event per line to standard error:
/// `2026-11-23T09:30:00.123Z info instance_received assoc=7 sop_instance_uid=1.2.3 bytes=525676`.
/// `event` is snake_case and greppable. Thread-safe.
void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

/// Lines below this level are dropped. Default: kInfo.
void SetLogLevel(LogLevel level);

/// Sends log lines elsewhere (the Orthanc plugin: into Orthanc's log). Call before threads start.
using LogSink = void (*)(LogLevel level, std::string_view line);
void SetLogSink(LogSink sink);

}  // namespace axial
