#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace axial::store {

/// Why a run failed, as far as it matters to the reader of its failure report.
enum class FailureCause {
  kNotApplicable,  ///< the images are not what the model takes, or cannot be read: it never began
  kModelMissing,   ///< no such model, or its card has problems
  kNotStarted,     ///< its worker did not get as far as loading it
  kCrashed,        ///< the worker died or broke the protocol
  kTimeout,
  kExhausted,    ///< memory, disk
  kBadResult,    ///< a result that a check refused
  kInterrupted,  ///< the gateway ended meanwhile
  kError,        ///< anything else; the Job's error says what
};

/// Stable snake_case name, as stored in rows and JSON.
[[nodiscard]] std::string_view FailureCauseName(FailureCause cause);
[[nodiscard]] std::optional<FailureCause> FailureCauseFromName(std::string_view name);

/// The reason as the report tells it to a radiologist. The message of the error (for
/// administrators) is passed on only when it is about the images, and without names of files: a
/// document in the PACS says nothing about this machine.
[[nodiscard]] std::string TellFailure(FailureCause cause, std::string_view message);

}  // namespace axial::store
