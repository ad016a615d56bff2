#include "gateway/receive/message_channel.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/cond.h>
#include <dcmtk/dcmnet/dul.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "core/dicom/dcmtk_error.h"

namespace axial::receive {

MessageChannel::MessageChannel(T_ASC_Association& association, int socket, int stop_event,
                               Duration network, Duration idle)
    : association_(association),
      socket_(socket),
      stop_event_(stop_event),
      network_(network),
      idle_(idle) {}

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
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(network_).count();
  const OFCondition read =
      DUL_ReadPDVs(&association_.DULassociation, nullptr, DUL_NOBLOCK, static_cast<int>(seconds));
  if (read == DUL_PDATAPDUARRIVED && TakeQueued(fragment)) return Arrival::kFragment;
  if (read == DUL_PEERREQUESTEDRELEASE) return Arrival::kReleased;
  if (read == DUL_PEERABORTEDASSOCIATION) return Arrival::kAborted;
  if (read.good()) return Error(ErrorCode::kInvalidInput, "a P-DATA-TF PDU without a fragment");
  return FromOFCondition(read);
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
    if (ready < 0) return Error(ErrorCode::kUnavailable, "cannot wait for the peer");
    if (ready == 0) return News::kNothing;
    return waits[1].revents == 0 ? News::kMessage : News::kStop;
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
    AXIAL_ASSIGN_OR_RETURN(const News news, WaitForPeer(idle_));
    if (news == News::kNothing)
      return Error(ErrorCode::kTimeout, "the peer was silent for too long");
    if (news == News::kStop) {
      received.kind = NextMessage::kStopped;
      return received;
    }
  }
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
    if (!fragment.is_last) continue;
    AXIAL_ASSIGN_OR_RETURN(received.command, ParseDimseCommand(bytes));
    received.kind = NextMessage::kCommand;
    return received;
  }
}

Status MessageChannel::ReadDataSet(std::uint8_t presentation_context_id,
                                   const std::function<void(std::string_view)>& take) {
  Fragment fragment;
  do {
    AXIAL_ASSIGN_OR_RETURN(const Arrival arrival, NextFragment(fragment));
    if (arrival != Arrival::kFragment)
      return Error(ErrorCode::kUnavailable, "the peer ended the Association inside a data set");
    if (fragment.is_command || fragment.presentation_context_id != presentation_context_id)
      return Error(ErrorCode::kInvalidInput, "another message inside a data set");
    take(fragment.bytes);
  } while (!fragment.is_last);
  return {};
}

Status MessageChannel::SendCommand(std::uint8_t presentation_context_id, std::string command) {
  // What the peer takes in one PDU, without the head of the fragment; at least one fragment.
  const std::size_t limit = std::max<std::size_t>(association_.sendPDVLength, 1);
  for (std::size_t at = 0; at < command.size(); at += limit) {
    DUL_PDV pdv{};
    pdv.fragmentLength = static_cast<unsigned long>(std::min(limit, command.size() - at));
    pdv.presentationContextID = presentation_context_id;
    pdv.pdvType = DUL_COMMANDPDV;
    pdv.lastPDV = at + limit >= command.size() ? OFTrue : OFFalse;
    pdv.data = command.data() + at;
    DUL_PDVLIST list{};
    list.count = 1;
    list.pdv = &pdv;
    const OFCondition sent = DUL_WritePDVs(&association_.DULassociation, &list);
    if (sent.bad()) return FromOFCondition(sent);
  }
  return {};
}

}  // namespace axial::receive
