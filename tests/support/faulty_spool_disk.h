#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "gateway/receive/spool_disk.h"

namespace axial::testing {

/// A spool disk that fills up or breaks when told to; otherwise passes everything on. Thread-safe.
class FaultySpoolDisk final : public receive::SpoolDisk {
 public:
  explicit FaultySpoolDisk(std::unique_ptr<receive::SpoolDisk> disk) : disk_(std::move(disk)) {}

  /// Reported instead of the real one; negative: the real one.
  std::atomic<std::int64_t> free_bytes{-1};
  /// Bytes that can still be written before the disk is full; negative: any number.
  std::atomic<std::int64_t> bytes_until_full{-1};
  std::atomic<bool> sync_fails{false};      ///< of single files
  std::atomic<bool> sync_all_fails{false};  ///< of folders and of all
  std::atomic<int> failed_syncs{0};         ///< of folders and of all

  Status Prepare() override { return disk_->Prepare(); }
  Result<std::unique_ptr<receive::SpoolFile>> Create() override;
  Result<receive::SpoolPlace> Commit(std::unique_ptr<receive::SpoolFile> file,
                                     const std::string& folder, const std::string& name,
                                     bool durable) override;
  Result<std::optional<receive::RemovedFiles>> RemoveExcept(const std::string& folder,
                                                            const KeptFiles& kept) override {
    return disk_->RemoveExcept(folder, kept);
  }
  Result<std::string> Quarantine(std::unique_ptr<receive::SpoolFile> file) override;
  Status SyncAll() override;
  Status SyncFolder(const std::string& folder) override;
  Result<std::int64_t> FreeBytes() override;

 private:
  class File;
  std::unique_ptr<receive::SpoolDisk> disk_;
};

}  // namespace axial::testing
