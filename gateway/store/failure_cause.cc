#include "gateway/store/failure_cause.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace axial::store {
namespace {

constexpr std::size_t kMaxToldBytes = 300;

struct Described {
  FailureCause cause;
  std::string_view name;
  std::string_view sentence;
};

constexpr std::array kCauses = {
    Described{FailureCause::kNotApplicable, "not_applicable",
              "the images are not what the model takes"},
    Described{FailureCause::kModelMissing, "model_missing",
              "the model is not installed, or its description has errors"},
    Described{FailureCause::kNotStarted, "not_started", "the model could not be loaded"},
    Described{FailureCause::kCrashed, "crashed", "the model ended unexpectedly"},
    Described{FailureCause::kTimeout, "timeout", "the model did not finish in time"},
    Described{FailureCause::kExhausted, "exhausted",
              "the AI server ran out of memory or disk space"},
    Described{FailureCause::kBadResult, "bad_result",
              "the result did not pass its checks and was not sent"},
    Described{FailureCause::kInterrupted, "interrupted",
              "the AI server was interrupted while the model ran"},
    Described{FailureCause::kError, "error", "the model stopped with an error"},
};

const Described& Of(FailureCause cause) {
  for (const Described& entry : kCauses)
    if (entry.cause == cause) return entry;
  return kCauses.back();
}

/// An absolute path, also within quotes or brackets; CT/MR is none.
bool NamesAFile(std::string_view word) {
  if (word.find(".dcm") != std::string_view::npos) return true;
  for (std::size_t at = word.find('/'); at != std::string_view::npos; at = word.find('/', at + 1))
    if (at == 0 || std::isalnum(static_cast<unsigned char>(word[at - 1])) == 0) return true;
  return false;
}

}  // namespace

std::string_view FailureCauseName(FailureCause cause) { return Of(cause).name; }

std::optional<FailureCause> FailureCauseFromName(std::string_view name) {
  for (const Described& entry : kCauses)
    if (entry.name == name) return entry.cause;
  return std::nullopt;
}

std::string TellFailure(FailureCause cause, std::string_view message) {
  if (cause != FailureCause::kNotApplicable) return std::string(Of(cause).sentence);
  std::string told;
  for (std::size_t at = 0; at < message.size();) {
    const std::size_t end = std::min(message.find_first_of(" \n", at), message.size());
    const std::string_view word = message.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    if (told.size() + word.size() > kMaxToldBytes) break;
    if (!told.empty()) told += ' ';
    if (!NamesAFile(word))
      told += word;
    else
      told += word.ends_with(':') ? "one image:" : "one image";
  }
  return told.empty() ? std::string(Of(cause).sentence) : told;
}

}  // namespace axial::store
