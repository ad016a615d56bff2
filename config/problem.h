#pragma once

#include <string>

namespace axial::config {

/// One thing wrong with a file a person wrote: where it is, what is wrong, what to do.
struct Problem {
  std::string file;
  int line = 0;  ///< from 1; 0: the file as a whole
  std::string what;
  std::string remedy;

  /// "file:line: what; remedy"
  [[nodiscard]] std::string ToString() const;
};

}  // namespace axial::config
