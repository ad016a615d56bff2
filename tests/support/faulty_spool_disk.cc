#include "tests/support/faulty_spool_disk.h"

namespace axial::testing {

class FaultySpoolDisk::File final : public receive::SpoolFile {
 public:
  File(FaultySpoolDisk& disk, std::unique_ptr<receive::SpoolFile> file)
      : disk_(disk), file_(std::move(file)) {}

  const std::string& path() const override { return file_->path(); }

  Status Write(std::string_view bytes) override {
    if (disk_.bytes_until_full >= 0) {
      disk_.bytes_until_full -= static_cast<std::int64_t>(bytes.size());
      if (disk_.bytes_until_full < 0) {
        disk_.bytes_until_full = 0;
        return Error(ErrorCode::kExhausted, "no space left on device");
      }
    }
    return file_->Write(bytes);
  }

  Status Finish() override { return file_->Finish(); }
  Result<InstanceHeader> ReadHeader() const override { return file_->ReadHeader(); }

  std::unique_ptr<receive::SpoolFile> Take() { return std::move(file_); }

 private:
  FaultySpoolDisk& disk_;
  std::unique_ptr<receive::SpoolFile> file_;
};

Result<std::unique_ptr<receive::SpoolFile>> FaultySpoolDisk::Create() {
  AXIAL_ASSIGN_OR_RETURN(std::unique_ptr<receive::SpoolFile> file, disk_->Create());
  return std::unique_ptr<receive::SpoolFile>(std::make_unique<File>(*this, std::move(file)));
}

Result<receive::SpoolPlace> FaultySpoolDisk::Commit(std::unique_ptr<receive::SpoolFile> file,
                                                    const std::string& folder,
                                                    const std::string& name, bool durable) {
  if (durable && sync_fails) return Error(ErrorCode::kUnavailable, "input/output error");
  return disk_->Commit(static_cast<File&>(*file).Take(), folder, name, durable);
}

Result<std::string> FaultySpoolDisk::Quarantine(std::unique_ptr<receive::SpoolFile> file) {
  return disk_->Quarantine(static_cast<File&>(*file).Take());
}

Status FaultySpoolDisk::SyncAll() {
  if (sync_all_fails) {
    ++failed_syncs;
    return Error(ErrorCode::kUnavailable, "input/output error");
  }
  return disk_->SyncAll();
}

Status FaultySpoolDisk::SyncFolder(const std::string& folder) {
  if (sync_all_fails) {
    ++failed_syncs;
    return Error(ErrorCode::kUnavailable, "input/output error");
  }
  return disk_->SyncFolder(folder);
}

Result<std::int64_t> FaultySpoolDisk::FreeBytes() {
  if (free_bytes >= 0) return free_bytes.load();
  return disk_->FreeBytes();
}

}  // namespace axial::testing
