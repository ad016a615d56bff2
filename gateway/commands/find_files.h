#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"

namespace axial::gateway {

inline constexpr std::size_t kMaxFiles = 1'000'000;

/// Every regular file among `paths` and below those that are folders, sorted by path within each.
/// Links to folders are not followed; folders that may not be read are left out.
/// Errors: NotFound (one of the paths does not exist), Exhausted (more than kMaxFiles).
[[nodiscard]] Result<std::vector<std::string>> FindFiles(const std::vector<std::string>& paths);

}  // namespace axial::gateway
