#pragma once

#include <filesystem>
#include <string>

namespace axial::testing {

/// A new empty folder, removed with everything in it at the end of the scope.
class TempDir {
 public:
  /// kMemory: where syncs cost nothing, if this machine has such a place; for tests that write much
  /// and do not ask what a disk does.
  enum class Place { kDisk, kMemory };
  explicit TempDir(Place place = Place::kDisk);
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string File(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace axial::testing
