#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

typedef struct ssl_ctx_st SSL_CTX;

namespace axial::testing {

/// A web server that gives the same kind of answer to every request.
class ScriptedServer {
 public:
  struct Tls {
    std::string certificate;
    std::string key;
    std::string client_authority;  ///< clients must show a certificate of it; "": none asked for
  };
  enum class Clients { kOneAtATime, kManyAtOnce };
  enum class Reading { kWhole, kHeadOnly };  ///< of a request, before it answers
  /// `answer`: the whole HTTP answer to one request. With kHeadOnly it closes after it.
  explicit ScriptedServer(std::function<std::string(const std::string&)> answer,
                          Reading reading = Reading::kWhole);
  ScriptedServer(std::function<std::string(const std::string&)> answer, const Tls& tls,
                 Reading reading = Reading::kWhole, Clients clients = Clients::kOneAtATime);
  ScriptedServer(std::function<std::string(const std::string&)> answer, Clients clients);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::string url() const;
  [[nodiscard]] int connections() const { return connections_; }

 private:
  class Client;
  void Serve();
  void ServeClient(int socket);

  const std::function<std::string(const std::string&)> answer_;
  const Reading reading_;
  const Clients clients_;
  SSL_CTX* tls_ = nullptr;
  const int listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
  std::vector<std::thread> client_threads_;  ///< of thread_
};

/// A whole answer with its Content-Length.
[[nodiscard]] std::string Http(const std::string& status, const std::string& body = "{}");

}  // namespace axial::testing
