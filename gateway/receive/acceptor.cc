#include "gateway/receive/acceptor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <map>

#include "core/base/log.h"

namespace axial::receive {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr int kBacklog = 1024;
constexpr std::size_t kMaxWaiting = 512;  ///< the oldest goes when one more comes
constexpr auto kAcceptPause = std::chrono::milliseconds(100);  ///< after too many open files
constexpr auto kRejectLinger = std::chrono::seconds(2);

/// From now on the socket counts as readable only once this many bytes are there.
void SetLowWater(tcp::socket& socket, std::size_t bytes) {
  const int value = static_cast<int>(bytes);
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVLOWAT, &value, sizeof value);
}

/// One connection until it is handed over, rejected or dropped.
struct Connection {
  Connection(tcp::socket socket_in, std::string address_in)
      : socket(std::move(socket_in)),
        timer(socket.get_executor()),
        address(std::move(address_in)) {}

  tcp::socket socket;
  asio::steady_timer timer;
  std::string address;
  std::uint64_t number = 0;
  std::size_t wanted = kPduHeadBytes;
  std::string bytes;
  bool over = false;
};
using ConnectionPtr = std::shared_ptr<Connection>;

std::string NumericAddress(const tcp::endpoint& peer) {
  const asio::ip::address address = peer.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

bool HasBytes(tcp::socket& socket) {
  char first = 0;
  return ::recv(socket.native_handle(), &first, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

bool PeerHasClosed(int socket) {
  pollfd state{socket, POLLRDHUP, 0};
  return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

class AsioAcceptor final : public Acceptor {
 public:
  AsioAcceptor(asio::io_context& io_context, Duration request_deadline, Callbacks callbacks)
      : strand_(asio::make_strand(io_context)),
        listener_(strand_),
        pause_(strand_),
        request_deadline_(request_deadline),
        callbacks_(std::move(callbacks)) {}

  Result<std::uint16_t> Listen(const std::string& bind, std::uint16_t port) override {
    error_code error;
    const asio::ip::address address = asio::ip::make_address(bind, error);
    if (error) return MakeError(ErrorCode::kInvalidInput, "{}: not an IP address", bind);
    const tcp::endpoint endpoint(address, port);
    listener_.open(endpoint.protocol(), error);
    if (!error) listener_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) listener_.bind(endpoint, error);
    if (!error) listener_.listen(kBacklog, error);
    if (error)
      return MakeError(ErrorCode::kUnavailable,
                       "node: cannot listen on {}:{}: {}; stop the program that does, or change "
                       "node.port or node.bind",
                       bind, port, error.message());
    const std::uint16_t actual = listener_.local_endpoint(error).port();
    asio::post(strand_, [self = Self()] { self->AcceptNext(); });
    return actual;
  }

  void Adopt(int socket, const std::string& peer_address) override {
    asio::post(strand_, [self = Self(), socket, peer_address] {
      tcp::socket adopted(self->strand_, tcp::v4(), socket);
      if (self->closed_) return;
      self->Admit(std::make_shared<Connection>(std::move(adopted), peer_address));
    });
  }

  void Close() override {
    asio::post(strand_, [self = Self()] {
      self->closed_ = true;
      error_code ignored;
      self->listener_.close(ignored);
      self->pause_.cancel();
      while (!self->waiting_.empty()) self->End(self->waiting_.begin()->second);
    });
  }

 private:
  std::shared_ptr<AsioAcceptor> Self() {
    return std::static_pointer_cast<AsioAcceptor>(shared_from_this());
  }

  void AcceptNext() {
    if (closed_) return;
    listener_.async_accept(strand_, [self = Self()](error_code error, tcp::socket socket) {
      self->OnAccepted(error, std::move(socket));
    });
  }

  void OnAccepted(error_code error, tcp::socket socket) {
    if (closed_) return;
    if (error) {
      Log(LogLevel::kWarning, "accept_failed", {{"reason", error.message()}});
      pause_.expires_after(kAcceptPause);
      pause_.async_wait([self = Self()](error_code) { self->AcceptNext(); });
      return;
    }
    const tcp::endpoint peer = socket.remote_endpoint(error);
    if (!error && callbacks_.secure) {
      socket.set_option(tcp::no_delay(true), error);
      const int released = socket.release(error);
      if (!error) callbacks_.secure(released, NumericAddress(peer));
    } else if (!error) {
      const auto connection = std::make_shared<Connection>(std::move(socket), NumericAddress(peer));
      Admit(connection);
    }
    AcceptNext();
  }

  void Admit(const ConnectionPtr& connection) {
    if (waiting_.size() >= kMaxWaiting)
      Drop(waiting_.begin()->second, Fault::kCrowdedOut,
           "too many connections without an A-ASSOCIATE-RQ");
    connection->number = ++count_;
    waiting_.emplace(connection->number, connection);
    error_code error;
    connection->socket.set_option(tcp::no_delay(true), error);
    connection->timer.expires_after(request_deadline_);
    connection->timer.async_wait([self = Self(), connection](error_code cancelled) {
      if (cancelled || connection->over) return;
      const bool silent = connection->wanted == kPduHeadBytes && !HasBytes(connection->socket);
      self->Drop(connection, silent ? Fault::kSilent : Fault::kSlowRequest,
                 silent ? "nothing came" : "no whole A-ASSOCIATE-RQ in time");
    });
    WaitForMore(connection);
  }

  void WaitForMore(const ConnectionPtr& connection) {
    SetLowWater(connection->socket, connection->wanted);
    connection->socket.async_wait(tcp::socket::wait_read,
                                  [self = Self(), connection](error_code failed) {
                                    if (!connection->over) self->OnReadable(connection, failed);
                                  });
  }

  void OnReadable(const ConnectionPtr& connection, error_code error) {
    if (error) return Drop(connection, Fault::kConnectionLost, error.message());
    connection->bytes.resize(connection->wanted);
    const ssize_t got = ::recv(connection->socket.native_handle(), connection->bytes.data(),
                               connection->bytes.size(), MSG_PEEK | MSG_DONTWAIT);
    const std::size_t there = got < 0 ? 0 : static_cast<std::size_t>(got);
    if (there < connection->wanted) {
      if (PeerHasClosed(connection->socket.native_handle()))
        return Drop(connection, Fault::kClosedEarly,
                    "closed by the peer before a whole A-ASSOCIATE-RQ");
      return WaitForMore(connection);
    }
    if (connection->wanted == kPduHeadBytes) {
      if (connection->bytes.starts_with("\x16\x03"))
        return Drop(connection, Fault::kTlsOnPlainPort,
                    "it speaks TLS, and this node does not; turn TLS off at the peer, or "
                    "configure node.tls here");
      const Result<std::size_t> size = AssociationRequestBytes(connection->bytes);
      if (!size.ok())
        return Drop(
            connection,
            IsAssociationRequest(connection->bytes) ? Fault::kBrokenRequest : Fault::kNotDicom,
            size.error().message());
      connection->wanted = *size;
      return WaitForMore(connection);
    }
    OnRequest(connection);
  }

  void OnRequest(const ConnectionPtr& connection) {
    const Result<AssociationRequest> request = ParseAssociationRequest(connection->bytes);
    if (!request.ok()) return Drop(connection, Fault::kBrokenRequest, request.error().message());
    if (const auto reason = callbacks_.judge(*request, connection->address))
      return Reject(connection, *reason);
    SetLowWater(connection->socket, 1);
    error_code error;
    const int socket = connection->socket.release(error);
    if (error) return Drop(connection, Fault::kConnectionLost, error.message());
    End(connection);
    ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) & ~O_NONBLOCK);
    callbacks_.take({socket, *request, connection->address});
  }

  /// The request is taken out of the socket first: closing over unread bytes resets the connection,
  /// and the peer would lose the answer.
  void Reject(const ConnectionPtr& connection, const RejectReason& reason) {
    const ssize_t taken = ::recv(connection->socket.native_handle(), connection->bytes.data(),
                                 connection->bytes.size(), MSG_DONTWAIT);
    if (taken < 0) return End(connection);
    SetLowWater(connection->socket, 1);
    connection->timer.expires_after(kRejectLinger);
    connection->timer.async_wait([self = Self(), connection](error_code cancelled) {
      if (!cancelled && !connection->over) self->End(connection);
    });
    connection->bytes = EncodeReject(reason);
    asio::async_write(connection->socket, asio::buffer(connection->bytes),
                      [self = Self(), connection](error_code failed, std::size_t) {
                        if (connection->over) return;
                        if (failed) return self->End(connection);
                        error_code ignored;
                        connection->socket.shutdown(tcp::socket::shutdown_send, ignored);
                        connection->socket.async_wait(tcp::socket::wait_read,
                                                      [self, connection](error_code) {
                                                        if (!connection->over)
                                                          self->End(connection);
                                                      });
                      });
  }

  void Drop(const ConnectionPtr& connection, Fault fault, const std::string& why) {
    callbacks_.dropped(fault, connection->address, why);
    End(connection);
  }

  void End(const ConnectionPtr& connection) {
    // The map may hold the last other reference. NOLINTNEXTLINE(*-unnecessary-copy-initialization)
    const ConnectionPtr keep = connection;
    keep->over = true;
    error_code ignored;
    keep->socket.close(ignored);
    keep->timer.cancel();
    waiting_.erase(keep->number);
  }

  asio::strand<asio::io_context::executor_type> strand_;
  tcp::acceptor listener_;
  asio::steady_timer pause_;
  Duration request_deadline_;
  Callbacks callbacks_;
  std::map<std::uint64_t, ConnectionPtr> waiting_;  ///< the oldest first
  std::uint64_t count_ = 0;
  bool closed_ = false;
};

}  // namespace

std::shared_ptr<Acceptor> Acceptor::Make(asio::io_context& io_context, Duration request_deadline,
                                         Callbacks callbacks) {
  return std::make_shared<AsioAcceptor>(io_context, request_deadline, std::move(callbacks));
}

}  // namespace axial::receive
