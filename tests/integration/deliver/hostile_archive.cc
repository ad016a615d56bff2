#include "tests/integration/deliver/hostile_archive.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

namespace axial::testing {
namespace {

constexpr char kAssociateRequest = 1;
constexpr char kData = 4;
constexpr char kReleaseRequest = 5;
constexpr char kAbort = 7;
constexpr std::size_t kFragmentHead = 12;  // of a P-DATA-TF PDU with one fragment
constexpr std::string_view kReleaseResponse("\x06\x00\x00\x00\x00\x04\x00\x00\x00\x00", 10);

/// Of a command set: the value of an element with VR US.
std::uint16_t NumberOf(std::string_view command, std::uint16_t element) {
  const std::string head =
      std::string(2, '\0') + RawScu::Us(element) + RawScu::Us(2) + RawScu::Us(0);
  const std::size_t at = command.find(head);
  if (at == std::string_view::npos || at + head.size() + 2 > command.size()) return 0;
  const auto byte = [&](std::size_t i) {
    return static_cast<unsigned char>(command[at + head.size() + i]);
  };
  return static_cast<std::uint16_t>(byte(0) | byte(1) << 8);
}

}  // namespace

HostileArchive::HostileArchive(Answer answer, std::string transfer_syntax_uid)
    : answer_(std::move(answer)), transfer_syntax_uid_(std::move(transfer_syntax_uid)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
  ::listen(listener_, 16);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

HostileArchive::~HostileArchive() {
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

std::string HostileArchive::Response(const Message& message, std::uint16_t status,
                                     bool has_data_set) {
  constexpr std::uint16_t kResponse = 0x8000;
  return RawScu::Command(
      {{0x0100, RawScu::Us(static_cast<std::uint16_t>(message.command_field | kResponse))},
       {0x0120, RawScu::Us(message.message_id)},
       {0x0800, RawScu::Us(has_data_set ? 0x0001 : 0x0101)},
       {0x0900, RawScu::Us(status)}});
}

std::string HostileArchive::Fragments(std::uint8_t context_id, bool command, std::string_view bytes,
                                      bool ends) {
  constexpr std::size_t kFragment = std::size_t{64} * 1024;
  std::string pdus;
  for (std::size_t at = 0; at < bytes.size(); at += kFragment)
    pdus += RawScu::DataPdu(context_id, command, ends && at + kFragment >= bytes.size(),
                            bytes.substr(at, kFragment));
  return pdus;
}

void HostileArchive::Serve() {
  for (int client = 0; (client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;)
    ServeOne(RawScu::Adopt(client));
}

void HostileArchive::ServeOne(RawScu connection) const {
  while (const std::optional<std::string> pdu = connection.ReceivePdu()) {
    bool goes_on = pdu->front() != kAbort;
    if (pdu->front() == kAssociateRequest) {
      goes_on = connection.Send(RawScu::AssociationAcceptance(*pdu, transfer_syntax_uid_));
    } else if (pdu->front() == kReleaseRequest) {
      connection.Send(kReleaseResponse);
      goes_on = false;
    } else if (pdu->front() == kData && pdu->size() > kFragmentHead &&
               ((*pdu)[kFragmentHead - 1] & 1) != 0) {
      const std::string command = pdu->substr(kFragmentHead);
      goes_on = answer_(connection, {static_cast<std::uint8_t>((*pdu)[kFragmentHead - 2]),
                                     NumberOf(command, 0x0110), NumberOf(command, 0x0100)});
    }
    if (!goes_on) return;
  }
}

}  // namespace axial::testing
