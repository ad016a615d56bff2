#include "gateway/receive/normalized_data_set.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcuid.h>

#include <atomic>
#include <mutex>

#include "core/dicom/message_data_set.h"

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
  // DCMTK's parser needs ten times the memory: it sees one data set at a time.
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  return ReadMessageDataSet(bytes_, transfer_syntax_uid, read);
}

bool IsPlainTransferSyntax(std::string_view transfer_syntax_uid) {
  return transfer_syntax_uid == UID_LittleEndianImplicitTransferSyntax ||
         transfer_syntax_uid == UID_LittleEndianExplicitTransferSyntax ||
         transfer_syntax_uid == UID_BigEndianExplicitTransferSyntax;
}

}  // namespace axial::receive
