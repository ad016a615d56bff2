#include "gateway/deliver/http_url.h"

#include <charconv>
#include <optional>
#include <string_view>

namespace axial::deliver {
namespace {

Error NotAUrl(const std::string& text) {
  return MakeError(ErrorCode::kInvalidInput, "'{}' is no URL like https://host:8042/dicom-web",
                   text);
}

/// Of "host", "host:port", "[::1]:port", which loses the port and the brackets.
std::optional<std::uint16_t> SplitPort(std::string& authority, std::uint16_t usual) {
  const std::size_t bracket = authority.find(']');
  const std::size_t colon = authority.find(':', bracket == std::string::npos ? 0 : bracket);
  std::uint16_t port = usual;
  if (colon != std::string::npos) {
    const char* const end = authority.data() + authority.size();
    const auto [stop, error] = std::from_chars(authority.data() + colon + 1, end, port);
    if (error != std::errc() || stop != end || port == 0) return std::nullopt;
    authority.resize(colon);
  }
  if (authority.starts_with('[')) {
    if (!authority.ends_with(']')) return std::nullopt;
    authority = authority.substr(1, authority.size() - 2);
  }
  if (authority.empty()) return std::nullopt;
  return port;
}

}  // namespace

Result<HttpUrl> HttpUrl::Parse(const std::string& text) {
  HttpUrl url;
  url.secure = text.starts_with("https://");
  const std::string_view scheme = url.secure ? "https://" : "http://";
  if (!text.starts_with(scheme)) return NotAUrl(text);
  const std::string rest = text.substr(scheme.size());
  const std::size_t slash = rest.find('/');
  url.host = rest.substr(0, slash);
  if (url.host.find('@') != std::string::npos)
    return Error(ErrorCode::kUnsupported,
                 "credentials do not belong into a URL; name them under credentials");
  const auto port = SplitPort(url.host, url.secure ? 443 : 80);
  if (!port) return NotAUrl(text);
  url.port = *port;
  if (slash != std::string::npos) url.path = rest.substr(slash);
  while (url.path.ends_with('/')) url.path.pop_back();
  for (const char c : url.host + url.path)
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f ||
        c == '?' || c == '#')
      return NotAUrl(text);
  return url;
}

std::string HttpUrl::Authority() const {
  const bool bare = host.find(':') == std::string::npos;
  return (bare ? host : "[" + host + "]") + ":" + std::to_string(port);
}

}  // namespace axial::deliver
