#include "gateway/receive/normalized_server.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dimse.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/crash_point.h"
#include "core/base/log.h"
#include "core/dicom/commitment_patience.h"
#include "core/dicom/dcmtk_error.h"
#include "core/dicom/uid.h"
#include "gateway/receive/instance_intake.h"
#include "gateway/receive/normalized_status.h"
#include "gateway/receive/performed_step_reader.h"
#include "gateway/receive/receive_metrics.h"

namespace axial::receive {
namespace {

/// A peer that keeps its Association open for so long after the acknowledgement waits for the
/// answer on it; one that does not releases at once.
constexpr auto kPatience = std::chrono::milliseconds(500);

constexpr std::uint16_t kEventReportResponse = kNEventReportRequest | kResponse;

void Fail(DimseResponse& response, std::uint16_t status, const Error& error) {
  response.status = status;
  // Paths of ours are nobody else's business.
  response.error_comment = status == kStatusResourceLimitation ? "Out of resources; ask again later"
                                                               : ErrorComment(error.message());
}

/// For what the data set, or the store, says. `invalid`: the status for InvalidInput.
std::uint16_t StatusOf(const Error& error, std::uint16_t invalid) {
  if (error.code() == ErrorCode::kInvalidInput) return invalid;
  return IsRetried(error.code()) ? kStatusResourceLimitation : kStatusProcessingFailure;
}

}  // namespace

bool IsNormalizedClass(const std::string& sop_class_uid) {
  return sop_class_uid == kStorageCommitmentClass || sop_class_uid == kPerformedStepClass;
}

NormalizedServer::NormalizedServer(ModalityServices* services, T_ASC_Association& association,
                                   const AssociationInfo& info, MessageChannel& channel,
                                   ReceiveMetrics& metrics, Duration response_deadline)
    : services_(services),
      association_(association),
      info_(info),
      channel_(channel),
      metrics_(metrics),
      response_deadline_(response_deadline) {}

NormalizedServer::~NormalizedServer() {
  GiveBack(Error(ErrorCode::kUnavailable, "the Association that asked ended before"));
}

void NormalizedServer::GiveBack(const Error& reason) {
  if (told_) services_->OnNotReported(told_->commitment, reason);
  told_.reset();
  for (const Waiting& waiting : waiting_) services_->OnCommitmentLeft(waiting.id);
  waiting_.clear();
}

Status NormalizedServer::Answer(const ReceivedCommand& received) {
  const DimseCommand& command = received.command;
  if (command.command_field == kEventReportResponse) return TakeResponse(received);
  T_ASC_PresentationContext context{};
  const bool known = services_ != nullptr &&
                     ASC_findAcceptedPresentationContext(association_.params,
                                                         received.presentation_context_id, &context)
                         .good() &&
                     IsNormalizedClass(context.abstractSyntax);
  if (!known)
    return MakeError(ErrorCode::kUnsupported, "DIMSE command {:04X}H", command.command_field);
  const bool commitment = context.abstractSyntax == std::string_view(kStorageCommitmentClass);
  const bool affected =
      command.command_field == kNCreateRequest || command.command_field == kNEventReportRequest;
  const std::string& sop_class =
      affected ? command.affected_sop_class_uid : command.requested_sop_class_uid;
  DimseResponse response;
  response.command_field = command.command_field | kResponse;
  response.message_id = command.message_id;
  response.affected_sop_class_uid = sop_class;
  response.affected_sop_instance_uid =
      affected ? command.affected_sop_instance_uid : command.requested_sop_instance_uid;
  if (sop_class != context.abstractSyntax) {
    AXIAL_RETURN_IF_ERROR(DropDataSet(received));
    response.status = kStatusNoSuchClass;
  } else if (commitment && command.command_field == kNActionRequest) {
    AXIAL_RETURN_IF_ERROR(AnswerAction(received, response));
  } else if (commitment && command.command_field == kNEventReportRequest) {
    AXIAL_RETURN_IF_ERROR(AnswerEventReport(received, response));
  } else if (!commitment && command.command_field == kNCreateRequest) {
    AXIAL_RETURN_IF_ERROR(AnswerCreate(received, response));
  } else if (!commitment && command.command_field == kNSetRequest) {
    AXIAL_RETURN_IF_ERROR(AnswerSet(received, response));
  } else {
    AXIAL_RETURN_IF_ERROR(DropDataSet(received));
    response.status = kStatusUnrecognizedOperation;
  }
  metrics_.CountNormalized(commitment, command.command_field, response.status);
  if (response.status != kStatusSuccess)
    Log(LogLevel::kWarning, commitment ? "commitment_refused" : "performed_step_refused",
        {{"assoc", info_.association_id},
         {"calling_ae_title", info_.calling_ae_title},
         {"command", fmt::format("{:04X}H", command.command_field)},
         {"status", fmt::format("{:04X}H", response.status)},
         {"reason", response.error_comment}});
  return channel_.SendCommand(received.presentation_context_id, EncodeDimseResponse(response));
}

Status NormalizedServer::DropDataSet(const ReceivedCommand& received) {
  if (!received.command.has_data_set) return {};
  return channel_.ReadDataSet(received.presentation_context_id, [](std::string_view) {});
}

Status NormalizedServer::ReadDataSet(const ReceivedCommand& received, Status& problem,
                                     const std::function<Status(DcmItem&)>& read) {
  NormalizedDataSet data_set;
  if (received.command.has_data_set)
    AXIAL_RETURN_IF_ERROR(
        channel_.ReadDataSet(received.presentation_context_id,
                             [&data_set](std::string_view bytes) { data_set.Append(bytes); }));
  T_ASC_PresentationContext context{};
  const OFCondition found = ASC_findAcceptedPresentationContext(
      association_.params, received.presentation_context_id, &context);
  if (found.bad()) return FromOFCondition(found);
  problem = data_set.Read(context.acceptedTransferSyntax, read);
  return {};
}

Status NormalizedServer::AnswerAction(const ReceivedCommand& received, DimseResponse& response) {
  CommitmentRequest request;
  Status problem;
  AXIAL_RETURN_IF_ERROR(ReadDataSet(received, problem, [&](DcmItem& item) -> Status {
    AXIAL_ASSIGN_OR_RETURN(request, ReadCommitmentRequest(item));
    return {};
  }));
  if (received.command.requested_sop_instance_uid != kStorageCommitmentInstance) {
    response.status = kStatusNoSuchInstance;
  } else if (received.command.type_id != kRequestCommitmentAction) {
    response.status = kStatusNoSuchAction;
  } else if (!problem.ok()) {
    Fail(response, StatusOf(problem.error(), kStatusInvalidArgument), problem.error());
  } else {
    const auto accepted = services_->OnCommitmentRequest(info_, request);
    if (!accepted.ok())
      Fail(response, StatusOf(accepted.error(), kStatusInvalidArgument), accepted.error());
    else if (accepted->place != ReportPlace::kElsewhere)
      waiting_.push_back(
          {accepted->id, received.presentation_context_id,
           Clock::now() + (accepted->place == ReportPlace::kHere ? Clock::duration::zero()
                                                                 : Clock::duration(kPatience))});
  }
  return {};
}

Status NormalizedServer::AnswerCreate(const ReceivedCommand& received, DimseResponse& response) {
  store::NewPerformedStep step;
  std::uint16_t invalid = kStatusProcessingFailure;
  Status problem;
  AXIAL_RETURN_IF_ERROR(ReadDataSet(received, problem, [&](DcmItem& item) -> Status {
    AXIAL_ASSIGN_OR_RETURN(step, ReadNewPerformedStep(item, invalid));
    return {};
  }));
  if (!problem.ok()) {
    Fail(response, StatusOf(problem.error(), invalid), problem.error());
    return {};
  }
  // An SCU may leave the name to the SCP (PS3.7 10.1.5.1.4).
  std::string& uid = response.affected_sop_instance_uid;
  if (uid.empty())
    uid = MakeDeterministicUid(fmt::format("performed step {} {}", info_.association_id,
                                           received.command.message_id))
              .str();
  if (!Uid::Parse(uid).ok()) {
    Fail(response, kStatusInvalidAttributeValue,
         Error(ErrorCode::kInvalidInput, "Affected SOP Instance UID is no UID"));
    return {};
  }
  step.step_uid = uid;
  step.calling_ae_title = info_.calling_ae_title;
  const Status created = services_->OnStepCreated(info_, step);
  if (created.ok()) return {};
  Fail(response,
       created.error().code() == ErrorCode::kConflict
           ? kStatusDuplicateInstance
           : StatusOf(created.error(), kStatusProcessingFailure),
       created.error());
  return {};
}

Status NormalizedServer::AnswerSet(const ReceivedCommand& received, DimseResponse& response) {
  store::PerformedStepChange change;
  std::uint16_t invalid = kStatusProcessingFailure;
  Status problem;
  AXIAL_RETURN_IF_ERROR(ReadDataSet(received, problem, [&](DcmItem& item) -> Status {
    AXIAL_ASSIGN_OR_RETURN(change, ReadPerformedStepChange(item, invalid));
    return {};
  }));
  if (!problem.ok()) {
    Fail(response, StatusOf(problem.error(), invalid), problem.error());
    return {};
  }
  const Status set =
      services_->OnStepSet(info_, received.command.requested_sop_instance_uid, change);
  if (set.ok()) return {};
  const ErrorCode code = set.error().code();
  if (code == ErrorCode::kConflict) {
    response.status = kStatusProcessingFailure;
    response.error_id = kErrorIdStepHasEnded;
    response.error_comment = "Performed Procedure Step may no longer be updated";
  } else {
    Fail(response,
         code == ErrorCode::kNotFound ? kStatusNoSuchInstance
                                      : StatusOf(set.error(), kStatusProcessingFailure),
         set.error());
  }
  return {};
}

Status NormalizedServer::AnswerEventReport(const ReceivedCommand& received,
                                           DimseResponse& response) {
  CommitmentReport report;
  Status problem;
  AXIAL_RETURN_IF_ERROR(ReadDataSet(received, problem, [&](DcmItem& item) -> Status {
    AXIAL_ASSIGN_OR_RETURN(report, ReadCommitmentReport(item));
    return {};
  }));
  const std::uint16_t type = received.command.type_id;
  if (type != kCommittedEvent && type != kCommittedWithFailuresEvent) {
    response.status = kStatusNoSuchEventType;
    return {};
  }
  if (problem.ok()) problem = services_->OnCommitmentReport(info_, report);
  if (!problem.ok())
    Fail(response,
         problem.error().code() == ErrorCode::kNotFound
             ? kStatusNoSuchInstance
             : StatusOf(problem.error(), kStatusInvalidArgument),
         problem.error());
  return {};
}

Status NormalizedServer::TakeResponse(const ReceivedCommand& received) {
  AXIAL_RETURN_IF_ERROR(DropDataSet(received));
  const std::uint16_t id = received.command.responds_to;
  if ((!told_ || id != told_->message_id) && id > 0 && id < next_message_id_)
    return {};  // too late
  if (!told_ || id != told_->message_id)
    return Error(ErrorCode::kInvalidInput, "a response to nothing that was asked");
  const Told told = *std::exchange(told_, std::nullopt);
  if (received.command.status == kStatusSuccess)
    services_->OnReported(told.commitment, told.report);
  else
    services_->OnNotReported(told.commitment, MakeError(ErrorCode::kUnavailable,
                                                        "N-EVENT-REPORT answered status {:04X}H",
                                                        received.command.status));
  return {};
}

Status NormalizedServer::TellUntilNews() {
  while (told_ || !waiting_.empty()) {
    const Clock::time_point until = told_ ? told_->deadline : waiting_.front().tell_at;
    const auto wait = std::max(Clock::duration::zero(), until - Clock::now());
    AXIAL_ASSIGN_OR_RETURN(const bool news,
                           channel_.WaitForNews(std::chrono::ceil<Duration>(wait)));
    if (news) return {};
    if (told_) {
      GiveBack(
          Error(ErrorCode::kTimeout, "no answer to N-EVENT-REPORT on the Association that asked"));
      return {};
    }
    const Waiting waiting = waiting_.front();
    waiting_.pop_front();
    AXIAL_RETURN_IF_ERROR(Tell(waiting));
  }
  return {};
}

Status NormalizedServer::Tell(const Waiting& waiting) {
  CrashPoint("commitment_answered");
  const auto taken = services_->TakeCommitment(waiting.id);
  if (!taken.ok() || !*taken) {
    services_->OnCommitmentLeft(waiting.id);
    return {};
  }
  auto report = services_->ReportOf(waiting.id);
  if (!report.ok()) {
    services_->OnNotReported(**taken, report.error());
    return {};
  }
  Status sent = Send(waiting, **taken, *report);
  if (!sent.ok()) services_->OnNotReported(**taken, sent.error());
  return sent;
}

Status NormalizedServer::Send(const Waiting& waiting, const store::Commitment& commitment,
                              const CommitmentReport& report) {
  DcmDataset data_set;
  AXIAL_RETURN_IF_ERROR(WriteCommitmentReport(report, data_set));
  T_DIMSE_Message message{};
  message.CommandField = DIMSE_N_EVENT_REPORT_RQ;
  T_DIMSE_N_EventReportRQ& request = message.msg.NEventReportRQ;
  request.MessageID = next_message_id_++;
  std::string(kStorageCommitmentClass)
      .copy(request.AffectedSOPClassUID, sizeof request.AffectedSOPClassUID - 1);
  std::string(kStorageCommitmentInstance)
      .copy(request.AffectedSOPInstanceUID, sizeof request.AffectedSOPInstanceUID - 1);
  request.EventTypeID = report.EventType();
  request.DataSetType = DIMSE_DATASET_PRESENT;
  const OFCondition sent = DIMSE_sendMessageUsingMemoryData(
      &association_, waiting.context_id, &message, /*statusDetail=*/nullptr, &data_set,
      /*callback=*/nullptr, /*callbackData=*/nullptr);
  if (sent.bad()) return FromOFCondition(sent);
  told_ = Told{commitment, report, request.MessageID,
               Clock::now() + response_deadline_ + PatienceFor(report)};
  return {};
}

}  // namespace axial::receive
