// SPDX-License-Identifier: GPL-3.0-or-later
#include "orthanc-plugin/open_connections.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>

namespace axial::plugin {
namespace {

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

/// 0 when it is no address of the Internet.
std::uint16_t PortOf(const Address& address) {
  if (address.any.sa_family == AF_INET) return ntohs(address.v4.sin_port);
  if (address.any.sa_family == AF_INET6) return ntohs(address.v6.sin6_port);
  return 0;
}

std::string TextOf(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.any.sa_family == AF_INET) {
    ::inet_ntop(AF_INET, &address.v4.sin_addr, text.data(), text.size());
  } else if (IN6_IS_ADDR_V4MAPPED(&address.v6.sin6_addr)) {
    ::inet_ntop(AF_INET, &address.v6.sin6_addr.s6_addr[12], text.data(), text.size());
  } else {
    ::inet_ntop(AF_INET6, &address.v6.sin6_addr, text.data(), text.size());
  }
  return text.data();
}

/// The peer of an open connection to `port`, or "". A descriptor that is closed, or is another one
/// by now, only answers differently.
std::string PeerOf(int descriptor, std::uint16_t port) {
  Address own{};
  socklen_t size = sizeof(own);
  if (::getsockname(descriptor, &own.any, &size) != 0 || PortOf(own) != port) return "";
  tcp_info info{};
  size = sizeof(info);
  if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
      info.tcpi_state != TCP_ESTABLISHED)
    return "";
  Address peer{};
  size = sizeof(peer);
  if (::getpeername(descriptor, &peer.any, &size) != 0 || PortOf(peer) == 0) return "";
  return TextOf(peer);
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

}  // namespace

std::set<std::string> ConnectedPeers(std::uint16_t port) {
  std::set<std::string> peers;
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir("/proc/self/fd"));
  if (!folder) return peers;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    int descriptor = -1;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), descriptor);
    if (error != std::errc() || end != name.data() + name.size()) continue;
    std::string peer = PeerOf(descriptor, port);
    if (!peer.empty()) peers.insert(std::move(peer));
  }
  return peers;
}

}  // namespace axial::plugin
