// Storage Commitment as SCU (PS3.4 J), on one Association.

#include <poll.h>

#include <chrono>
#include <memory>
#include <optional>

#include "gateway/deliver/dicom_association_state.h"

namespace axial::deliver {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(100);

OFCondition SendAction(T_ASC_Association& association, std::uint8_t context_id,
                       DcmDataset& information) {
  T_DIMSE_Message message{};
  message.CommandField = DIMSE_N_ACTION_RQ;
  T_DIMSE_N_ActionRQ& action = message.msg.NActionRQ;
  action.MessageID = association.nextMsgID++;
  OFStandard::strlcpy(action.RequestedSOPClassUID, kStorageCommitmentClass,
                      sizeof(action.RequestedSOPClassUID));
  OFStandard::strlcpy(action.RequestedSOPInstanceUID, kStorageCommitmentInstance,
                      sizeof(action.RequestedSOPInstanceUID));
  action.ActionTypeID = kRequestCommitmentAction;
  action.DataSetType = DIMSE_DATASET_PRESENT;
  return DIMSE_sendMessageUsingMemoryData(&association, context_id, &message,
                                          /*statusDetail=*/nullptr, &information,
                                          /*callback=*/nullptr, /*callbackData=*/nullptr);
}

OFCondition SendEventResponse(T_ASC_Association& association, std::uint8_t context_id,
                              const T_DIMSE_N_EventReportRQ& request, std::uint16_t status) {
  T_DIMSE_Message message{};
  message.CommandField = DIMSE_N_EVENT_REPORT_RSP;
  T_DIMSE_N_EventReportRSP& response = message.msg.NEventReportRSP;
  response.MessageIDBeingRespondedTo = request.MessageID;
  response.DimseStatus = status;
  response.DataSetType = DIMSE_DATASET_NULL;
  return DIMSE_sendMessageUsingMemoryData(&association, context_id, &message,
                                          /*statusDetail=*/nullptr, /*dataObject=*/nullptr,
                                          /*callback=*/nullptr, /*callbackData=*/nullptr);
}

}  // namespace

Status DicomAssociation::TakeMessage(const CommitmentWait& wait,
                                     std::optional<std::uint16_t>& acted) {
  T_ASC_Association* const association = state_->association;
  const int timeout = Seconds(state_->options.response_timeout);
  T_ASC_PresentationContextID context_id = 0;
  T_DIMSE_Message message{};
  DcmDataset* detail = nullptr;
  OFCondition received =
      DIMSE_receiveCommand(association, DIMSE_NONBLOCKING, timeout, &context_id, &message, &detail);
  const std::unique_ptr<DcmDataset> owned_detail(detail);
  if (received.bad()) return state_->Lost(received);
  const bool is_event = message.CommandField == DIMSE_N_EVENT_REPORT_RQ;
  if (!is_event && message.CommandField != DIMSE_N_ACTION_RSP)
    return MakeError(ErrorCode::kUnavailable, "it answered with DIMSE command {:04X}H",
                     static_cast<unsigned>(message.CommandField));
  const bool has_data = is_event ? message.msg.NEventReportRQ.DataSetType != DIMSE_DATASET_NULL
                                 : message.msg.NActionRSP.DataSetType != DIMSE_DATASET_NULL;
  DcmDataset* data = nullptr;
  if (has_data)
    received = DIMSE_receiveDataSetInMemory(association, DIMSE_NONBLOCKING, timeout, &context_id,
                                            &data, nullptr, nullptr);
  const std::unique_ptr<DcmDataset> owned_data(data);
  if (received.bad()) return state_->Lost(received);
  if (!is_event) {
    acted = message.msg.NActionRSP.DimseStatus;
    return {};
  }
  const auto report = data != nullptr
                          ? ReadCommitmentReport(*data)
                          : Result<CommitmentReport>(
                                Error(ErrorCode::kInvalidInput, "a report without a data set"));
  if (report.ok()) wait.on_report(*report);
  const OFCondition sent =
      SendEventResponse(*association, context_id, message.msg.NEventReportRQ,
                        report.ok() ? STATUS_Success : STATUS_N_InvalidArgumentValue);
  return sent.good() ? Status() : state_->Lost(sent);
}

Status DicomAssociation::AwaitReport(const CommitmentWait& wait) {
  const auto until = std::chrono::steady_clock::now() + wait.wait;
  std::optional<std::uint16_t> ignored;
  while (std::chrono::steady_clock::now() < until && wait.awaited() &&
         !state_->sockets.interrupted()) {
    if (!ASC_dataWaiting(state_->association, 0)) {  // TLS may hold what the socket does not
      pollfd readable{state_->transport.watched(), POLLIN, 0};
      if (::poll(&readable, 1, static_cast<int>(kPoll.count())) <= 0) continue;
    }
    AXIAL_RETURN_IF_ERROR(TakeMessage(wait, ignored));
  }
  return {};
}

Result<DimseResponse> DicomAssociation::RequestCommitment(std::uint8_t context_id,
                                                          const CommitmentRequest& request,
                                                          const CommitmentWait& wait) {
  DcmDataset information;
  AXIAL_RETURN_IF_ERROR(WriteCommitmentRequest(request, information));
  const OFCondition sent = SendAction(*state_->association, context_id, information);
  if (sent.bad()) return state_->Lost(sent);
  state_->transport.AcknowledgeAtOnce();
  std::optional<std::uint16_t> acted;
  while (!acted) AXIAL_RETURN_IF_ERROR(TakeMessage(wait, acted));
  const DimseResponse response{*acted, ""};
  if (response.status != STATUS_Success) return response;
  // An archive that ends the Association now answers on another one.
  const Status waited = AwaitReport(wait);
  if (!waited.ok()) ASC_abortAssociation(state_->association);
  return response;
}

}  // namespace axial::deliver
