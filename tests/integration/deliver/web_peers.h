#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

typedef struct ssl_ctx_st SSL_CTX;

namespace axial::testing {

/// A web server that gives the same kind of answer to every request on one connection at a time.
class ScriptedServer {
 public:
  struct Tls {
    std::string certificate;
    std::string key;
    std::string client_authority;  ///< clients must show a certificate of it; "": none asked for
  };
  enum class Reading { kWhole, kHeadOnly };  ///< of a request, before it answers
  /// `answer`: the whole HTTP answer to one request. With kHeadOnly it closes after it.
  explicit ScriptedServer(std::function<std::string(const std::string&)> answer,
                          Reading reading = Reading::kWhole);
  ScriptedServer(std::function<std::string(const std::string&)> answer, const Tls& tls,
                 Reading reading = Reading::kWhole);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::string url() const;
  [[nodiscard]] int connections() const { return connections_; }

 private:
  class Client;
  void Serve();

  const std::function<std::string(const std::string&)> answer_;
  const Reading reading_;
  SSL_CTX* tls_ = nullptr;
  const int listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

/// A whole answer with its Content-Length.
[[nodiscard]] std::string Http(const std::string& status, const std::string& body = "{}");

}  // namespace axial::testing
