#include "gateway/receive/normalized_data_set.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcuid.h>

#include <atomic>
#include <mutex>

#include "core/dicom/dcmtk_error.h"
#include "core/dicom/storage_commitment.h"
#include "core/dicom/structure.h"
#include "gateway/receive/file_meta_information.h"

namespace axial::receive {
namespace {

constexpr std::size_t kMaxBytesInProcess = 4 * kMaxNormalizedDataSetBytes;
std::atomic<std::size_t> bytes_in_process{0};

}  // namespace

NormalizedDataSet::~NormalizedDataSet() { bytes_in_process -= bytes_.size(); }

void NormalizedDataSet::Append(std::string_view bytes) {
  if (overflowed_) return;
  const std::size_t before = bytes_in_process.fetch_add(bytes.size());
  if (bytes_.size() + bytes.size() > kMaxNormalizedDataSetBytes ||
      before + bytes.size() > kMaxBytesInProcess) {
    bytes_in_process -= bytes.size() + bytes_.size();
    bytes_ = {};
    overflowed_ = true;
    return;
  }
  bytes_ += bytes;
}

Status NormalizedDataSet::Read(const std::string& transfer_syntax_uid,
                               const std::function<Status(DcmItem&)>& read) const {
  if (overflowed_)
    return MakeError(ErrorCode::kExhausted, "a data set of more than {} bytes",
                     kMaxNormalizedDataSetBytes);
  // DCMTK's parser recurses, and needs ten times the memory: it sees one data set at a time, and
  // none that nests too deep.
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  const std::string head = EncodeFileMetaInformation(
      kStorageCommitmentClass, kStorageCommitmentInstance, transfer_syntax_uid);
  const auto walked = WalkStructureOfBytes(head + bytes_, HeaderLimits{});
  if (!walked.ok()) return walked.error();
  DcmInputBufferStream stream;
  stream.setBuffer(bytes_.data(), static_cast<offile_off_t>(bytes_.size()));
  stream.setEos();
  DcmDataset data_set;
  data_set.transferInit();
  const OFCondition parsed = data_set.read(stream, DcmXfer(transfer_syntax_uid.c_str()).getXfer());
  data_set.transferEnd();
  if (parsed.bad() && parsed != EC_EndOfStream)
    return Error(ErrorCode::kInvalidInput, parsed.text());
  return read(data_set);
}

bool IsPlainTransferSyntax(std::string_view transfer_syntax_uid) {
  return transfer_syntax_uid == UID_LittleEndianImplicitTransferSyntax ||
         transfer_syntax_uid == UID_LittleEndianExplicitTransferSyntax ||
         transfer_syntax_uid == UID_BigEndianExplicitTransferSyntax;
}

}  // namespace axial::receive
