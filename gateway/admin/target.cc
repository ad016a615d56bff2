#include "gateway/admin/target.h"

#include <optional>

namespace axial::admin {
namespace {

constexpr std::size_t kMaxTargetBytes = 2048;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> Decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = HexValue(text[i + 1]);
      const int low = HexValue(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      if (c == '\0') return std::nullopt;
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    decoded += c;
  }
  return decoded;
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    if (const std::string_view part = text.substr(0, end); !part.empty()) parts.push_back(part);
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

Error Broken() { return {ErrorCode::kInvalidInput, "the request target is not a valid path"}; }

}  // namespace

Result<Target> Target::Parse(std::string_view text) {
  if (text.size() > kMaxTargetBytes || !text.starts_with('/')) return Broken();
  Target target;
  const std::size_t question = text.find('?');
  for (const std::string_view segment : Split(text.substr(0, question), '/')) {
    const auto decoded = Decode(segment, false);
    if (!decoded) return Broken();
    target.segments.push_back(*decoded);
  }
  if (question == std::string_view::npos) return target;
  for (const std::string_view pair : Split(text.substr(question + 1), '&')) {
    const std::size_t equals = pair.find('=');
    const auto name = Decode(pair.substr(0, equals), true);
    const auto value =
        equals == std::string_view::npos ? std::string() : Decode(pair.substr(equals + 1), true);
    if (!name || !value) return Broken();
    target.query[*name] = *value;
  }
  return target;
}

bool MatchPattern(std::string_view pattern, const std::vector<std::string>& segments,
                  std::vector<std::string>& parameters) {
  parameters.clear();
  const std::vector<std::string_view> parts = Split(pattern, '/');
  if (parts.size() != segments.size()) return false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].starts_with('{')) {
      parameters.push_back(segments[i]);
    } else if (parts[i] != segments[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace axial::admin
