#include "core/dicom/storage_commitment.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcitem.h>
#include <dcmtk/dcmdata/dcsequen.h>

#include <functional>
#include <memory>
#include <string_view>

#include "core/dicom/dcmtk_error.h"
#include "core/dicom/uid.h"

namespace axial {
namespace {

Status ToStatus(const OFCondition& condition) {
  return condition.good() ? Status() : FromOFCondition(condition);
}

Result<std::string> ReadUid(DcmItem& item, const DcmTagKey& tag, std::string_view name) {
  OFString text;
  if (item.findAndGetOFString(tag, text).bad() || text.empty())
    return MakeError(ErrorCode::kInvalidInput, "{} is missing", name);
  const Result<Uid> uid = Uid::Parse({text.data(), text.size()});
  if (!uid.ok()) return MakeError(ErrorCode::kInvalidInput, "{} is no UID", name);
  return uid->str();
}

Result<InstanceReference> ReadReference(DcmItem& item) {
  InstanceReference reference;
  AXIAL_ASSIGN_OR_RETURN(reference.sop_class_uid,
                         ReadUid(item, DCM_ReferencedSOPClassUID, "Referenced SOP Class UID"));
  AXIAL_ASSIGN_OR_RETURN(reference.sop_instance_uid, ReadUid(item, DCM_ReferencedSOPInstanceUID,
                                                             "Referenced SOP Instance UID"));
  return reference;
}

/// Calls `take` for each item; a sequence that is absent has none.
Status ForEachItem(DcmItem& data_set, const DcmTagKey& tag,
                   const std::function<Status(DcmItem&)>& take) {
  DcmSequenceOfItems* sequence = nullptr;
  if (data_set.findAndGetSequence(tag, sequence).bad() || sequence == nullptr) return {};
  if (sequence->card() > kMaxReferences)
    return MakeError(ErrorCode::kExhausted, "more than {} Instances in one message",
                     kMaxReferences);
  DcmObject* item = nullptr;
  while ((item = sequence->nextInContainer(item)) != nullptr)
    if (item->ident() == EVR_item) AXIAL_RETURN_IF_ERROR(take(static_cast<DcmItem&>(*item)));
  return {};
}

Status PutText(DcmItem& item, const DcmTagKey& tag, const std::string& text) {
  return ToStatus(item.putAndInsertString(tag, text.c_str()));
}

Status PutReference(DcmItem& item, const InstanceReference& reference) {
  AXIAL_RETURN_IF_ERROR(PutText(item, DCM_ReferencedSOPClassUID, reference.sop_class_uid));
  return PutText(item, DCM_ReferencedSOPInstanceUID, reference.sop_instance_uid);
}

/// One item for each element of `list`; nothing when it is empty.
template <typename T>
Status PutSequence(DcmItem& into, const DcmTagKey& tag, const std::vector<T>& list,
                   Status (*fill)(DcmItem&, const T&)) {
  if (list.empty()) return {};
  auto sequence = std::make_unique<DcmSequenceOfItems>(tag);
  for (const T& element : list) {
    auto item = std::make_unique<DcmItem>();
    AXIAL_RETURN_IF_ERROR(fill(*item, element));
    AXIAL_RETURN_IF_ERROR(ToStatus(sequence->append(item.get())));
    item.release();  // the sequence's now
  }
  AXIAL_RETURN_IF_ERROR(ToStatus(into.insert(sequence.get(), OFTrue)));
  sequence.release();  // the data set's now
  return {};
}

Status PutFailure(DcmItem& item, const CommitmentReport::Failure& failure) {
  AXIAL_RETURN_IF_ERROR(PutReference(item, failure.instance));
  return ToStatus(item.putAndInsertUint16(DCM_FailureReason, failure.reason));
}

}  // namespace

Result<CommitmentRequest> ReadCommitmentRequest(DcmItem& data_set) {
  CommitmentRequest request;
  AXIAL_ASSIGN_OR_RETURN(request.transaction_uid,
                         ReadUid(data_set, DCM_TransactionUID, "Transaction UID"));
  AXIAL_RETURN_IF_ERROR(
      ForEachItem(data_set, DCM_ReferencedSOPSequence, [&](DcmItem& item) -> Status {
        AXIAL_ASSIGN_OR_RETURN(InstanceReference reference, ReadReference(item));
        request.instances.push_back(std::move(reference));
        return {};
      }));
  if (request.instances.empty())
    return Error(ErrorCode::kInvalidInput, "Referenced SOP Sequence is missing or empty");
  return request;
}

Status WriteCommitmentRequest(const CommitmentRequest& request, DcmItem& into) {
  AXIAL_RETURN_IF_ERROR(PutText(into, DCM_TransactionUID, request.transaction_uid));
  return PutSequence(into, DCM_ReferencedSOPSequence, request.instances, PutReference);
}

Result<CommitmentReport> ReadCommitmentReport(DcmItem& data_set) {
  CommitmentReport report;
  AXIAL_ASSIGN_OR_RETURN(report.transaction_uid,
                         ReadUid(data_set, DCM_TransactionUID, "Transaction UID"));
  AXIAL_RETURN_IF_ERROR(
      ForEachItem(data_set, DCM_ReferencedSOPSequence, [&](DcmItem& item) -> Status {
        AXIAL_ASSIGN_OR_RETURN(InstanceReference reference, ReadReference(item));
        report.committed.push_back(std::move(reference));
        return {};
      }));
  AXIAL_RETURN_IF_ERROR(ForEachItem(data_set, DCM_FailedSOPSequence, [&](DcmItem& item) -> Status {
    AXIAL_ASSIGN_OR_RETURN(InstanceReference reference, ReadReference(item));
    Uint16 reason = kFailureProcessing;
    if (item.findAndGetUint16(DCM_FailureReason, reason).bad()) reason = kFailureProcessing;
    report.failed.push_back({std::move(reference), reason});
    return {};
  }));
  return report;
}

Status WriteCommitmentReport(const CommitmentReport& report, DcmItem& into) {
  AXIAL_RETURN_IF_ERROR(PutText(into, DCM_TransactionUID, report.transaction_uid));
  AXIAL_RETURN_IF_ERROR(
      PutSequence(into, DCM_ReferencedSOPSequence, report.committed, PutReference));
  return PutSequence(into, DCM_FailedSOPSequence, report.failed, PutFailure);
}

}  // namespace axial
