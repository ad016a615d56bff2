#include "gateway/receive/spool_name.h"

namespace axial::receive {
namespace {

constexpr std::size_t kShortDigestCharacters = 16;
constexpr std::string_view kExtension = ".dcm";

bool IsHex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// "" or "-2".
bool IsSuffix(std::string_view text) {
  return text.empty() || (text.size() > 1 && text.front() == '-' &&
                          text.find_first_not_of("0123456789", 1) == std::string_view::npos);
}

}  // namespace

std::string MakeSpoolName(const std::string& sop_instance_uid, const std::string& digest) {
  return sop_instance_uid + "." + digest.substr(0, kShortDigestCharacters) +
         std::string(kExtension);
}

std::optional<SpoolName> ParseSpoolName(std::string_view name) {
  if (!name.ends_with(kExtension)) return std::nullopt;
  name.remove_suffix(kExtension.size());
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  const std::string_view digest = name.substr(dot + 1, kShortDigestCharacters);
  const std::string_view suffix = name.substr(dot + 1 + digest.size());
  if (digest.size() != kShortDigestCharacters || !IsHex(digest) || !IsSuffix(suffix))
    return std::nullopt;
  return SpoolName{std::string(name.substr(0, dot)), std::string(digest), std::string(suffix)};
}

}  // namespace axial::receive
