#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace axial::testing {

/// Source files by their path from the root, with their text.
using SourceTree = std::map<std::string, std::string>;

/// Every .h and .cc of the product's rooms (not of tests and bench).
[[nodiscard]] SourceTree ReadSourceTree(const std::filesystem::path& root);

/// Every include line that breaks the design, as "file:line: what":
/// - rooms include only what the table of rooms allows;
/// - third-party headers stay in their rooms, also when they come along with a header of ours;
/// - every included file of ours exists and is named from the root.
[[nodiscard]] std::vector<std::string> CheckIncludes(const SourceTree& tree);

}  // namespace axial::testing
