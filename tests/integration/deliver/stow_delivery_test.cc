#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gateway/deliver/destination.h"
#include "tests/integration/deliver/dicom_peers.h"
#include "tests/support/temp_dir.h"

namespace axial::deliver {
namespace {

using ::testing::HasSubstr;
using testing::SilentServer;
using ::testing::StartsWith;

/// A web server that gives the same kind of answer to every request on one connection at a time.
class ScriptedServer {
 public:
  /// `answer`: the whole HTTP answer to one whole request.
  explicit ScriptedServer(std::function<std::string(const std::string&)> answer)
      : answer_(std::move(answer)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
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
  ~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/dicom-web";
  }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void Serve() {
    while (true) {
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) return;
      ++connections_;
      std::string received;
      while (ReadRequest(client, received)) {
        const std::string reply = answer_(received);
        if (::send(client, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) break;
        received.clear();
      }
      ::close(client);
    }
  }

  /// Requests come one after the other; a body ends with Content-Length.
  static bool ReadRequest(int client, std::string& text) {
    std::array<char, 65536> buffer;
    while (true) {
      if (const std::size_t end = text.find("\r\n\r\n"); end != std::string::npos) {
        const std::size_t field = text.find("Content-Length: ");
        const std::size_t length = field < end ? std::stoul(text.substr(field + 16)) : 0;
        if (text.size() >= end + 4 + length) return true;
      }
      const ssize_t count = ::recv(client, buffer.data(), buffer.size(), 0);
      if (count <= 0) return false;
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }

  const std::function<std::string(const std::string&)> answer_;
  const int listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

std::string Http(const std::string& status, const std::string& body = "{}") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

class StowDeliveryTest : public ::testing::Test {
 protected:
  std::unique_ptr<Destination> Make(const std::string& url) {
    config::Destination destination;
    destination.name = "web";
    destination.kind = config::DestinationKind::kStow;
    destination.url = url;
    return std::move(MakeDestination(destination, options)).value();
  }

  std::vector<store::Delivery> Artifacts(int count) {
    std::vector<store::Delivery> artifacts;
    for (int i = 1; i <= count; ++i) {
      store::Delivery delivery;
      delivery.sop_instance_uid = "2.25." + std::to_string(i);
      delivery.path = folder.File(std::to_string(i));
      static_cast<void>(testing::WriteArtifact(delivery.path, "1.2.840.10008.5.1.4.1.1.66.4",
                                               delivery.sop_instance_uid));
      artifacts.push_back(delivery);
    }
    return artifacts;
  }

  SendResult SendOneTo(const std::string& answer) {
    ScriptedServer server([&](const std::string&) { return answer; });
    const SendReport report = Make(server.url())->Send(Artifacts(1));
    return report.reached.ok() ? report.results.at(0) : SendResult(report.reached.error());
  }

  testing::TempDir folder;
  DestinationOptions options;
};

TEST_F(StowDeliveryTest, PostsEveryArtifactOverOneConnection) {
  std::mutex mutex;
  std::vector<std::string> requests;
  ScriptedServer server([&](const std::string& request) {
    const std::lock_guard lock(mutex);
    requests.push_back(request);
    return Http("200 OK");
  });
  const SendReport report = Make(server.url())->Send(Artifacts(3));
  ASSERT_TRUE(report.reached.ok());
  ASSERT_EQ(report.results.size(), 3U);
  for (const SendResult& result : report.results) EXPECT_TRUE(result.ok());
  EXPECT_EQ(server.connections(), 1);
  EXPECT_THAT(requests.at(0), StartsWith("POST /dicom-web/studies HTTP/1.1\r\n"));
  EXPECT_THAT(requests.at(0), HasSubstr("multipart/related; type=\"application/dicom\""));
  EXPECT_THAT(requests.at(2), HasSubstr("2.25.3"));
}

TEST_F(StowDeliveryTest, ReconnectsWhenTheServerClosesAfterEachAnswer) {
  ScriptedServer server([](const std::string&) {
    return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
  });
  // This server leaves the connection open on its side, so the client must be the one to leave.
  const SendReport report = Make(server.url())->Send(Artifacts(2));
  ASSERT_EQ(report.results.size(), 2U);
  EXPECT_TRUE(report.results[1].ok());
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(StowDeliveryTest, ReadsTheFailureReason) {
  const auto failed = [](int reason) {
    return Http("409 Conflict",
                R"({"00081198":{"vr":"SQ","Value":[{"00081197":{"vr":"US","Value":[)" +
                    std::to_string(reason) + "]}}]}}");
  };
  EXPECT_EQ(SendOneTo(failed(0xa700)).error().code(), ErrorCode::kExhausted);
  EXPECT_EQ(SendOneTo(failed(0x0122)).error().code(), ErrorCode::kUnsupported);
  EXPECT_EQ(SendOneTo(failed(0xc000)).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(SendOneTo(failed(0)).error().code(), ErrorCode::kInvalidInput);
  EXPECT_TRUE(SendOneTo(failed(0x0111)).ok());
}

TEST_F(StowDeliveryTest, TellsLaterFromNever) {
  EXPECT_TRUE(SendOneTo(Http("202 Accepted")).ok());
  EXPECT_EQ(SendOneTo(Http("400 Bad Request", "no")).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(SendOneTo(Http("500 Internal Server Error")).error().code(), ErrorCode::kUnavailable);
  for (const char* status : {"401 Unauthorized", "404 Not Found", "302 Found", "503 Busy"})
    EXPECT_EQ(SendOneTo(Http(status)).error().code(), ErrorCode::kUnavailable) << status;
  EXPECT_EQ(SendOneTo("this is not HTTP\r\n\r\n").error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(SendOneTo(Http("409 Conflict", "[[[{")).error().code(), ErrorCode::kInvalidInput);
}

TEST_F(StowDeliveryTest, AWrongUrlStopsTheWholeBatch) {
  ScriptedServer server([](const std::string&) { return Http("404 Not Found"); });
  const SendReport report = Make(server.url())->Send(Artifacts(3));
  ASSERT_FALSE(report.reached.ok());
  EXPECT_THAT(report.reached.error().message(), HasSubstr("correct url"));
  EXPECT_FALSE(Make(server.url())->Echo().ok());
}

TEST_F(StowDeliveryTest, ASilentServerCostsOneTimeoutForTheBatch) {
  SilentServer silent;
  options.response_timeout = std::chrono::seconds(1);
  const auto destination = Make("http://127.0.0.1:" + std::to_string(silent.port()) + "/dicom-web");
  const SendReport report = destination->Send(Artifacts(3));
  ASSERT_TRUE(report.reached.ok());
  ASSERT_EQ(report.results.size(), 3U);
  EXPECT_EQ(report.results[0].error().code(), ErrorCode::kTimeout);
  EXPECT_THAT(report.results[2].error().message(), StartsWith("not tried"));
}

TEST_F(StowDeliveryTest, InterruptEndsAWait) {
  SilentServer silent;
  const auto destination = Make("http://127.0.0.1:" + std::to_string(silent.port()) + "/dicom-web");
  std::thread interrupter([&] {
    EXPECT_TRUE(silent.HasClient());
    destination->Interrupt();
  });
  const SendReport report = destination->Send(Artifacts(1));
  interrupter.join();
  EXPECT_THAT(report.results.at(0).error().message(), HasSubstr("interrupted"));
}

TEST_F(StowDeliveryTest, ADeadServerIsNotReached) {
  const auto destination = Make("http://127.0.0.1:" + std::to_string(testing::FreePort()));
  EXPECT_EQ(destination->Send(Artifacts(2)).reached.error().code(), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace axial::deliver
