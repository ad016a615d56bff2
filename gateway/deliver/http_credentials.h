#pragma once

#include <string>

#include "config/config.h"
#include "core/base/result.h"

namespace axial::deliver {

/// The value of the Authorization field: "Basic ..." (RFC 7617) or "Bearer ..." (RFC 6750). Reads
/// the file anew, of at most 16 KiB in one line. Errors: Unavailable (no such file), InvalidInput
/// (something else in it). No message holds what is in the file.
[[nodiscard]] Result<std::string> MakeAuthorization(const config::Credentials& credentials);

}  // namespace axial::deliver
