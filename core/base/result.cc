#include "core/base/result.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace axial {
namespace {

struct NamedCode {
  ErrorCode code;
  std::string_view name;
};

bool g_throws = false;

constexpr std::array kNames = {
    NamedCode{ErrorCode::kInvalidInput, "invalid_input"},
    NamedCode{ErrorCode::kUnsupported, "unsupported"},
    NamedCode{ErrorCode::kNotFound, "not_found"},
    NamedCode{ErrorCode::kConflict, "conflict"},
    NamedCode{ErrorCode::kExhausted, "exhausted"},
    NamedCode{ErrorCode::kUnavailable, "unavailable"},
    NamedCode{ErrorCode::kTimeout, "timeout"},
    NamedCode{ErrorCode::kCorrupt, "corrupt"},
    NamedCode{ErrorCode::kInternal, "internal"},
};

}  // namespace

std::string_view ErrorCodeName(ErrorCode code) {
  for (const NamedCode& entry : kNames)
    if (entry.code == code) return entry.name;
  return "internal";
}

std::optional<ErrorCode> ErrorCodeFromName(std::string_view name) {
  for (const NamedCode& entry : kNames)
    if (entry.name == name) return entry.code;
  return std::nullopt;
}

bool IsRetried(ErrorCode code) {
  return code == ErrorCode::kExhausted || code == ErrorCode::kUnavailable ||
         code == ErrorCode::kTimeout;
}

std::string Error::ToString() const {
  return fmt::format("{}: {}", ErrorCodeName(code_), message_);
}

void FailInvariant(const char* what, const char* file, int line) {
  if (g_throws)
    throw std::logic_error(fmt::format("broken invariant at {}:{}: {}", file, line, what));
  std::fprintf(stderr, "axial: broken invariant at %s:%d: %s\n", file, line, what);
  std::abort();
}

void ThrowOnBrokenInvariant() { g_throws = true; }

}  // namespace axial
