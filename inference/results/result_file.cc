#include "inference/results/result_file.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "core/dicom/dcmtk_error.h"

namespace axial::results {
namespace {

Error DiskError(const std::string& path, const char* what) {
  return MakeError(ErrorCode::kUnavailable, "{}: {}: {}", path, what, std::strerror(errno));
}

}  // namespace

Status SaveDataset(DcmDataset& dataset, const std::string& path) {
  DcmFileFormat file(&dataset, OFFalse);  // takes the data set; given back below
  const OFCondition saved =
      file.saveFile(path.c_str(), EXS_LittleEndianExplicit, EET_ExplicitLength, EGL_recalcGL,
                    EPD_noChange, 0, 0, EWM_fileformat);
  static_cast<void>(file.getAndRemoveDataset());
  if (saved.bad()) return FromOFCondition(saved).WithContext("{}", path);
  return {};
}

Status AppendPixelData(const std::string& path, std::uint32_t length,
                       const PixelProducer& produce) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "ab"),
                                                             &std::fclose);
  if (!file) return DiskError(path, "cannot append");
  const std::uint32_t padded = length + length % 2;
  // Tag, VR, two reserved bytes, length (PS3.5 7.1.2).
  std::array<std::uint8_t, 12> header = {0xE0, 0x7F, 0x10, 0x00, 'O', 'B', 0, 0};
  for (unsigned i = 0; i < 4; ++i) header[8 + i] = static_cast<std::uint8_t>(padded >> (8 * i));
  const auto write = [&](const void* data, std::size_t size) {
    return std::fwrite(data, 1, size, file.get()) == size;
  };
  if (!write(header.data(), header.size())) return DiskError(path, "cannot write");

  std::uint64_t written = 0;
  std::vector<std::uint8_t> bytes;
  for (produce(bytes); !bytes.empty(); produce(bytes)) {
    if (!write(bytes.data(), bytes.size())) return DiskError(path, "cannot write");
    written += bytes.size();
  }
  if (written != length)
    return MakeError(ErrorCode::kInternal, "{} bytes of pixels instead of {}", written, length);
  const std::uint8_t zero = 0;
  if (padded != length && !write(&zero, 1)) return DiskError(path, "cannot write");
  if (std::fflush(file.get()) != 0) return DiskError(path, "cannot write");
  return {};
}

Status SyncToDisk(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return DiskError(path, "cannot open");
  const int synced = ::fsync(descriptor);
  const int sync_errno = errno;
  ::close(descriptor);
  errno = sync_errno;
  if (synced != 0) return DiskError(path, "cannot sync");
  return {};
}

}  // namespace axial::results
