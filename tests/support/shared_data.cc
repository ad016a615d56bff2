#include "tests/support/shared_data.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "tests/support/repository_paths.h"

namespace axial::testing {

namespace fs = std::filesystem;

std::string SharedFolder() {
  const fs::path folder = fs::path(SourceDir()) / ".." / "shared";
  return fs::is_directory(folder / "data") ? fs::canonical(folder).string() : "";
}

std::string OpenSharedItem(const std::string& name, const TempDir& into) {
  const std::string shared = SharedFolder();
  if (shared.empty()) return "";
  const fs::path plain = fs::path(shared) / "data" / name;
  if (fs::is_directory(plain)) return plain.string();
  const fs::path archive = fs::path(shared) / "data" / (name + ".tar.xz");
  if (!fs::exists(archive)) return "";
  const std::string command =
      "tar -xJf '" + archive.string() + "' -C '" + into.path().string() + "' 2>/dev/null";
  return std::system(command.c_str()) == 0 ? into.path().string() + "/" + name : "";
}

std::vector<std::string> FilesBelow(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace axial::testing
