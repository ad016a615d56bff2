// What an Association carries both ways. What comes back is taken apart here and not by DCMTK's
// DIMSE functions: those parse whatever nests, with stack frames for each level, so that an archive
// could end the process by 4 MB of sequences inside each other.

#include <dcmtk/dcmnet/dul.h>

#include <chrono>

#include "core/dicom/message_data_set.h"
#include "gateway/deliver/dicom_association_state.h"

namespace axial::deliver {
namespace {

using Steady = std::chrono::steady_clock;

/// The next fragment; DIMSE_NODATAAVAILABLE when none came in time.
OFCondition NextFragment(T_ASC_Association& association, Steady::time_point until, DUL_PDV& pdv) {
  if (DUL_NextPDV(&association.DULassociation, &pdv).good()) return EC_Normal;
  const auto left = std::chrono::ceil<std::chrono::seconds>(until - Steady::now());
  if (left.count() <= 0 || !ASC_dataWaiting(&association, Seconds(left)))
    return DIMSE_NODATAAVAILABLE;
  const OFCondition read =
      DUL_ReadPDVs(&association.DULassociation, nullptr, DUL_NOBLOCK, Seconds(left));
  if (read == DUL_PDATAPDUARRIVED) return DUL_NextPDV(&association.DULassociation, &pdv);
  return read.bad() ? read : DUL_UNEXPECTEDPDU;
}

Error Broken(std::string_view what) {
  return MakeError(ErrorCode::kUnavailable, "a broken message of the other side: {}", what);
}

}  // namespace

Status DicomAssociation::State::Send(std::uint8_t context_id, T_DIMSE_Message& message,
                                     DcmDataset* data_set) {
  const OFCondition sent =
      DIMSE_sendMessageUsingMemoryData(association, context_id, &message, /*statusDetail=*/nullptr,
                                       data_set, /*callback=*/nullptr, /*callbackData=*/nullptr);
  if (sent.bad()) return Lost(sent);
  transport.AcknowledgeAtOnce();
  return {};
}

Result<ReceivedMessage> DicomAssociation::State::Receive(std::chrono::seconds patience) {
  const Steady::time_point until = Steady::now() + patience;
  ReceivedMessage message;
  std::string command;
  DUL_PDV pdv{};
  const auto read_part = [&](bool is_command, std::size_t limit, std::string& bytes) -> Status {
    do {
      const OFCondition next = NextFragment(*association, until, pdv);
      if (next.bad()) return Lost(next);
      if ((pdv.pdvType == DUL_COMMANDPDV) != is_command)
        return Broken(is_command ? "a data set without a command"
                                 : "a command in place of a data set");
      if (!is_command || !bytes.empty())
        if (pdv.presentationContextID != message.context_id)
          return Broken("it is in two Presentation Contexts");
      message.context_id = pdv.presentationContextID;
      if (bytes.size() + pdv.fragmentLength > limit)
        return Broken(fmt::format("it is of more than {} bytes", limit));
      bytes.append(static_cast<const char*>(pdv.data), pdv.fragmentLength);
    } while (!pdv.lastPDV);
    return {};
  };
  AXIAL_RETURN_IF_ERROR(read_part(true, kMaxCommandBytes, command));
  Result<DimseCommand> parsed = ParseDimseCommand(command);
  if (!parsed.ok()) return Broken(parsed.error().message());
  message.command = std::move(parsed).value();
  if (message.command.has_data_set)
    AXIAL_RETURN_IF_ERROR(read_part(false, kMaxDataSetBytes, message.data_set));
  return message;
}

Result<ReceivedMessage> DicomAssociation::State::ReceiveResponse(std::uint16_t command_field,
                                                                 std::uint16_t message_id,
                                                                 std::chrono::seconds patience) {
  AXIAL_ASSIGN_OR_RETURN(ReceivedMessage message, Receive(patience));
  if (message.command.command_field == (command_field | kResponse) &&
      message.command.responds_to == message_id)
    return message;
  return MakeError(ErrorCode::kUnavailable,
                   "it answered DIMSE command {:04X}H, message {}, with command {:04X}H to "
                   "message {}",
                   command_field, message_id, message.command.command_field,
                   message.command.responds_to);
}

Status DicomAssociation::State::ReadDataSet(const ReceivedMessage& message,
                                            const std::function<Status(DcmItem&)>& read) {
  T_ASC_PresentationContext context;
  if (ASC_findAcceptedPresentationContext(association->params, message.context_id, &context).bad())
    return Broken("it is in no Presentation Context");
  const Status seen = ReadMessageDataSet(message.data_set, context.acceptedTransferSyntax, read);
  return seen.ok() ? Status() : Status(Broken(seen.error().message()));
}

}  // namespace axial::deliver
