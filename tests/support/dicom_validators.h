#pragma once

#include <string>
#include <vector>

namespace axial::testing {

/// True when the named program is on PATH.
[[nodiscard]] bool HasProgram(const std::string& name);

/// Output of `program arguments...`, both streams, one string per line. No shell is involved.
[[nodiscard]] std::vector<std::string> RunProgram(const std::string& program,
                                                  const std::vector<std::string>& arguments,
                                                  int* exit_status = nullptr);

/// The `Error` lines of dciodvfy (package dicom3tools) for one file: empty when it conforms to its
/// IOD. Its exit status says nothing.
[[nodiscard]] std::vector<std::string> IodErrors(const std::string& file);

/// The `Error` lines of dcentvfy for a set of files: empty when patient and study are the same in
/// all.
[[nodiscard]] std::vector<std::string> EntityErrors(const std::vector<std::string>& files);

}  // namespace axial::testing
