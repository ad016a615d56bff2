#include "inference/results/result_file.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <span>

namespace axial::results {
namespace {

Error DiskError(const std::string& path, const char* what) {
  return MakeError(ErrorCode::kUnavailable, "{}: {}: {}", path, what, std::strerror(errno));
}

/// Appends to a file; the first failure stays.
class Appender {
 public:
  explicit Appender(const std::string& path)
      : path_(path), file_(std::fopen(path.c_str(), "ab"), &std::fclose) {
    if (!file_) status_ = DiskError(path_, "cannot append");
  }

  void Write(std::span<const std::uint8_t> bytes) {
    if (status_.ok() && std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size())
      status_ = DiskError(path_, "cannot write");
  }

  /// A tag, for Pixel Data its VR, and a length (PS3.5 7.1.2, 7.5).
  void WriteHeader(const std::vector<std::uint8_t>& tag_and_vr, std::uint32_t length) {
    std::vector<std::uint8_t> header = tag_and_vr;
    for (unsigned i = 0; i < 4; ++i) header.push_back(static_cast<std::uint8_t>(length >> (8 * i)));
    Write(header);
  }

  Status Finish() {
    if (status_.ok() && std::fflush(file_.get()) != 0) status_ = DiskError(path_, "cannot write");
    return status_;
  }

  [[nodiscard]] bool ok() const { return status_.ok(); }

 private:
  const std::string& path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  Status status_;
};

std::vector<std::uint8_t> PixelDataTag(char second_of_vr) {
  return {0xE0, 0x7F, 0x10, 0x00, 'O', static_cast<std::uint8_t>(second_of_vr), 0, 0};
}

}  // namespace

Status SaveDataset(DcmDataset& dataset, const std::string& path, PixelCoding coding) {
  const E_TransferSyntax syntax =
      coding == PixelCoding::kRleLossless ? EXS_RLELossless : EXS_LittleEndianExplicit;
  DcmFileFormat file(&dataset, OFFalse);  // takes the data set; given back below
  const OFCondition saved = file.saveFile(path.c_str(), syntax, EET_ExplicitLength, EGL_recalcGL,
                                          EPD_noChange, 0, 0, EWM_fileformat);
  static_cast<void>(file.getAndRemoveDataset());
  // The data set is ours and complete: what fails is the disk, and it may have room again.
  if (saved.bad())
    return MakeError(ErrorCode::kUnavailable, "{}: cannot be written: {}", path, saved.text());
  return {};
}

Status AppendAttributes(const std::string& path, std::span<const std::uint8_t> bytes) {
  Appender file(path);
  file.Write(bytes);
  return file.Finish();
}

Status AppendPixelData(const std::string& path, std::uint32_t length, const PixelProducer& produce,
                       bool words) {
  Appender file(path);
  file.WriteHeader(PixelDataTag(words ? 'W' : 'B'), length + length % 2);
  std::uint64_t written = 0;
  std::vector<std::uint8_t> bytes;
  for (produce(bytes); file.ok() && !bytes.empty(); produce(bytes)) {
    file.Write(bytes);
    written += bytes.size();
  }
  if (file.ok() && written != length)
    return MakeError(ErrorCode::kInternal, "{} bytes of pixels instead of {}", written, length);
  const std::uint8_t zero[1] = {0};
  if (length % 2 != 0) file.Write(zero);
  return file.Finish();
}

Status AppendEncapsulatedPixelData(const std::string& path, const PixelProducer& produce) {
  constexpr std::uint32_t kUndefinedLength = 0xFFFFFFFF;
  const std::vector<std::uint8_t> item = {0xFE, 0xFF, 0x00, 0xE0};
  const std::vector<std::uint8_t> end = {0xFE, 0xFF, 0xDD, 0xE0};
  Appender file(path);
  file.WriteHeader(PixelDataTag('B'), kUndefinedLength);
  file.WriteHeader(item, 0);  // the Basic Offset Table
  std::vector<std::uint8_t> bytes;
  for (produce(bytes); file.ok() && !bytes.empty(); produce(bytes)) {
    if (bytes.size() % 2 != 0 || bytes.size() >= kUndefinedLength)
      return MakeError(ErrorCode::kInternal, "a fragment of {} bytes", bytes.size());
    file.WriteHeader(item, static_cast<std::uint32_t>(bytes.size()));
    file.Write(bytes);
  }
  file.WriteHeader(end, 0);
  return file.Finish();
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
