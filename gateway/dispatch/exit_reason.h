#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace axial::dispatch {

/// Why a worker ended, for a person: Internal, "worker ended with status 3: <last line>".
///
/// `wait_status`: as waitpid gave it; a negative one means that it is unknown.
/// `killed_for`: why the gateway itself killed it; "" when it did not.
/// `last_line`: the last line of its standard error; "" when none.
[[nodiscard]] Error ExitReason(int wait_status, std::string_view killed_for,
                               std::string_view last_line);

}  // namespace axial::dispatch
