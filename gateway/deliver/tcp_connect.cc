#include "gateway/deliver/tcp_connect.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

namespace axial::deliver {
namespace {

using SteadyClock = std::chrono::steady_clock;

Error SystemError(int number) {
  return Error(ErrorCode::kUnavailable, std::generic_category().message(number));
}

/// Watches a socket as long as it lives.
class Watch {
 public:
  Watch(OpenSockets& sockets, int socket) : sockets_(sockets), watched_(sockets.Add(socket)) {}
  ~Watch() { sockets_.Remove(watched_); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  OpenSockets& sockets_;
  const int watched_;
};

/// Until the connection is there, or is not to be had.
Status WaitUntilConnected(int socket, SteadyClock::time_point deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
    pollfd descriptor{socket, POLLOUT, 0};
    const int ready = left <= 0 ? 0 : ::poll(&descriptor, 1, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return SystemError(errno);
    if (ready == 0) return MakeError(ErrorCode::kTimeout, "it does not answer");
    int error = 0;
    socklen_t size = sizeof(error);
    ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return SystemError(error);
    return {};
  }
}

Result<OwnedSocket> ConnectTo(const addrinfo& address, SteadyClock::time_point deadline,
                              OpenSockets& sockets) {
  OwnedSocket socket(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return SystemError(errno);
  const int started = ::connect(socket.get(), address.ai_addr, address.ai_addrlen);
  if (started != 0 && errno != EINPROGRESS) return SystemError(errno);
  const Watch watch(sockets, socket.get());
  AXIAL_RETURN_IF_ERROR(WaitUntilConnected(socket.get(), deadline));
  if (::fcntl(socket.get(), F_SETFL, 0) != 0) return SystemError(errno);  // it blocks from now on
  return socket;
}

}  // namespace

OwnedSocket::~OwnedSocket() {
  if (socket_ >= 0) ::close(socket_);
}

OwnedSocket::OwnedSocket(OwnedSocket&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)) {}

OwnedSocket& OwnedSocket::operator=(OwnedSocket&& other) noexcept {
  std::swap(socket_, other.socket_);
  return *this;
}

Result<OwnedSocket> ConnectTcp(const std::string& host, std::uint16_t port,
                               std::chrono::seconds timeout, OpenSockets& sockets) {
  const SteadyClock::time_point deadline = SteadyClock::now() + timeout;
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
      failed != 0)
    return MakeError(ErrorCode::kUnavailable, "no address of that name: {}",
                     ::gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  Result<OwnedSocket> connected = Error(ErrorCode::kUnavailable, "no address of that name");
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    connected = ConnectTo(*address, deadline, sockets);
    if (connected.ok() || sockets.interrupted() || SteadyClock::now() >= deadline) break;
  }
  return connected;
}

Result<LoopbackListener> ListenOnLoopback() {
  LoopbackListener listener{OwnedSocket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), 0};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (listener.socket.get() < 0 || ::bind(listener.socket.get(), any, size) != 0 ||
      ::listen(listener.socket.get(), 1) != 0 ||
      ::getsockname(listener.socket.get(), any, &size) != 0)
    return SystemError(errno);
  listener.port = ntohs(address.sin_port);
  return listener;
}

}  // namespace axial::deliver
