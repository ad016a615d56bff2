#pragma once

#include <nlohmann/json_fwd.hpp>
#include <ostream>
#include <string>

namespace axial::gateway {

struct StatusOptions {
  std::string config_path;
  bool json = false;
};

/// `axial status`: how the running gateway of this configuration is: its health, Jobs,
/// Destinations, open Associations, and which ones it refused, with the line of the configuration
/// that would admit each. Asks the admin interface. Exit status: 0; 1 when nobody answers, or the
/// gateway says that it is failing.
[[nodiscard]] int RunStatus(const StatusOptions& options, std::ostream& out, std::ostream& err);

/// The answers of the admin interface by name (health, jobs, destinations, associations), as text.
/// What is missing in them is left out; text of others cannot steer a terminal.
[[nodiscard]] std::string StatusText(const nlohmann::json& status);

}  // namespace axial::gateway
