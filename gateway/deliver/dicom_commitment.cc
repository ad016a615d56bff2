// Storage Commitment as SCU (PS3.4 J), on one Association.

#include <poll.h>

#include <chrono>
#include <memory>
#include <optional>

#include "gateway/deliver/dicom_association_state.h"

namespace axial::deliver {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(100);

T_DIMSE_Message MakeAction(std::uint16_t message_id) {
  T_DIMSE_Message message{};
  message.CommandField = DIMSE_N_ACTION_RQ;
  T_DIMSE_N_ActionRQ& action = message.msg.NActionRQ;
  action.MessageID = message_id;
  OFStandard::strlcpy(action.RequestedSOPClassUID, kStorageCommitmentClass,
                      sizeof(action.RequestedSOPClassUID));
  OFStandard::strlcpy(action.RequestedSOPInstanceUID, kStorageCommitmentInstance,
                      sizeof(action.RequestedSOPInstanceUID));
  action.ActionTypeID = kRequestCommitmentAction;
  action.DataSetType = DIMSE_DATASET_PRESENT;
  return message;
}

T_DIMSE_Message MakeEventResponse(std::uint16_t message_id, std::uint16_t status) {
  T_DIMSE_Message message{};
  message.CommandField = DIMSE_N_EVENT_REPORT_RSP;
  T_DIMSE_N_EventReportRSP& response = message.msg.NEventReportRSP;
  response.MessageIDBeingRespondedTo = message_id;
  response.DimseStatus = status;
  response.DataSetType = DIMSE_DATASET_NULL;
  return message;
}

}  // namespace

Status DicomAssociation::TakeMessage(const CommitmentWait& wait,
                                     std::optional<DimseCommand>& acted) {
  AXIAL_ASSIGN_OR_RETURN(const ReceivedMessage message,
                         state_->Receive(state_->options.response_timeout));
  if (message.command.command_field == (kNActionRequest | kResponse)) {
    acted = message.command;
    return {};
  }
  if (message.command.command_field != kNEventReportRequest)
    return MakeError(ErrorCode::kUnavailable, "it answered with DIMSE command {:04X}H",
                     message.command.command_field);
  CommitmentReport report;
  const Status read = state_->ReadDataSet(message, [&](DcmItem& information) -> Status {
    AXIAL_ASSIGN_OR_RETURN(report, ReadCommitmentReport(information));
    return {};
  });
  if (read.ok()) wait.on_report(report);
  T_DIMSE_Message response = MakeEventResponse(
      message.command.message_id, read.ok() ? STATUS_Success : STATUS_N_InvalidArgumentValue);
  return state_->Send(message.context_id, response, nullptr);
}

Status DicomAssociation::AwaitReport(const CommitmentWait& wait) {
  const auto until = std::chrono::steady_clock::now() + wait.wait;
  std::optional<DimseCommand> ignored;
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

Result<DimseCommand> DicomAssociation::RequestCommitment(std::uint8_t context_id,
                                                         const CommitmentRequest& request,
                                                         const CommitmentWait& wait) {
  DcmDataset information;
  AXIAL_RETURN_IF_ERROR(WriteCommitmentRequest(request, information));
  T_DIMSE_Message action = MakeAction(state_->association->nextMsgID++);
  AXIAL_RETURN_IF_ERROR(state_->Send(context_id, action, &information));
  std::optional<DimseCommand> acted;
  while (!acted) AXIAL_RETURN_IF_ERROR(TakeMessage(wait, acted));
  if (acted->status != STATUS_Success) return *acted;
  // An archive that ends the Association now answers on another one.
  const Status waited = AwaitReport(wait);
  if (!waited.ok()) ASC_abortAssociation(state_->association);
  return *acted;
}

}  // namespace axial::deliver
