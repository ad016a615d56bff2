#include "gateway/deliver/dicom_association.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dimse.h>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "core/dicom/commitment_patience.h"
#include "core/dicom/dcmtk_error.h"
#include "gateway/deliver/dicom_association_state.h"
#include "gateway/deliver/store_status.h"
#include "gateway/deliver/transcode.h"

namespace axial::deliver {
namespace {

constexpr long kMaxPduBytes = 131072;

/// A study has fewer Series, and nothing else is asked that has many matches.
constexpr int kMaxMatches = 20'000;

void PrepareProcess(const DestinationOptions& options) {
  if (!options.owns_process) return;
  // A peer that goes away while we write must be an error, not the end of the process.
  static const bool ignored = [] { return std::signal(SIGPIPE, SIG_IGN) != SIG_ERR; }();
  static_cast<void>(ignored);
}

OFCondition CreateParameters(T_ASC_Parameters*& parameters, const DestinationOptions& options) {
#if PACKAGE_VERSION_NUMBER >= 369  // DCMTK's, in osconfig.h
  return ASC_createAssociationParameters(&parameters, kMaxPduBytes,
                                         Seconds(options.connect_timeout));
#else
  static_cast<void>(options);
  return ASC_createAssociationParameters(&parameters, kMaxPduBytes);
#endif
}

std::string RejectReason(T_ASC_Parameters* parameters, const config::Destination& destination,
                         const DestinationOptions& options) {
  T_ASC_RejectParameters reject;
  ASC_getRejectParameters(parameters, &reject);
  switch (reject.reason) {
    case ASC_REASON_SU_CALLINGAETITLENOTRECOGNIZED:
      return fmt::format("it does not know our AE Title {}; add it there", options.our_ae_title);
    case ASC_REASON_SU_CALLEDAETITLENOTRECOGNIZED:
      return fmt::format("it is not called {}; correct ae_title here", destination.ae_title);
    case ASC_REASON_SU_APPCONTEXTNAMENOTSUPPORTED:
      return "application context name not supported";
    case ASC_REASON_SP_ACSE_PROTOCOLVERSIONNOTSUPPORTED:
      return "protocol version not supported";
    case ASC_REASON_SP_PRES_TEMPORARYCONGESTION:
      return "temporary congestion";
    case ASC_REASON_SP_PRES_LOCALLIMITEXCEEDED:
      return "its limit of Associations is reached";
    default:
      return "no reason given";
  }
}

Status AddContexts(T_ASC_Parameters* parameters, const std::vector<ProposedContext>& contexts) {
  int id = 1;
  for (const ProposedContext& context : contexts) {
    std::vector<const char*> syntaxes;
    for (const std::string& uid : context.transfer_syntax_uids) syntaxes.push_back(uid.c_str());
    const OFCondition added = ASC_addPresentationContext(
        parameters, static_cast<T_ASC_PresentationContextID>(id), context.sop_class_uid.c_str(),
        syntaxes.data(), static_cast<int>(syntaxes.size()),
        context.as_scp ? ASC_SC_ROLE_SCP : ASC_SC_ROLE_DEFAULT);
    if (added.bad()) return FromOFCondition(added);
    id += 2;
  }
  return {};
}

/// `port`: of the listener that DCMTK connects to (WatchedTransport::Carry).
Status FillParameters(T_ASC_Parameters* parameters, const config::Destination& destination,
                      std::uint16_t port, const DestinationOptions& options,
                      const std::vector<ProposedContext>& contexts) {
  ASC_setAPTitles(parameters, options.our_ae_title.c_str(), destination.ae_title.c_str(), nullptr);
  const std::string address = fmt::format("127.0.0.1:{}", port);
  const OFCondition set =
      ASC_setPresentationAddresses(parameters, OFStandard::getHostName().c_str(), address.c_str());
  if (set.bad()) return FromOFCondition(set);
  return AddContexts(parameters, contexts);
}

}  // namespace

DicomAssociation::DicomAssociation(std::unique_ptr<State> state) : state_(std::move(state)) {}

DicomAssociation::~DicomAssociation() {
  if (state_->association != nullptr) ASC_abortAssociation(state_->association);
}

Result<std::unique_ptr<DicomAssociation>> DicomAssociation::Open(
    const config::Destination& destination, const DestinationOptions& options,
    const std::vector<ProposedContext>& contexts, OpenSockets& sockets) {
  if (sockets.interrupted())
    return MakeError(ErrorCode::kUnavailable, "interrupted: the gateway is stopping");
  PrepareProcess(options);
  auto state = std::make_unique<State>(options, sockets);
  if (destination.secure)
    AXIAL_RETURN_IF_ERROR(state->transport.Secure(destination, options.connect_timeout));
  OFCondition condition =
      ASC_initializeNetwork(NET_REQUESTOR, 0, Seconds(options.response_timeout), &state->network);
  if (condition.good())
    condition = ASC_setTransportLayer(state->network, &state->transport, /*takeoverOwnership=*/0);
  if (condition.good()) condition = CreateParameters(state->parameters, options);
  if (condition.bad()) return FromOFCondition(condition);
  const std::string who =
      fmt::format("{}@{}:{}", destination.ae_title, destination.host, destination.port);
  auto connected = ConnectTcp(destination.host, destination.port, options.connect_timeout, sockets);
  if (!connected.ok() && sockets.interrupted())
    return MakeError(ErrorCode::kUnavailable, "interrupted: the gateway is stopping");
  if (!connected.ok()) return connected.error().WithContext("no Association with {}", who);
  state->transport.Carry(std::move(connected).value());
  AXIAL_ASSIGN_OR_RETURN(const LoopbackListener listener, ListenOnLoopback());
  AXIAL_RETURN_IF_ERROR(
      FillParameters(state->parameters, destination, listener.port, options, contexts));
  if (destination.secure) ASC_setTransportLayerType(state->parameters, OFTrue);

  condition =
      ASC_requestAssociation(state->network, state->parameters, &state->association, nullptr,
                             nullptr, DUL_NOBLOCK, Seconds(options.response_timeout));
  T_ASC_Parameters* const parameters = state->parameters;
  if (state->association != nullptr) state->parameters = nullptr;
  if (condition.good())
    return std::unique_ptr<DicomAssociation>(new DicomAssociation(std::move(state)));
  if (condition == DUL_ASSOCIATIONREJECTED)
    return MakeError(ErrorCode::kUnavailable, "{} rejected the Association: {}", who,
                     RejectReason(parameters, destination, options));
  return state->Lost(condition).WithContext("no Association with {}", who);
}

namespace {

/// 0 is best; nullopt: of no use for an object in `own`.
std::optional<int> Rank(const std::string& own, const std::string& accepted) {
  if (!CanTranscode(own, accepted)) return std::nullopt;
  if (IsCompressed(own) && own == accepted) return 0;
  if (accepted == UID_LittleEndianExplicitTransferSyntax) return 1;
  return accepted == UID_LittleEndianImplicitTransferSyntax ? 2 : 3;
}

}  // namespace

Result<AcceptedContext> DicomAssociation::FindContext(
    const std::string& sop_class_uid, const std::string& transfer_syntax_uid) const {
  std::optional<AcceptedContext> best;
  std::optional<int> best_rank;
  T_ASC_Parameters* const parameters =
      state_->association != nullptr ? state_->association->params : nullptr;
  const int count = parameters != nullptr ? ASC_countPresentationContexts(parameters) : 0;
  for (int i = 0; i < count; ++i) {
    T_ASC_PresentationContext context;
    if (ASC_getPresentationContext(parameters, i, &context).bad() ||
        context.resultReason != ASC_P_ACCEPTANCE || sop_class_uid != context.abstractSyntax)
      continue;
    const std::optional<int> rank = Rank(transfer_syntax_uid, context.acceptedTransferSyntax);
    if (!rank || (best_rank && *best_rank <= *rank)) continue;
    best = AcceptedContext{context.presentationContextID, context.acceptedTransferSyntax};
    best_rank = rank;
  }
  if (best) return *best;
  const std::string syntax = IsCompressed(transfer_syntax_uid)
                                 ? DcmXfer(transfer_syntax_uid.c_str()).getXferName()
                                 : "Explicit or Implicit VR Little Endian";
  return SopClassNotTaken(sop_class_uid, "in " + syntax);
}

Result<DimseCommand> DicomAssociation::Store(std::uint8_t context_id,
                                             const std::string& sop_class_uid,
                                             const std::string& sop_instance_uid,
                                             DcmDataset& dataset) {
  T_DIMSE_Message message{};
  message.CommandField = DIMSE_C_STORE_RQ;
  T_DIMSE_C_StoreRQ& request = message.msg.CStoreRQ;
  request.MessageID = state_->association->nextMsgID++;
  OFStandard::strlcpy(request.AffectedSOPClassUID, sop_class_uid.c_str(),
                      sizeof(request.AffectedSOPClassUID));
  OFStandard::strlcpy(request.AffectedSOPInstanceUID, sop_instance_uid.c_str(),
                      sizeof(request.AffectedSOPInstanceUID));
  request.DataSetType = DIMSE_DATASET_PRESENT;
  request.Priority = DIMSE_PRIORITY_MEDIUM;
  AXIAL_RETURN_IF_ERROR(state_->Send(context_id, message, &dataset));
  AXIAL_ASSIGN_OR_RETURN(
      const ReceivedMessage response,
      state_->ReceiveResponse(kCStoreRequest, request.MessageID, state_->options.response_timeout));
  return response.command;
}

Result<DimseCommand> DicomAssociation::Echo() {
  T_DIMSE_Message message{};
  message.CommandField = DIMSE_C_ECHO_RQ;
  T_DIMSE_C_EchoRQ& request = message.msg.CEchoRQ;
  request.MessageID = state_->association->nextMsgID++;
  OFStandard::strlcpy(request.AffectedSOPClassUID, UID_VerificationSOPClass,
                      sizeof(request.AffectedSOPClassUID));
  request.DataSetType = DIMSE_DATASET_NULL;
  AXIAL_ASSIGN_OR_RETURN(
      const AcceptedContext context,
      FindContext(UID_VerificationSOPClass, UID_LittleEndianExplicitTransferSyntax));
  AXIAL_RETURN_IF_ERROR(state_->Send(context.id, message, nullptr));
  AXIAL_ASSIGN_OR_RETURN(
      const ReceivedMessage response,
      state_->ReceiveResponse(kCEchoRequest, request.MessageID, state_->options.response_timeout));
  return response.command;
}

Result<DimseCommand> DicomAssociation::Find(std::uint8_t context_id, DcmDataset& identifier,
                                            const std::function<void(DcmItem&)>& on_match) {
  T_DIMSE_Message message{};
  message.CommandField = DIMSE_C_FIND_RQ;
  T_DIMSE_C_FindRQ& request = message.msg.CFindRQ;
  request.MessageID = state_->association->nextMsgID++;
  OFStandard::strlcpy(request.AffectedSOPClassUID, UID_FINDStudyRootQueryRetrieveInformationModel,
                      sizeof(request.AffectedSOPClassUID));
  request.Priority = DIMSE_PRIORITY_MEDIUM;
  request.DataSetType = DIMSE_DATASET_PRESENT;
  AXIAL_RETURN_IF_ERROR(state_->Send(context_id, message, &identifier));
  for (int matches = 0; matches <= kMaxMatches; ++matches) {
    AXIAL_ASSIGN_OR_RETURN(const ReceivedMessage response,
                           state_->ReceiveResponse(kCFindRequest, request.MessageID,
                                                   state_->options.response_timeout));
    if (!DICOM_PENDING_STATUS(response.command.status)) return response.command;
    AXIAL_RETURN_IF_ERROR(state_->ReadDataSet(response, [&](DcmItem& match) {
      on_match(match);
      return Status();
    }));
  }
  return MakeError(ErrorCode::kUnavailable, "it answered with more than {} matches", kMaxMatches);
}

Result<DimseCommand> DicomAssociation::Report(std::uint8_t context_id,
                                              const CommitmentReport& report) {
  DcmDataset data_set;
  AXIAL_RETURN_IF_ERROR(WriteCommitmentReport(report, data_set));
  T_DIMSE_Message message{};
  message.CommandField = DIMSE_N_EVENT_REPORT_RQ;
  T_DIMSE_N_EventReportRQ& request = message.msg.NEventReportRQ;
  request.MessageID = state_->association->nextMsgID++;
  OFStandard::strlcpy(request.AffectedSOPClassUID, kStorageCommitmentClass,
                      sizeof(request.AffectedSOPClassUID));
  OFStandard::strlcpy(request.AffectedSOPInstanceUID, kStorageCommitmentInstance,
                      sizeof(request.AffectedSOPInstanceUID));
  request.EventTypeID = report.EventType();
  request.DataSetType = DIMSE_DATASET_PRESENT;
  AXIAL_RETURN_IF_ERROR(state_->Send(context_id, message, &data_set));
  AXIAL_ASSIGN_OR_RETURN(
      const ReceivedMessage response,
      state_->ReceiveResponse(kNEventReportRequest, request.MessageID,
                              state_->options.response_timeout + PatienceFor(report)));
  return response.command;
}

bool DicomAssociation::aborted_by_peer() const { return state_->aborted_by_peer; }

void DicomAssociation::Release() {
  ASC_releaseAssociation(state_->association);
  ASC_destroyAssociation(&state_->association);
}

}  // namespace axial::deliver
