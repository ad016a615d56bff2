#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

namespace axial::gateway {

/// A file that a command did not use, and why.
struct LeftOutFile {
  std::string path;
  std::string reason;
};

/// On one line, whatever it holds: no control character reaches the terminal.
[[nodiscard]] std::string OneLine(std::string text);

/// The first `named` of them with their reasons, one line each, and how many more there are.
void ListLeftOut(const std::vector<LeftOutFile>& files, std::size_t named, std::ostream& out);

}  // namespace axial::gateway
