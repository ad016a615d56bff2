#pragma once

#include <fmt/core.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace axial {

/// The closed list of what can go wrong, seen from the caller: each code is one way to react.
enum class ErrorCode {
  kInvalidInput,  ///< The caller's data is wrong; the same call will fail again.
  kUnsupported,   ///< Right by the standard, but not something Axial does.
  kNotFound,      ///< The named thing does not exist.
  kConflict,      ///< The thing exists in another state than the call expects.
  kExhausted,     ///< A limit or a resource (disk, memory, queue) is used up; retried.
  kUnavailable,   ///< A peer or a process is not there now; retried.
  kTimeout,       ///< A deadline passed; retried.
  kCorrupt,       ///< Stored or received bytes contradict themselves.
  kInternal,      ///< A defect of Axial.
};

/// Stable snake_case name, as stored in rows, metrics and JSON.
[[nodiscard]] std::string_view ErrorCodeName(ErrorCode code);

/// The code with that name; nullopt for any other text.
[[nodiscard]] std::optional<ErrorCode> ErrorCodeFromName(std::string_view name);

/// True for the three codes after which the same call may succeed later.
[[nodiscard]] bool IsRetried(ErrorCode code);

/// What went wrong (code) and, for a person, which thing and what to do (message).
class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  [[nodiscard]] ErrorCode code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }

  /// The same error with "<context>: " before its message.
  template <typename... Args>
  Error WithContext(fmt::format_string<Args...> format, Args&&... args) const {
    return Error(code_, fmt::format(format, std::forward<Args>(args)...) + ": " + message_);
  }

  /// "code: message", for logs.
  [[nodiscard]] std::string ToString() const;

 private:
  ErrorCode code_;
  std::string message_;
};

/// Makes an Error with a formatted message.
template <typename... Args>
Error MakeError(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  return Error(code, fmt::format(format, std::forward<Args>(args)...));
}

/// From now on a broken invariant throws std::logic_error instead of ending the process: for inside
/// another program, whose restart is not ours. Call before threads start.
void ThrowOnBrokenInvariant();

/// Ends the process with the message: an invariant of Axial itself is broken, and a restart is
/// cheap.
[[noreturn]] void FailInvariant(const char* what, const char* file, int line);

/// Checked in every build. Only for what must be true by construction, never for input.
#define AXIAL_INVARIANT(condition) \
  ((condition) ? void(0) : ::axial::FailInvariant(#condition, __FILE__, __LINE__))

/// A value or an Error. Reading the value of an error ends the process.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  [[nodiscard]] bool ok() const { return state_.index() == 0; }

  [[nodiscard]] T& value() & {
    AXIAL_INVARIANT(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& {
    AXIAL_INVARIANT(ok());
    return *std::get_if<0>(&state_);
  }
  /// By value, so that `for (auto& x : Call().value())` does not look into a dead temporary.
  [[nodiscard]] T value() && {
    AXIAL_INVARIANT(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const {
    AXIAL_INVARIANT(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

/// Success or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit

  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  [[nodiscard]] const Error& error() const {
    AXIAL_INVARIANT(!ok());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace axial

#define AXIAL_CONCAT_INNER(a, b) a##b
#define AXIAL_CONCAT(a, b) AXIAL_CONCAT_INNER(a, b)

/// Returns the error of a Status or Result expression to the caller, or goes on.
#define AXIAL_RETURN_IF_ERROR(expression)                                                  \
  do {                                                                                     \
    if (auto axial_status = (expression); !axial_status.ok()) return axial_status.error(); \
  } while (false)

/// Declares `declaration` with the value of a Result expression, or returns its error to the
/// caller.
#define AXIAL_ASSIGN_OR_RETURN(declaration, expression)      \
  auto AXIAL_CONCAT(axial_result_, __LINE__) = (expression); \
  if (!AXIAL_CONCAT(axial_result_, __LINE__).ok())           \
    return AXIAL_CONCAT(axial_result_, __LINE__).error();    \
  declaration = std::move(AXIAL_CONCAT(axial_result_, __LINE__)).value()
