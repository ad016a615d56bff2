#include "gateway/receive/message_channel.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/cond.h>
#include <dcmtk/dcmnet/dul.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "core/dicom/dcmtk_error.h"

namespace axial::receive {

namespace {

Fault FaultOf(const OFCondition& condition) {
  switch (condition.code()) {
    case DULC_READTIMEOUT:
      return Fault::kStalled;
    case DULC_NETWORKCLOSED:
    case DULC_TCPIOERROR:
    case DULC_TLSERROR:
      return Fault::kConnectionLost;
    case DULC_UNEXPECTEDPDU:
    case DULC_FSMERROR:
      return Fault::kUnexpectedPdu;
    default:
      return Fault::kBrokenPdu;
  }
}

void PutBig(std::string& out, std::size_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xff);
}

/// P-DATA-TF with one fragment (PS3.8 9.3.5, E.2).
std::string EncodeCommandPdu(std::uint8_t presentation_context_id, std::string_view fragment,
                             bool is_last) {
  constexpr std::size_t kItemHead = 4;      // its length
  constexpr std::size_t kFragmentHead = 2;  // Presentation Context ID, Message Control Header
  std::string pdu{4, 0};
  PutBig(pdu, kItemHead + kFragmentHead + fragment.size());
  PutBig(pdu, kFragmentHead + fragment.size());
  pdu += static_cast<char>(presentation_context_id);
  pdu += static_cast<char>(is_last ? 3 : 1);
  pdu += fragment;
  return pdu;
}

}  // namespace

MessageChannel::MessageChannel(T_ASC_Association& association, int socket, int stop_event,
                               const MessageLimits& limits, ReadDeadline& deadline)
    : association_(association),
      socket_(socket),
      stop_event_(stop_event),
      limits_(limits),
      deadline_(deadline) {}

Error MessageChannel::Fail(Fault fault, Error error) {
  fault_ = fault;
  return error;
}

bool MessageChannel::TakeQueued(Fragment& fragment) {
  DUL_PDV pdv{};
  if (DUL_NextPDV(&association_.DULassociation, &pdv).bad()) return false;
  fragment.presentation_context_id = pdv.presentationContextID;
  fragment.is_command = pdv.pdvType == DUL_COMMANDPDV;
  fragment.is_last = pdv.lastPDV != OFFalse;
  fragment.bytes = {static_cast<const char*>(pdv.data), pdv.fragmentLength};
  return true;
}

Result<MessageChannel::Arrival> MessageChannel::NextFragment(Fragment& fragment) {
  if (TakeQueued(fragment)) return Arrival::kFragment;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(limits_.network).count();
  const Instant start = std::chrono::steady_clock::now();
  deadline_.Start(limits_.network);
  const OFCondition read =
      DUL_ReadPDVs(&association_.DULassociation, nullptr, DUL_NOBLOCK, static_cast<int>(seconds));
  deadline_.Stop();
  if (read == DUL_PDATAPDUARRIVED && TakeQueued(fragment)) return Arrival::kFragment;
  if (read == DUL_PEERREQUESTEDRELEASE) return Arrival::kReleased;
  // DCMTK's own time-out of one read looks like a closed connection.
  if (deadline_.expired() || std::chrono::steady_clock::now() - start >= limits_.network)
    return Fail(Fault::kStalled, Error(ErrorCode::kTimeout, "a PDU that was not whole in time"));
  if (read == DUL_PEERABORTEDASSOCIATION) {
    fault_ = Fault::kAborted;
    return Arrival::kAborted;
  }
  if (read == DUL_PDATAPDUARRIVED)
    return Fail(Fault::kBrokenPdu,
                Error(ErrorCode::kInvalidInput, "a P-DATA-TF PDU without a fragment"));
  if (read.good())
    return Fail(Fault::kUnexpectedPdu,
                Error(ErrorCode::kInvalidInput, "a PDU that has no place on an open Association"));
  return Fail(FaultOf(read), FromOFCondition(read));
}

/// A data set that comes in drop by drop holds an Association for ever; one that never ends, too.
Status MessageChannel::CheckPace(Instant start, std::int64_t bytes) {
  if (bytes > limits_.data_set_bytes)
    return Fail(Fault::kTooLarge,
                MakeError(ErrorCode::kInvalidInput,
                          "a data set of more than {} bytes (storage.max_instance)",
                          limits_.data_set_bytes));
  const std::chrono::duration<double> late =
      std::chrono::steady_clock::now() - start - limits_.network;
  if (static_cast<double>(bytes) < late.count() * static_cast<double>(limits_.bytes_per_second))
    return Fail(Fault::kTooSlow,
                MakeError(ErrorCode::kTimeout, "a data set of less than {} bytes per second",
                          limits_.bytes_per_second));
  return {};
}

