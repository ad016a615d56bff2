#include "gateway/receive/association.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <exception>
#include <optional>
#include <set>

#include "core/base/log.h"
#include "core/dicom/dcmtk_error.h"
#include "gateway/receive/instance_intake.h"
#include "gateway/receive/message_channel.h"
#include "gateway/receive/normalized_server.h"
#include "gateway/receive/presentation_contexts.h"

namespace axial::receive {
namespace {

Status ToStatus(const OFCondition& condition) {
  return condition.good() ? Status() : FromOFCondition(condition);
}

MessageLimits LimitsOf(const ReceiverOptions& options) {
  return {options.deadlines.network, options.deadlines.idle, options.deadlines.bytes_per_second,
          options.storage.max_instance_bytes};
}

/// One accepted Association: answers message after message.
class Server {
 public:
  Server(const AssociationServices& services, T_ASC_Association& association, int control_socket,
         const AssociationInfo& info)
      : services_(services),
        association_(association),
        info_(info),
        channel_(association, control_socket, services.stop_event, LimitsOf(services.options),
                 services.read_deadline),
        normalized_(services.options.modality_services, association, info, channel_,
                    services.metrics, services.options.deadlines.network) {}

  /// Until the peer releases (ok) or something else ends it.
  Status Run() {
    Status served = Serve();
    if (!served.ok() && !stopped_) fault_ = channel_.fault();
    return served;
  }

  [[nodiscard]] const std::set<Uid>& studies() const { return studies_; }
  [[nodiscard]] std::int64_t stored() const { return stored_; }
  [[nodiscard]] std::int64_t refused() const { return refused_; }
  /// What the peer did wrong when Run failed; nullopt when it did nothing.
  [[nodiscard]] std::optional<Fault> fault() const { return fault_; }

 private:
  Status Serve() {
    while (true) {
      AXIAL_RETURN_IF_ERROR(normalized_.TellUntilNews());
      AXIAL_ASSIGN_OR_RETURN(const ReceivedCommand received, channel_.NextCommand());
      switch (received.kind) {
        case NextMessage::kReleased:
          return {};
        case NextMessage::kAborted:
          return Error(ErrorCode::kUnavailable, "aborted by the peer");
        case NextMessage::kStopped:
          stopped_ = true;
          return Error(ErrorCode::kUnavailable, "this node is stopping");
        case NextMessage::kCommand:
          AXIAL_RETURN_IF_ERROR(Answer(received));
      }
    }
  }

  Status Answer(const ReceivedCommand& received) {
    switch (received.command.command_field) {
      case kCEchoRequest:
        return AnswerEcho(received);
      case kCStoreRequest:
        return AnswerStore(received);
      case kCCancelRequest:
        return {};  // there is nothing that could be cancelled (PS3.7 9.3.2.3)
      default:
        return normalized_.Answer(received);
    }
  }

  Status AnswerEcho(const ReceivedCommand& received) {
    DimseResponse response;
    response.affected_sop_class_uid = received.command.affected_sop_class_uid;
    return Respond(received, std::move(response));
  }

