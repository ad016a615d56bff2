#include "gateway/admin/admin_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "tests/unit/gateway/store/store_fixture.h"

namespace axial::admin {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A TCP connection to the server that reads with a deadline.
class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval deadline{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void Send(const std::string& text) const {
    ASSERT_TRUE(connected_);
    std::size_t sent = 0;
    while (sent < text.size()) {
      const ssize_t count = ::send(fd_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return;  // the server may close early; the answer tells
      sent += static_cast<std::size_t>(count);
    }
  }

  /// Until the server closes (or `wanted` was seen, when given).
  [[nodiscard]] std::string Read(const std::string& wanted = "") const {
    std::string text;
    std::array<char, 4096> buffer;
    while (wanted.empty() || text.find(wanted) == std::string::npos) {
      const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), 0);
      if (count <= 0) break;
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return text;
  }

 private:
  int fd_;
  bool connected_ = false;
};

class AdminServerTest : public store::StoreTest {
 protected:
  void StartServer(const ServerLimits& limits = {}) {
    api = std::make_unique<AdminApi>(*studies, *jobs, *deliveries, metrics, Clock::System(),
                                     providers);
    config::Admin config;
    config.port = 0;
    server = std::move(AdminServer::Start(config, *api, limits)).value();
  }

  std::string Ask(const std::string& request) const {
    const Client client(server->port());
    client.Send(request);
    return client.Read();
  }
  static std::string Get(const std::string& target) {
    return "GET " + target + " HTTP/1.1\r\nHost: axial\r\nConnection: close\r\n\r\n";
  }

  Metrics metrics;
  AdminProviders providers;
  std::unique_ptr<AdminApi> api;
  std::unique_ptr<AdminServer> server;
};

TEST_F(AdminServerTest, AnswersOverHttp) {
  StartServer();
  EXPECT_NE(server->port(), 0);
  const std::string answer = Ask(Get("/healthz"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(answer, HasSubstr("\"status\": \"ok\""));
  EXPECT_THAT(Ask(Get("/nothing")), StartsWith("HTTP/1.1 404 "));
  const std::string wrong = Ask("DELETE /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(wrong, StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(wrong, HasSubstr("Allow: GET\r\n"));
}

TEST_F(AdminServerTest, KeepsAConnectionForSeveralRequests) {
  StartServer();
  const Client client(server->port());
  for (int i = 0; i < 3; ++i) {
    client.Send("GET /api/jobs HTTP/1.1\r\nHost: axial\r\n\r\n");
    EXPECT_THAT(client.Read("\"jobs\": []"), HasSubstr("200 OK"));
  }
}

TEST_F(AdminServerTest, AnswersHeadWithoutABody) {
  StartServer();
  const std::string answer = Ask("HEAD /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(AdminServerTest, RefusesHeadersAndBodiesAboveTheLimit) {
  StartServer();
  EXPECT_THAT(Ask("GET /healthz HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(Ask("POST /api/jobs/1/retry HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Ask(Get("/healthz")), HasSubstr("200 OK"));
}

TEST_F(AdminServerTest, SurvivesGarbage) {
  StartServer();
  EXPECT_THAT(Ask("this is not HTTP\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  std::mt19937 random(1);
  for (int i = 0; i < 50; ++i) {
    std::string garbage(200, '\0');
    for (char& c : garbage) c = static_cast<char>(random());
    const Client client(server->port());
    client.Send(garbage + "\r\n\r\n");
  }
  EXPECT_THAT(Ask(Get("/healthz")), HasSubstr("200 OK"));
}

TEST_F(AdminServerTest, ClosesASlowClientAndServesTheOthers) {
  ServerLimits limits;
  limits.read_timeout = std::chrono::milliseconds(300);
  StartServer(limits);
  const Client slow(server->port());
  slow.Send("GET /heal");
  EXPECT_THAT(Ask(Get("/healthz")), HasSubstr("200 OK"));
  EXPECT_EQ(slow.Read(), "") << "closed without an answer";
}

TEST_F(AdminServerTest, ClosesConnectionsAboveTheLimitAtOnce) {
  ServerLimits limits;
  limits.connections = 2;
  StartServer(limits);
  std::vector<std::unique_ptr<Client>> held;
  for (int i = 0; i < 2; ++i) {
    held.push_back(std::make_unique<Client>(server->port()));
    held.back()->Send("GET /api/jobs HTTP/1.1\r\nHost: axial\r\n\r\n");
    EXPECT_THAT(held.back()->Read("\"jobs\": []"), HasSubstr("200 OK"));
  }
  EXPECT_EQ(Ask(Get("/healthz")), "");
}

TEST_F(AdminServerTest, SlowEchoesDoNotHoldUpHealth) {
  std::mutex mutex;
  std::condition_variable changed;
  int entered = 0;
  bool leave = false;
  providers.echo_destination = [&](const std::string&) -> Status {
    std::unique_lock lock(mutex);
    ++entered;
    changed.notify_all();
    changed.wait(lock, [&] { return leave; });
    return {};
  };
  StartServer();
  const std::string request =
      "POST /api/destinations/pacs/echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  std::vector<std::unique_ptr<Client>> echoes;
  for (int i = 0; i < AdminApi::kMaxEchoes; ++i) {
    echoes.push_back(std::make_unique<Client>(server->port()));
    echoes.back()->Send(request);
  }
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(20),
                                 [&] { return entered == AdminApi::kMaxEchoes; }));
  }
  EXPECT_THAT(Ask(Get("/healthz")), HasSubstr("200 OK"));
  EXPECT_THAT(Ask(request), HasSubstr("503 "));
  {
    const std::lock_guard lock(mutex);
    leave = true;
  }
  changed.notify_all();
  for (const auto& echo : echoes) EXPECT_THAT(echo->Read(), HasSubstr("\"ok\": true"));
  EXPECT_THAT(Ask(request), HasSubstr("\"ok\": true"));
}

TEST_F(AdminServerTest, SaysWhyItCannotListen) {
  StartServer();
  config::Admin taken;
  taken.port = server->port();
  EXPECT_EQ(AdminServer::Start(taken, *api).error().code(), ErrorCode::kUnavailable);
  config::Admin odd;
  odd.bind = "not an address";
  EXPECT_EQ(AdminServer::Start(odd, *api).error().code(), ErrorCode::kInvalidInput);
}

TEST_F(AdminServerTest, StopsWithConnectionsOpen) {
  StartServer();
  const Client idle(server->port());
  idle.Send("GET ");
  server.reset();
  EXPECT_EQ(idle.Read(), "");
}

}  // namespace
}  // namespace axial::admin
