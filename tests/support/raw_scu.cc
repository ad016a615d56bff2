#include "tests/support/raw_scu.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>

namespace axial::testing {
namespace {

std::string Big(std::size_t number, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(number >> (8 * i) & 0xff);
  return out;
}

std::string Little(std::size_t number, int bytes) {
  std::string out = Big(number, bytes);
  std::reverse(out.begin(), out.end());
  return out;
}

std::size_t BigAt(std::string_view bytes, std::size_t at, std::size_t count) {
  std::size_t number = 0;
  for (std::size_t i = 0; i < count; ++i)
    number = number << 8 | static_cast<unsigned char>(bytes[at + i]);
  return number;
}

std::size_t LittleAt(std::string_view bytes, std::size_t at, std::size_t count) {
  std::size_t number = 0;
  for (std::size_t i = count; i > 0; --i)
    number = number << 8 | static_cast<unsigned char>(bytes[at + i - 1]);
  return number;
}

std::string Item(std::uint8_t type, const std::string& value) {
  return std::string(1, static_cast<char>(type)) + '\0' + Big(value.size(), 2) + value;
}

std::string Padded(std::string text, std::size_t size) {
  text.resize(size, ' ');
  return text;
}

std::string CommandElement(std::uint16_t element, std::string value) {
  if (value.size() % 2 != 0) value += '\0';
  return Little(0, 2) + Little(element, 2) + Little(value.size(), 4) + value;
}

constexpr std::size_t kHeadBytes = 6;

}  // namespace

void RawScu::BoundWaits() {
  constexpr timeval kPatience{20, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  const int at_once = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
}

RawScu RawScu::Adopt(int socket) {
  RawScu side;
  side.socket_ = socket;
  side.BoundWaits();
  return side;
}

RawScu::RawScu(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  BoundWaits();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) Close();
}

RawScu::~RawScu() { Close(); }

void RawScu::Close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

std::string RawScu::AssociationRequest(const std::string& called, const std::string& calling,
                                       const std::vector<Context>& contexts) {
  std::string items = Item(0x10, "1.2.840.10008.3.1.1.1");
  for (const Context& context : contexts) {
    std::string value = std::string(1, static_cast<char>(context.id)) + std::string(3, '\0') +
                        Item(0x30, context.sop_class_uid);
    for (const std::string& uid : context.transfer_syntax_uids) value += Item(0x40, uid);
    items += Item(0x20, value);
  }
  items += Item(0x50, Item(0x51, Big(16384, 4)) + Item(0x52, "1.2.3.4"));
  const std::string body = Big(1, 2) + Big(0, 2) + Padded(called, 16) + Padded(calling, 16) +
                           std::string(32, '\0') + items;
  return std::string("\x01\x00", 2) + Big(body.size(), 4) + body;
}

std::string RawScu::AssociationAcceptance(std::string_view request,
                                          const std::string& transfer_syntax_uid) {
  constexpr std::size_t kFixedBytes = kHeadBytes + 68;
  std::string items = Item(0x10, "1.2.840.10008.3.1.1.1");
  for (std::size_t at = kFixedBytes; at + 4 < request.size();) {
    if (request[at] == 0x20)
      items += Item(0x21, std::string(1, request[at + 4]) + std::string(3, '\0') +
                              Item(0x40, transfer_syntax_uid));
    at += 4 + BigAt(request, at + 2, 2);
  }
  items += Item(0x50, Item(0x51, Big(16384, 4)) + Item(0x52, "1.2.3.4"));
  const std::string body =
      std::string(request.substr(kHeadBytes, kFixedBytes - kHeadBytes)) + items;
  return std::string("\x02\x00", 2) + Big(body.size(), 4) + body;
}

std::string RawScu::StoreCommand(const std::string& sop_class_uid,
                                 const std::string& sop_instance_uid) {
  const std::string rest =
      CommandElement(0x0002, sop_class_uid) + CommandElement(0x0100, Little(0x0001, 2)) +
      CommandElement(0x0110, Little(7, 2)) + CommandElement(0x0700, Little(0, 2)) +
      CommandElement(0x0800, Little(1, 2)) + CommandElement(0x1000, sop_instance_uid);
  return CommandElement(0x0000, Little(rest.size(), 4)) + rest;
}

std::string RawScu::Command(const std::vector<std::pair<std::uint16_t, std::string>>& elements) {
  std::string rest;
  for (const auto& [element, value] : elements) rest += CommandElement(element, value);
  return CommandElement(0x0000, Little(rest.size(), 4)) + rest;
}

std::string RawScu::Us(std::uint16_t number) { return Little(number, 2); }

std::string RawScu::DataPdu(std::uint8_t context_id, bool command, bool last,
                            std::string_view bytes) {
  std::string pdu("\x04\x00", 2);
  pdu += Big(bytes.size() + 6, 4) + Big(bytes.size() + 2, 4);
  pdu += static_cast<char>(context_id);
  pdu += static_cast<char>((command ? 1 : 0) | (last ? 2 : 0));
  pdu += bytes;
  return pdu;
}

bool RawScu::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawScu::WaitReadable(std::chrono::milliseconds patience) const {
  pollfd state{socket_, POLLIN, 0};
  return ::poll(&state, 1, static_cast<int>(patience.count())) > 0;
}

std::optional<std::string> RawScu::ReceivePdu() {
  std::string pdu;
  std::size_t wanted = kHeadBytes;
  while (pdu.size() < wanted) {
    std::string piece(wanted - pdu.size(), '\0');
    const ssize_t got = ::recv(socket_, piece.data(), piece.size(), 0);
    if (got <= 0) return std::nullopt;
    pdu.append(piece, 0, static_cast<std::size_t>(got));
    if (pdu.size() == kHeadBytes) wanted = kHeadBytes + BigAt(pdu, 2, 4);
  }
  return pdu;
}

std::optional<std::string> RawScu::ReceiveMessage(bool command) {
  constexpr std::size_t kFragmentHeadBytes = 6;
  std::string message;
  while (true) {
    const std::optional<std::string> pdu = ReceivePdu();
    if (!pdu || (*pdu)[0] != 4) return std::nullopt;
    for (std::size_t at = kHeadBytes; at + kFragmentHeadBytes <= pdu->size();) {
      const std::size_t length = BigAt(*pdu, at, 4);
      const int flags = (*pdu)[at + 5];
      if (((flags & 1) != 0) != command) return std::nullopt;
      message += pdu->substr(at + kFragmentHeadBytes, length - 2);
      if ((flags & 2) != 0) return message;
      at += 4 + length;
    }
  }
}

std::optional<RawScu::Reply> RawScu::Associate(const std::string& called,
                                               const std::string& calling,
                                               const std::vector<Context>& contexts) {
  if (!Send(AssociationRequest(called, calling, contexts))) return std::nullopt;
  const std::optional<std::string> pdu = ReceivePdu();
  if (!pdu || pdu->size() < 10) return std::nullopt;
  Reply reply;
  if ((*pdu)[0] == 3) {
    reply.reject_result = (*pdu)[7];
    reply.reject_source = (*pdu)[8];
    reply.reject_reason = (*pdu)[9];
    return reply;
  }
  reply.accepted = (*pdu)[0] == 2;
  constexpr std::size_t kItemsAt = 74;
  for (std::size_t at = kItemsAt; at + 8 <= pdu->size(); at += 4 + BigAt(*pdu, at + 2, 2))
    if ((*pdu)[at] == 0x21)
      reply.context_results.push_back(static_cast<std::uint8_t>((*pdu)[at + 6]));
  return reply;
}

std::optional<RawScu::Response> RawScu::Store(std::uint8_t context_id,
                                              const std::string& sop_class_uid,
                                              const std::string& sop_instance_uid,
                                              std::string_view data_set) {
  if (!Send(DataPdu(context_id, true, true, StoreCommand(sop_class_uid, sop_instance_uid))))
    return std::nullopt;
  constexpr std::size_t kFragmentBytes = 16000;
  do {
    const std::string_view piece = data_set.substr(0, kFragmentBytes);
    data_set.remove_prefix(piece.size());
    if (!Send(DataPdu(context_id, false, data_set.empty(), piece))) return std::nullopt;
  } while (!data_set.empty());
  return ReceiveResponse();
}

std::optional<RawScu::Response> RawScu::ReceiveResponse() {
  const std::optional<std::string> pdu = ReceivePdu();
  if (!pdu || (*pdu)[0] != 4) return std::nullopt;
  Response response;
  constexpr std::size_t kCommandAt = 12;
  for (std::size_t at = kCommandAt; at + 8 <= pdu->size();) {
    const std::size_t element = LittleAt(*pdu, at + 2, 2);
    const std::size_t length = LittleAt(*pdu, at + 4, 4);
    if (element == 0x0900) response.status = static_cast<std::uint16_t>(LittleAt(*pdu, at + 8, 2));
    if (element == 0x0902) response.error_comment = pdu->substr(at + 8, length);
    at += 8 + length;
  }
  return response;
}

bool RawScu::Release() {
  if (!Send(std::string("\x05\x00\x00\x00\x00\x04\x00\x00\x00\x00", 10))) return false;
  const std::optional<std::string> pdu = ReceivePdu();
  Close();
  return pdu && (*pdu)[0] == 6;
}

}  // namespace axial::testing
