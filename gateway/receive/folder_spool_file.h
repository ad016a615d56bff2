#pragma once

#include <string>
#include <string_view>

#include "gateway/receive/spool_disk.h"

namespace axial::receive {

/// What errno means for whoever writes to the spool: Exhausted (disk, quota or descriptors), else
/// Unavailable.
[[nodiscard]] Error SpoolError(int number, std::string_view doing, const std::string& path);

/// A file of FolderSpoolDisk. Writes blocks that lie as the page cache and the disk want them, in
/// whatever pieces the bytes come: pieces of 128 KiB less some bytes, as PDUs have them, cost a
/// fifth more on ext4. Not thread-safe.
class FolderSpoolFile final : public SpoolFile {
 public:
  /// Takes the descriptor, which is open for reading and writing and at the start.
  FolderSpoolFile(std::string path, int descriptor);
  ~FolderSpoolFile() override;  ///< removes the file unless it was moved

  const std::string& path() const override { return path_; }
  Status Write(std::string_view bytes) override;
  Status Finish() override;
  Result<InstanceHeader> ReadHeader() const override;

  [[nodiscard]] Status MoveTo(const std::string& path);
  [[nodiscard]] Status Sync() const;

 private:
  Status WriteOut(std::string_view one, std::string_view other);

  std::string path_;
  int descriptor_;
  bool moved_ = false;
  std::string tail_;  ///< what came and is not written: less than a block
};

}  // namespace axial::receive