Result<MessageChannel::News> MessageChannel::WaitForPeer(Duration wait) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  pollfd waits[2] = {{socket_, POLLIN, 0}, {stop_event_, POLLIN, 0}};
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const int ready =
        ::poll(waits, 2, static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1 << 30)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0)
      return Fail(Fault::kConnectionLost,
                  Error(ErrorCode::kUnavailable, "cannot wait for the peer"));
    if (ready == 0) return News::kNothing;
    if (waits[1].revents != 0) return News::kStop;
    char first = 0;
    if (::recv(socket_, &first, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
      return Fail(Fault::kConnectionLost,
                  Error(ErrorCode::kUnavailable, "closed by the peer without a release"));
    return News::kMessage;
  }
}

Result<bool> MessageChannel::WaitForNews(Duration wait) {
  AXIAL_ASSIGN_OR_RETURN(const News news, WaitForPeer(wait));
  return news != News::kNothing;
}

Result<ReceivedCommand> MessageChannel::NextCommand() {
  ReceivedCommand received;
  std::string bytes;
  Fragment fragment;
  bool queued = TakeQueued(fragment);
  if (!queued) {
    AXIAL_ASSIGN_OR_RETURN(const News news, WaitForPeer(limits_.idle));
    if (news == News::kNothing)
      return Fail(Fault::kIdle, Error(ErrorCode::kTimeout, "the peer was silent for too long"));
    if (news == News::kStop) {
      received.kind = NextMessage::kStopped;
      return received;
    }
  }
  const Instant start = std::chrono::steady_clock::now();
  fault_ = Fault::kBrokenMessage;
  while (true) {
    if (!queued) {
      AXIAL_ASSIGN_OR_RETURN(const Arrival arrival, NextFragment(fragment));
      if (arrival != Arrival::kFragment) {
        received.kind =
            arrival == Arrival::kReleased ? NextMessage::kReleased : NextMessage::kAborted;
        return received;
      }
    }
    queued = false;
    if (!fragment.is_command)
      return Error(ErrorCode::kInvalidInput, "a data set fragment where a command was expected");
    if (!bytes.empty() && fragment.presentation_context_id != received.presentation_context_id)
      return Error(ErrorCode::kInvalidInput, "a command in two Presentation Contexts");
    received.presentation_context_id = fragment.presentation_context_id;
    if (bytes.size() + fragment.bytes.size() > kMaxCommandBytes)
      return MakeError(ErrorCode::kInvalidInput, "a command of more than {} bytes",
                       kMaxCommandBytes);
    bytes += fragment.bytes;
    if (!fragment.is_last && std::chrono::steady_clock::now() - start > limits_.network)
      return Fail(Fault::kTooSlow,
                  Error(ErrorCode::kTimeout, "a command that comes in drop by drop"));
    if (!fragment.is_last) continue;
    AXIAL_ASSIGN_OR_RETURN(received.command, ParseDimseCommand(bytes));
    received.kind = NextMessage::kCommand;
    return received;
  }
}

Status MessageChannel::ReadDataSet(std::uint8_t presentation_context_id,
                                   const std::function<void(std::string_view)>& take) {
  const Instant start = std::chrono::steady_clock::now();
  std::int64_t bytes = 0;
  Fragment fragment;
  do {
    AXIAL_ASSIGN_OR_RETURN(const Arrival arrival, NextFragment(fragment));
    if (arrival != Arrival::kFragment)
      return Fail(
          arrival == Arrival::kAborted ? Fault::kAborted : Fault::kUnexpectedPdu,
          Error(ErrorCode::kUnavailable, "the peer ended the Association inside a data set"));
    if (fragment.is_command || fragment.presentation_context_id != presentation_context_id)
      return Fail(Fault::kBrokenMessage,
                  Error(ErrorCode::kInvalidInput, "another message inside a data set"));
    bytes += static_cast<std::int64_t>(fragment.bytes.size());
    AXIAL_RETURN_IF_ERROR(CheckPace(start, bytes));
    take(fragment.bytes);
  } while (!fragment.is_last);
  return {};
}

/// All of it; as patient as DCMTK made the socket (SO_SNDTIMEO).
Status MessageChannel::SendBytes(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      return Fail(Fault::kStalled, Error(ErrorCode::kTimeout, "the peer does not read"));
    if (sent < 0)
      return Fail(Fault::kConnectionLost,
                  MakeError(ErrorCode::kUnavailable, "cannot send: {}", std::strerror(errno)));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

/// Not by DCMTK, which writes head and body of a PDU each on its own: the peer would wake up twice.
Status MessageChannel::SendCommand(std::uint8_t presentation_context_id, std::string command) {
  // What the peer takes in one PDU, without the head of the fragment; at least one fragment.
  const std::size_t limit = std::max<std::size_t>(association_.sendPDVLength, 1);
  for (std::size_t at = 0; at < command.size(); at += limit)
    AXIAL_RETURN_IF_ERROR(SendBytes(EncodeCommandPdu(presentation_context_id,
                                                     std::string_view(command).substr(at, limit),
                                                     /*is_last=*/at + limit >= command.size())));
  return {};
}

}  // namespace axial::receive
