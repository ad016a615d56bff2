#pragma once

#include <string>

namespace axial::gateway {

/// `axial serve`: runs the gateway until SIGTERM or SIGINT, then drains and stops. SIGHUP or a
/// changed file reloads the configuration; an invalid one is refused with the reason and the old
/// one stays. Returns the process's exit code.
[[nodiscard]] int RunServe(const std::string& config_file);

}  // namespace axial::gateway
