#pragma once

#include <string>
#include <vector>

namespace axial::testing {

struct CommandResult {
  int exit_code = -1;
  std::string output;  ///< standard output and error together
};

/// Runs a program from PATH and waits for it. exit_code 127: it is not installed.
[[nodiscard]] CommandResult RunCommand(const std::vector<std::string>& arguments);

}  // namespace axial::testing
