#include "gateway/deliver/dicom_transport.h"

#include <dcmtk/dcmnet/dcmtrans.h>
#include <dcmtk/dcmtls/tlstrans.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ssl/context.hpp>

#include "gateway/deliver/tls_client.h"

namespace axial::deliver {
namespace {

/// Bounds how long one read or write of a socket may block, as long as it lives.
class SocketTimeout {
 public:
  SocketTimeout(int socket, std::chrono::seconds timeout) : socket_(socket) {
    const timeval limit{timeout.count(), 0};
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
      timeval& before = option == SO_RCVTIMEO ? receive_ : send_;
      socklen_t size = sizeof(before);
      ::getsockopt(socket_, SOL_SOCKET, option, &before, &size);
      ::setsockopt(socket_, SOL_SOCKET, option, &limit, sizeof(limit));
    }
  }
  ~SocketTimeout() {
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &receive_, sizeof(receive_));
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &send_, sizeof(send_));
  }
  SocketTimeout(const SocketTimeout&) = delete;
  SocketTimeout& operator=(const SocketTimeout&) = delete;

 private:
  const int socket_;
  timeval receive_{};
  timeval send_{};
};

/// DCMTK's connection over TLS, which says what went wrong.
class SecureConnection final : public DcmTLSConnection {
 public:
  SecureConnection(int socket, SSL* connection, std::string host, std::chrono::seconds timeout,
                   std::string& failure)
      : DcmTLSConnection(socket, connection),
        socket_(socket),
        connection_(connection),
        host_(std::move(host)),
        timeout_(timeout),
        failure_(failure) {
    SSL_set_cert_cb(
        connection,
        [](SSL*, void* asked) {
          *static_cast<bool*>(asked) = true;
          return 1;
        },
        &asked_for_certificate_);
  }

  OFCondition clientSideHandshake() override {
    const SocketTimeout limit(socket_, timeout_);
    ERR_clear_error();
    const OFCondition done = DcmTLSConnection::clientSideHandshake();
    if (done.bad()) failure_ = WhyNoHandshake(connection_, host_, done.text());
    return done;
  }

  ssize_t read(void* buffer, size_t size) override {
    ERR_clear_error();
    return Heard(DcmTLSConnection::read(buffer, size));
  }

  ssize_t write(void* buffer, size_t size) override {
    ERR_clear_error();
    const ssize_t count = DcmTLSConnection::write(buffer, size);
    return count > 0 ? count : Heard(count);
  }

 private:
  /// In TLS 1.3 a server that refuses our certificate says so after the handshake, and may be gone
  /// before that is read.
  ssize_t Heard(ssize_t count) {
    if (count <= 0 && !heard_ && failure_.empty())
      failure_ = WhyCertificateRefused(ERR_peek_last_error(), asked_for_certificate_,
                                       SSL_get_certificate(connection_) != nullptr);
    heard_ = heard_ || count > 0;
    return count;
  }

  bool asked_for_certificate_ = false;
  bool heard_ = false;  ///< a first byte came
  const int socket_;
  SSL* const connection_;  ///< the base's
  const std::string host_;
  const std::chrono::seconds timeout_;
  std::string& failure_;
};

}  // namespace

struct WatchedTransport::Tls {
  boost::asio::ssl::context context;
  config::ClientTls files;
  std::string host;
  std::chrono::seconds timeout;
};

WatchedTransport::WatchedTransport(OpenSockets& sockets) : sockets_(sockets) {}

WatchedTransport::~WatchedTransport() { sockets_.Remove(watched_); }

Status WatchedTransport::Secure(const config::Destination& destination,
                                std::chrono::seconds timeout) {
  AXIAL_ASSIGN_OR_RETURN(auto context, MakeDicomTlsContext(destination.tls));
  tls_ = std::make_unique<Tls>(Tls{std::move(context), destination.tls, destination.host, timeout});
  return {};
}

DcmTransportConnection* WatchedTransport::createConnection(DcmNativeSocketType socket, OFBool) {
  // DCMTK's descriptor, which led to a listener of ours, is the carried connection from now on.
  if (::dup3(carried_.get(), socket, O_CLOEXEC) < 0) return nullptr;
  carried_ = OwnedSocket();
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  watched_ = sockets_.Add(socket);
  if (tls_ == nullptr) return DcmTransportLayer::createConnection(socket, OFFalse);
  SSL* const connection = SSL_new(tls_->context.native_handle());
  if (connection == nullptr) return nullptr;
  const Status expected = ExpectHost(connection, tls_->host, tls_->files);
  if (!expected.ok()) {
    tls_failure_ = expected.error().message();
    SSL_free(connection);
    return nullptr;
  }
  SSL_set_fd(connection, socket);
  return new SecureConnection(socket, connection, tls_->host, tls_->timeout, tls_failure_);
}

void WatchedTransport::AcknowledgeAtOnce() const {
  const int on = 1;
  if (watched_ >= 0) ::setsockopt(watched_, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

}  // namespace axial::deliver
