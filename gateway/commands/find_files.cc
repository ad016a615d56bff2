#include "gateway/commands/find_files.h"

#include <algorithm>
#include <filesystem>

namespace axial::gateway {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxFolderDepth = 64;

Status AddFolder(const std::string& folder, std::vector<std::string>& files) {
  std::error_code error;
  fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied, error);
  std::vector<std::string> found;
  for (const fs::recursive_directory_iterator end; !error && it != end; it.increment(error)) {
    if (it.depth() >= kMaxFolderDepth) it.disable_recursion_pending();
    std::error_code ignored;
    if (!it->is_regular_file(ignored)) continue;
    found.push_back(it->path().string());
    if (files.size() + found.size() > kMaxFiles)
      return MakeError(ErrorCode::kExhausted, "{} holds more than {} files", folder, kMaxFiles);
  }
  if (error) return MakeError(ErrorCode::kNotFound, "{}: {}", folder, error.message());
  std::sort(found.begin(), found.end());
  files.insert(files.end(), found.begin(), found.end());
  return {};
}

}  // namespace

Result<std::vector<std::string>> FindFiles(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (fs::is_directory(path, error))
      AXIAL_RETURN_IF_ERROR(AddFolder(path, files));
    else if (fs::is_regular_file(path, error))
      files.push_back(path);
    else
      return MakeError(ErrorCode::kNotFound, "{} is neither a file nor a folder", path);
  }
  return files;
}

}  // namespace axial::gateway
