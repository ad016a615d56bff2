#include "gateway/receive/instance_intake.h"

#include <utility>

#include "core/base/log.h"
#include "gateway/receive/file_meta_information.h"
#include "gateway/receive/peer_faults.h"
#include "gateway/receive/spool_name.h"

namespace axial::receive {
namespace {

constexpr std::int64_t kSpaceCheckBytes = 1 << 20;
constexpr std::size_t kErrorCommentCharacters = 64;  // VR LO

}  // namespace

std::string ErrorComment(const std::string& message) {
  std::string comment;
  for (const char c : message.substr(0, kErrorCommentCharacters))
    comment += c >= ' ' && c < 0x7f && c != '\\' ? c : '?';
  return comment;
}

InstanceIntake::InstanceIntake(const AssociationInfo& association, const config::Storage& storage,
                               SpoolDisk& spool, ReceiveEvents& events, StoreRequest request)
    : association_(association),
      storage_(storage),
      spool_(spool),
      events_(events),
      request_(std::move(request)) {
  if (!request_.sop_class_negotiated) {
    failure_ = Error(ErrorCode::kUnsupported, "SOP Class is not the Presentation Context's");
    failure_status_ = kStatusSopClassNotSupported;
  } else if (!Uid::Parse(request_.sop_instance_uid).ok()) {
    failure_ = Error(ErrorCode::kInvalidInput, "Affected SOP Instance UID is missing or no UID");
    failure_status_ = kStatusCannotUnderstand;
  } else {
    Open();
  }
}

void InstanceIntake::Open() {
  if (!HasSpace()) return;
  Result<std::unique_ptr<SpoolFile>> file = spool_.Create();
  if (!file.ok()) {
    failure_ = file.error();
    return;
  }
  file_ = std::move(file).value();
  Append(EncodeFileMetaInformation(request_.sop_class_uid, request_.sop_instance_uid,
                                   request_.transfer_syntax_uid));
}

/// Asked before the first byte and every MiB, because nobody says how long a data set is, and
/// hundreds of Associations may write at once: they must not eat the reserve up together.
bool InstanceIntake::HasSpace() {
  next_space_check_ = bytes_ + kSpaceCheckBytes;
  const Result<std::int64_t> free_bytes = spool_.FreeBytes();
  if (!free_bytes.ok())
    failure_ = free_bytes.error();
  else if (*free_bytes < storage_.reserve_bytes)
    failure_ = Error(ErrorCode::kExhausted, "low disk space: below the storage reserve");
  return !failure_;
}

void InstanceIntake::Append(std::string_view bytes) {
  const Status written = file_->Write(bytes);
  if (!written.ok()) {
    failure_ = written.error();
    return;
  }
  digest_.Add(bytes);
  bytes_ += static_cast<std::int64_t>(bytes.size());
}

void InstanceIntake::Write(std::string_view bytes) {
  if (!failure_ && bytes_ >= next_space_check_) HasSpace();
  if (!failure_) Append(bytes);
  if (failure_) file_.reset();  // gives the space back at once; the rest is read and dropped
}

StoreAnswer InstanceIntake::Finish(std::string& study_instance_uid) {
  StoreAnswer answer = failure_ ? Refuse(failure_status_, *failure_) : Take(study_instance_uid);
  answer.bytes = bytes_;
  return answer;
}

StoreAnswer InstanceIntake::Take(std::string& study_instance_uid) {
  const bool durable = storage_.durability == config::Durability::kInstance;
  if (const Status whole = file_->Finish(); !whole.ok())
    return Refuse(kStatusOutOfResources, whole.error());
  Result<InstanceHeader> header = file_->ReadHeader();
  if (!header.ok())
    return header.error().code() == ErrorCode::kInvalidInput
               ? RefuseAndKeep(kStatusCannotUnderstand, header.error())
               : Refuse(kStatusOutOfResources, header.error());
  std::uint16_t mismatch = kStatusSuccess;
  const Status identity = CheckIdentity(*header, mismatch);
  if (!identity.ok()) return RefuseAndKeep(mismatch, identity.error());
  const std::string digest = digest_.Hex();
  const std::string name = MakeSpoolName(request_.sop_instance_uid, digest);
  const std::string folder = header->study_instance_uid.str();
  const Result<SpoolPlace> place = spool_.Commit(std::move(file_), folder, name, durable);
  if (!place.ok()) return Refuse(kStatusOutOfResources, place.error());
  const Status indexed =
      events_.OnInstance({std::move(header).value(), place->path, bytes_, digest + place->suffix,
                          place->existed, association_, durable, place->on_its_way});
  if (!indexed.ok())
    return Refuse(
        IsRetried(indexed.error().code()) ? kStatusOutOfResources : kStatusCannotUnderstand,
        indexed.error());
  study_instance_uid = folder;
  return {};
}

Status InstanceIntake::CheckIdentity(const InstanceHeader& header, std::uint16_t& status) const {
  if (header.sop_class_uid.str() != request_.sop_class_uid) {
    status = kStatusSopClassMismatch;
    return Error(ErrorCode::kInvalidInput, "SOPClassUID differs from the command's");
  }
  if (header.sop_instance_uid.str() != request_.sop_instance_uid) {
    status = kStatusCannotUnderstand;
    return Error(ErrorCode::kInvalidInput, "SOPInstanceUID differs from the command's");
  }
  return {};
}

StoreAnswer InstanceIntake::Refuse(std::uint16_t status, const Error& error,
                                   const std::string& kept_at) {
  file_.reset();  // before the answer, so that the sender finds the space when it comes again
  const bool unreadable = status == kStatusCannotUnderstand;
  Log(LogLevel::kWarning, "instance_refused",
      {{"assoc", association_.association_id},
       {"calling_ae_title", association_.calling_ae_title},
       {"address", association_.peer_address},
       {"sop_instance_uid", request_.sop_instance_uid},
       {"status", fmt::format("{:04X}H", status)},
       {"fault", unreadable ? FaultName(Fault::kUnreadableInstance) : "none"},
       {"reason", error.message()},
       {"kept_at", kept_at}});
  // Paths of ours are nobody else's business.
  const bool own_fault = status == kStatusOutOfResources;
  return {status, own_fault ? "Out of resources; send again later" : ErrorComment(error.message()),
          0};
}

StoreAnswer InstanceIntake::RefuseAndKeep(std::uint16_t status, const Error& error) {
  const Result<std::string> kept = spool_.Quarantine(std::move(file_));
  return Refuse(status, error, kept.ok() ? *kept : "nowhere: " + kept.error().message());
}

}  // namespace axial::receive
