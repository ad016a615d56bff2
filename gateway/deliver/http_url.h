#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.h"

namespace axial::deliver {

/// "https://host:port/path", taken apart.
struct HttpUrl {
  bool secure = false;  ///< https
  std::string host;     ///< without the brackets of an IPv6 address
  std::uint16_t port = 80;
  std::string path;  ///< "" or "/dicom-web", without a trailing slash

  /// Errors: InvalidInput; Unsupported (credentials in the URL).
  [[nodiscard]] static Result<HttpUrl> Parse(const std::string& text);

  /// As in the Host field: "host:port", with the brackets of an IPv6 address.
  [[nodiscard]] std::string Authority() const;
};

}  // namespace axial::deliver
