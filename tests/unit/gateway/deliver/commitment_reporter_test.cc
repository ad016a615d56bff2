#include "gateway/deliver/commitment_reporter.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/turned_clock.h"
#include "tests/unit/gateway/deliver/deliver_fixture.h"

namespace axial::deliver {
namespace {

using store::CommitmentState;
using ::testing::HasSubstr;

constexpr const char* kCt = "1.2.840.10008.5.1.4.1.1.2";

/// A port that takes connections into its queue and never says a word; closed at the end.
class SilentPort {
 public:
  SilentPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~SilentPort() { Close(); }
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;
  void Close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

class CommitmentReporterTest : public DeliverTest {
 protected:
  CommitmentReporterTest() : commitments(*database) {
    clock.Set(At(0));
    peer.port = silent.port();
    peer.host = "127.0.0.1";
  }

  std::int64_t Ask(const std::string& transaction, const std::string& ae_title = "CT01") {
    return commitments
        .Request({ae_title, "127.0.0.1", {transaction, {{kCt, "1.1"}}}}, clock.Now(), clock.Now())
        .value();
  }

  config::Node Node() const {
    config::Node node;
    node.peers = {{AeTitle::Parse("CT01").value(), std::nullopt, std::nullopt, peer},
                  {AeTitle::Parse("CT02").value(), std::nullopt, std::nullopt, std::nullopt}};
    return node;
  }

  CommitmentReporterOptions Options() {
    CommitmentReporterOptions options;
    options.metrics = &metrics;
    options.clock = &clock;
    options.back_off.random = [] { return 0.0; };
    options.association.response_timeout = std::chrono::seconds(20);
    options.report_of = [this](std::int64_t id) { return commitments.Report(id); };
    return options;
  }

  store::Commitment Row(std::int64_t id) const {
    for (const store::Commitment& row : *commitments.List(100))
      if (row.id == id) return row;
    ADD_FAILURE() << "no commitment " << id;
    return {};
  }

  testing::TurnedClock clock;
  SilentPort silent;
  config::CommitmentAnswers peer;
  store::CommitmentStore commitments;
};

TEST_F(CommitmentReporterTest, TriesAPeerThatIsAwayWithGrowingPausesAndGivesUpInTheEnd) {
  silent.Close();
  CommitmentReporter reporter(commitments, Node(), Options());
  const auto id = Ask("9.1");
  std::vector<double> pauses;
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(reporter.TellOne(clock.Now()).value());
    EXPECT_FALSE(reporter.TellOne(clock.Now()).value()) << "before its pause is over";
    pauses.push_back(std::chrono::duration<double>(Row(id).next_at - clock.Now()).count());
    clock.Set(Row(id).next_at);
  }
  EXPECT_THAT(pauses, ::testing::ElementsAre(.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300));
  EXPECT_EQ(Row(id).state, CommitmentState::kOwed);
  EXPECT_THAT(Row(id).error_message, HasSubstr("CT01@127.0.0.1"));
  clock.Set(At(0) + std::chrono::hours(49));
  EXPECT_TRUE(reporter.TellOne(clock.Now()).value());
  EXPECT_EQ(Row(id).state, CommitmentState::kExpired);
  EXPECT_EQ(
      metrics.GetCounter("axial_deliver_commitment_reports_total", "", {{"result", "given_up"}})
          .Value(),
      1);
}

TEST_F(CommitmentReporterTest, SaysWhatToConfigureForAPeerWithoutAnAddress) {
  CommitmentReporter reporter(commitments, Node(), Options());
  const auto id = Ask("9.1", "CT02");
  ASSERT_TRUE(reporter.TellOne(clock.Now()).value());
  EXPECT_THAT(Row(id).error_message, HasSubstr("storage_commitment: {port: "));
  EXPECT_EQ(reporter.AssociationFor("CT02", "127.0.0.1"), config::CommitmentAssociation::kSame);
  EXPECT_EQ(reporter.AssociationFor("CT01", "127.0.0.1"), config::CommitmentAssociation::kAuto);

  // A reload that names one is followed at once.
  clock.Set(At(0));
  config::Node node = Node();
  node.peers[1].storage_commitment = peer;
  silent.Close();
  reporter.SetNode(node);
  ASSERT_TRUE(reporter.TellOne(clock.Now()).value());
  EXPECT_THAT(Row(id).error_message, HasSubstr("CT02@127.0.0.1"));
}

TEST_F(CommitmentReporterTest, FollowsTheConfiguredAddress) {
  peer.host = "";
  peer.ae_title = "SCP01";
  CommitmentReporter reporter(commitments, Node(), Options());
  const auto address = reporter.AddressOf("CT01", "10.1.2.3");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->ae_title, "SCP01");
  EXPECT_EQ(address->host, "10.1.2.3");
  EXPECT_EQ(address->port, silent.port());
  EXPECT_FALSE(reporter.AddressOf("CT02", "10.1.2.3"));
  EXPECT_FALSE(reporter.AddressOf("MR01", "10.1.2.3"));
  peer.association = config::CommitmentAssociation::kSame;
  reporter.SetNode(Node());
  EXPECT_FALSE(reporter.AddressOf("CT01", "10.1.2.3"));
}

TEST_F(CommitmentReporterTest, ASilentPeerHoldsUpNeitherOthersNorTheEnd) {
  CommitmentReporterOptions options = Options();
  options.threads = 2;
  CommitmentReporter reporter(commitments, Node(), options);
  const auto silent_one = Ask("9.1");
  ASSERT_TRUE(reporter.Start().ok());
  ASSERT_TRUE(WaitUntil([&] { return Row(silent_one).state == CommitmentState::kSending; }));
  const auto other = Ask("9.2", "CT02");
  reporter.Nudge();
  EXPECT_TRUE(WaitUntil([&] { return Row(other).attempt == 1 && !Row(other).error_code.empty(); }));
  EXPECT_EQ(Row(silent_one).state, CommitmentState::kSending);
  const auto before = std::chrono::steady_clock::now();
  reporter.Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10));
  EXPECT_EQ(Row(silent_one).state, CommitmentState::kOwed);
}

}  // namespace
}  // namespace axial::deliver
