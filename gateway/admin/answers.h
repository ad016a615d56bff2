#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/base/result.h"
#include "gateway/admin/admin_api.h"

namespace axial::admin {

/// JSON; bytes that are no UTF-8 (an error text of a foreign system) become U+FFFD.
[[nodiscard]] Response Ok(const nlohmann::json& value, int status = 200);

/// Problem details (RFC 9457).
[[nodiscard]] Response Problem(int status, const char* title, const std::string& detail);
[[nodiscard]] Response Problem(const Error& error);

/// `allow`: the methods that the resource answers to.
[[nodiscard]] Response MethodNotAllowed(const std::string& allow);

}  // namespace axial::admin
