#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace axial::admin {

/// A request target taken apart (RFC 3986): percent-decoded path segments and query parameters.
struct Target {
  std::vector<std::string> segments;
  std::map<std::string, std::string> query;  ///< the last one of a name wins

  /// At most 2048 bytes. Error: InvalidInput (too long, not starting with '/', broken escapes, a
  /// NUL).
  [[nodiscard]] static Result<Target> Parse(std::string_view text);
};

/// Matches "/api/studies/{uid}" against segments; fills `parameters` with the values of the braces,
/// in their order.
[[nodiscard]] bool MatchPattern(std::string_view pattern, const std::vector<std::string>& segments,
                                std::vector<std::string>& parameters);

}  // namespace axial::admin
