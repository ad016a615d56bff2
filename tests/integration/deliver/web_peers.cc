#include "tests/integration/deliver/web_peers.h"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

namespace axial::testing {

/// One connection, with or without TLS.
class ScriptedServer::Client {
 public:
  Client(int socket, SSL_CTX* tls) : socket_(socket) {
    if (tls == nullptr) return;
    ssl_ = SSL_new(tls);
    SSL_set_fd(ssl_, socket_);
    usable_ = SSL_accept(ssl_) == 1;
  }
  ~Client() {
    SSL_free(ssl_);
    ::shutdown(socket_, SHUT_WR);
    ::close(socket_);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Requests come one after the other; a body ends with Content-Length.
  bool ReadRequest(std::string& text, Reading reading) {
    std::array<char, 65536> buffer;
    while (usable_) {
      if (const std::size_t end = text.find("\r\n\r\n"); end != std::string::npos) {
        if (reading == Reading::kHeadOnly) return true;
        const std::size_t field = text.find("Content-Length: ");
        const std::size_t length = field < end ? std::stoul(text.substr(field + 16)) : 0;
        if (text.size() >= end + 4 + length) return true;
      }
      const auto size = static_cast<int>(buffer.size());
      const ssize_t count = ssl_ != nullptr ? SSL_read(ssl_, buffer.data(), size)
                                            : ::recv(socket_, buffer.data(), buffer.size(), 0);
      if (count <= 0) return false;
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return false;
  }

  bool Send(const std::string& text) {
    if (ssl_ != nullptr) return SSL_write(ssl_, text.data(), static_cast<int>(text.size())) > 0;
    return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) >= 0;
  }

 private:
  const int socket_;
  SSL* ssl_ = nullptr;
  bool usable_ = true;
};

ScriptedServer::ScriptedServer(std::function<std::string(const std::string&)> answer,
                               Reading reading)
    : ScriptedServer(std::move(answer), Tls{}, reading) {}

ScriptedServer::ScriptedServer(std::function<std::string(const std::string&)> answer,
                               Clients clients)
    : ScriptedServer(std::move(answer), Tls{}, Reading::kWhole, clients) {}

ScriptedServer::ScriptedServer(std::function<std::string(const std::string&)> answer,
                               const Tls& tls, Reading reading, Clients clients)
    : answer_(std::move(answer)),
      reading_(reading),
      clients_(clients),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  std::signal(SIGPIPE, SIG_IGN);
  if (!tls.certificate.empty()) {
    tls_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate_chain_file(tls_, tls.certificate.c_str());
    SSL_CTX_use_PrivateKey_file(tls_, tls.key.c_str(), SSL_FILETYPE_PEM);
    if (!tls.client_authority.empty()) {
      SSL_CTX_load_verify_locations(tls_, tls.client_authority.c_str(), nullptr);
      SSL_CTX_set_verify(tls_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
  ::listen(listener_, 8);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

ScriptedServer::~ScriptedServer() {
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  for (std::thread& thread : client_threads_) thread.join();
  ::close(listener_);
  SSL_CTX_free(tls_);
}

std::string ScriptedServer::url() const {
  return (tls_ != nullptr ? "https" : "http") + std::string("://127.0.0.1:") +
         std::to_string(port_) + "/dicom-web";
}

void ScriptedServer::Serve() {
  while (true) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    ++connections_;
    if (clients_ == Clients::kManyAtOnce)
      client_threads_.emplace_back([this, socket] { ServeClient(socket); });
    else
      ServeClient(socket);
  }
}

void ScriptedServer::ServeClient(int socket) {
  Client client(socket, tls_);
  std::string received;
  while (client.ReadRequest(received, reading_)) {
    if (!client.Send(answer_(received)) || reading_ == Reading::kHeadOnly) break;
    received.clear();
  }
}

std::string Http(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

}  // namespace axial::testing