  Status AnswerStore(const ReceivedCommand& received) {
    const auto start = std::chrono::steady_clock::now();
    const DimseCommand& command = received.command;
    T_ASC_PresentationContext context{};
    AXIAL_RETURN_IF_ERROR(ToStatus(ASC_findAcceptedPresentationContext(
        association_.params, received.presentation_context_id, &context)));
    if (!command.has_data_set)
      return Error(ErrorCode::kInvalidInput, "a C-STORE request without a data set");
    InstanceIntake intake(
        info_, services_.options.storage, services_.spool, services_.events,
        {command.affected_sop_class_uid, command.affected_sop_instance_uid,
         context.acceptedTransferSyntax, command.affected_sop_class_uid == context.abstractSyntax});
    AXIAL_RETURN_IF_ERROR(
        channel_.ReadDataSet(received.presentation_context_id,
                             [&intake](std::string_view bytes) { intake.Write(bytes); }));
    std::string study;
    const StoreAnswer answer = intake.Finish(study);
    if (answer.status == kStatusSuccess) {
      studies_.insert(Uid::Parse(study).value());
      ++stored_;
    } else {
      ++refused_;
      if (answer.status == kStatusCannotUnderstand)
        services_.faults.Count(Fault::kUnreadableInstance);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    services_.metrics.CountInstance(answer.status, answer.bytes, took.count());
    return SendStoreResponse(received, answer);
  }

  Status SendStoreResponse(const ReceivedCommand& received, const StoreAnswer& answer) {
    DimseResponse response;
    response.status = answer.status;
    response.affected_sop_class_uid = received.command.affected_sop_class_uid;
    response.affected_sop_instance_uid = received.command.affected_sop_instance_uid;
    response.error_comment = answer.error_comment;
    return Respond(received, std::move(response));
  }

  Status Respond(const ReceivedCommand& received, DimseResponse response) {
    response.command_field = received.command.command_field | kResponse;
    response.message_id = received.command.message_id;
    return channel_.SendCommand(received.presentation_context_id, EncodeDimseResponse(response));
  }

  const AssociationServices& services_;
  T_ASC_Association& association_;
  const AssociationInfo& info_;
  MessageChannel channel_;
  NormalizedServer normalized_;
  std::set<Uid> studies_;
  std::int64_t stored_ = 0;
  std::int64_t refused_ = 0;
  std::optional<Fault> fault_;
  bool stopped_ = false;
};

/// Reads on until the peer has closed its side, or for so long: closing over unread bytes resets
/// the connection, and the peer would lose our last PDU. `stop_event` ends it, too.
void AwaitClose(int socket, int stop_event, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::array<char, std::size_t{16} * 1024> unread{};
  pollfd waits[2] = {{socket, POLLIN, 0}, {stop_event, POLLIN, 0}};
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0 || ::poll(waits, 2, static_cast<int>(left.count())) <= 0) return;
    if (waits[1].revents != 0) return;
    if (::recv(socket, unread.data(), unread.size(), MSG_DONTWAIT) <= 0) return;
  }
}

/// A-ABORT by hand: DCMTK's own waits up to its network timeout for the peer to close, and a peer
/// that is aborted is often one that does not answer.
void SendAbort(int socket) {
  constexpr char kAbort[] = {7, 0, 0, 0, 0, 4, 0, 0, 0, 0};
  if (::send(socket, kAbort, sizeof kAbort, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return;
  ::shutdown(socket, SHUT_WR);
  constexpr int kAlsoWhenStopping = -1;
  AwaitClose(socket, kAlsoWhenStopping, std::chrono::milliseconds(500));
}

void LogRefusals(const AssociationServices& services, const AssociationInfo& info,
                 const ContextAnswers& answers) {
  for (const std::string& uid : answers.refused_classes) {
    services.faults.CountAndLog(
        Fault::kRefusedSopClass, info.peer_address, info.calling_ae_title,
        fmt::format("{} {}: {}", NameOfSopClass(uid), uid, services.sop_classes.Remedy(uid)));
    const std::string configuration = services.sop_classes.Configuration(uid);
    if (configuration.empty()) continue;  // no storage class: nothing that could be admitted
    services.options.refused->Add(
        {.reason = "sop_class",
         .called_ae_title = info.called_ae_title,
         .calling_ae_title = info.calling_ae_title,
         .peer_address = info.peer_address,
         .detail = fmt::format("the SOP Class {} ({}) is not received", uid, NameOfSopClass(uid)),
         .remedy = "if these objects shall be stored, accept their class",
         .section = "node",
         .configuration = configuration});
  }
  for (const std::string& uid : answers.refused_transfer_syntaxes)
    services.faults.CountAndLog(Fault::kRefusedTransferSyntax, info.peer_address,
                                info.calling_ae_title, uid);
}

Result<DcmtkAssociation> Accept(const AssociationServices& services, int socket,
                                const AssociationInfo& info) {
  AXIAL_ASSIGN_OR_RETURN(DcmtkAssociation association, services.handover.Receive(socket));
  AXIAL_RETURN_IF_ERROR(ToStatus(
      ASC_setAPTitles(association->params, nullptr, nullptr, info.called_ae_title.c_str())));
  LogRefusals(services, info,
              AnswerPresentationContexts(association->params, services.sop_classes,
                                         services.options.modality_services != nullptr));
  AXIAL_RETURN_IF_ERROR(ToStatus(ASC_acknowledgeAssociation(association.get())));
  return association;
}

/// With durability `association`, what came is durable only now: before the peer's release is
/// answered.
Status MakeDurable(const AssociationServices& services, const AssociationInfo& info,
                   const Server& server) {
  if (services.options.storage.durability != config::Durability::kAssociation ||
      server.studies().empty())
    return {};
  Status synced = services.spool.SyncAll();
  if (!synced.ok())
    Log(LogLevel::kError, "spool_not_synced",
        {{"assoc", info.association_id}, {"reason", synced.error().message()}});
  return synced;
}

void Close(const AssociationServices& services, const AssociationInfo& info, const Server& server,
           const Status& served) {
  const AssociationEnd end = served.ok() ? AssociationEnd::kReleased : AssociationEnd::kAborted;
  Log(served.ok() ? LogLevel::kInfo : LogLevel::kWarning,
      served.ok() ? "association_released" : "association_aborted",
      {{"assoc", info.association_id},
       {"calling_ae_title", info.calling_ae_title},
       {"address", info.peer_address},
       {"stored", server.stored()},
       {"refused", server.refused()},
       {"fault", server.fault() ? FaultName(*server.fault()) : "none"},
       {"reason", served.ok() ? "released" : served.error().message()}});
  if (server.fault()) services.faults.Count(*server.fault());
  services.events.OnAssociationClosed(info, {server.studies().begin(), server.studies().end()},
                                      end);
}

void Serve(const AssociationServices& services, int socket, int control_socket,
           const AssociationInfo& info) {
  Result<DcmtkAssociation> accepted = Accept(services, socket, info);
  if (!accepted.ok()) {
    services.metrics.dropped_connections.Increment();
    Log(LogLevel::kWarning, "association_not_opened",
        {{"assoc", info.association_id}, {"reason", accepted.error().message()}});
    return;
  }
  T_ASC_Association& association = **accepted;
  services.metrics.associations_accepted.Increment();
  Log(LogLevel::kInfo, "association_opened",
      {{"assoc", info.association_id},
       {"calling_ae_title", info.calling_ae_title},
       {"address", info.peer_address}});
  Server server(services, association, control_socket, info);
  const Status opened = services.events.OnAssociationOpened(info);
  Status served = opened.ok() ? server.Run() : opened;
  if (opened.ok()) {
    const Status durable = MakeDurable(services, info, server);
    if (served.ok()) served = durable;
    Close(services, info, server, served);
  }
  if (!served.ok()) {
    services.metrics.associations_aborted.Increment();
    SendAbort(control_socket);
  } else if (ASC_acknowledgeRelease(&association).good()) {
    // It is for the peer to close (PS3.8 9.2.3). DCMTK would wait for one that does not for ever.
    AwaitClose(control_socket, services.stop_event, std::chrono::seconds(2));
  }
}

}  // namespace

void ServeAssociation(const AssociationServices& services, int socket, int control_socket,
                      AssociationInfo info) noexcept {
  try {
    Serve(services, socket, control_socket, info);
  } catch (const std::exception& exception) {
    Log(LogLevel::kError, "association_failed",
        {{"assoc", info.association_id}, {"reason", exception.what()}});
  } catch (...) {
    Log(LogLevel::kError, "association_failed", {{"assoc", info.association_id}});
  }
}

}  // namespace axial::receive
