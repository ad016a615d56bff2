#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "orthanc-plugin/host_events.h"
#include "orthanc-plugin/open_connections.h"
#include "orthanc-plugin/orthanc_time.h"
#include "orthanc-plugin/plugin_configuration.h"
#include "orthanc-plugin/senders.h"

namespace axial::plugin {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TimePoint At(int tenths) { return TimePoint(milliseconds(1'000'000 + 100 * tenths)); }

/// Remembers which Associations ended.
class Ends final : public receive::ReceiveEvents {
 public:
  Status OnAssociationOpened(const receive::AssociationInfo&) override { return {}; }
  Status OnInstance(receive::ReceivedInstance) override { return {}; }
  void OnAssociationClosed(const receive::AssociationInfo& association, const std::vector<Uid>&,
                           receive::AssociationEnd) override {
    ended.push_back(association.calling_ae_title);
  }
  std::vector<std::string> ended;
};

TEST(Senders, AnAssociationLastsAsLongAsItsPeerIsConnected) {
  Ends ends;
  Senders senders(ends);
  const Sender ct{Way::kDicom, "CT", "ORTHANC", "10.0.0.1"};
  const Sender mr{Way::kDicom, "MR", "ORTHANC", "10.0.0.2"};
  const std::int64_t first = senders.Of(ct, At(0)).association_id;
  EXPECT_NE(senders.Of(mr, At(0)).association_id, first);
  EXPECT_EQ(senders.Of(ct, At(100)).association_id, first);
  const Connections only_ct{{"10.0.0.1"}, {}};
  EXPECT_TRUE(senders.AnyNotIn(only_ct, At(101)));
  senders.EndThoseNotIn(only_ct, At(101));
  EXPECT_THAT(ends.ended, ElementsAre("MR"));
  senders.EndThoseNotIn({}, At(102));
  EXPECT_THAT(ends.ended, ElementsAre("MR", "CT"));
  EXPECT_FALSE(senders.any());
  EXPECT_GT(senders.Of(ct, At(103)).association_id, first);  // the next one
}

TEST(Senders, AnUploadEndsWithItsConnectionOrAfterAPause) {
  Ends ends;
  Senders senders(ends);
  static_cast<void>(senders.Of({Way::kHttp, "HTTP", "ORTHANC", "10.0.0.3"}, At(0)));
  static_cast<void>(senders.Of({Way::kPlugin, "PLUGIN", "ORTHANC", ""}, At(5)));
  const Connections browser{{}, {"10.0.0.3"}};
  senders.EndThoseNotIn(browser, At(9));
  EXPECT_THAT(ends.ended, IsEmpty());
  senders.EndThoseNotIn(browser, At(10));
  EXPECT_THAT(ends.ended, ElementsAre("HTTP"));
  senders.EndThoseNotIn({}, At(11));
  EXPECT_THAT(ends.ended, ElementsAre("HTTP", "PLUGIN"));
}

TEST(OrthancTime, IsUtcAndNothingElseIsTaken) {
  EXPECT_EQ(FormatTime(*ParseOrthancTime("20261126T031108")), "2026-11-26T03:11:08.000000Z");
  for (const char* text : {"", "20261126", "20261326T031108", "20261126T251108", "20261126T031108Z",
                           "2026112xT031108", "T"})
    EXPECT_FALSE(ParseOrthancTime(text).has_value()) << text;
}

TEST(OrthancJson, LosesCommentsAndKeepsLinesAndTexts) {
  const std::string text =
      "{ // one\n\t\"a\" : \"x // y\", /* two\n lines */\n \"b\\\"/*\" : 1 // end\n}\n";
  const std::string plain = WithoutComments(text);
  EXPECT_EQ(std::count(plain.begin(), plain.end(), '\n'),
            std::count(text.begin(), text.end(), '\n'));
  EXPECT_EQ(plain.size(), text.size());
  EXPECT_EQ(nlohmann::json::parse(plain), (nlohmann::json{{"a", "x // y"}, {"b\"/*", 1}}));
}

TEST(OrthancJson, GarbageIsLeftToTheParser) {
  for (const std::string text : {"/", "\"", "\"\\", "/*", "//", "*/", "{/**/", "\"/*"})
    EXPECT_EQ(WithoutComments(text).size(), text.size());
}

TEST(HostEvents, TellsEveryKindAndThenNothing) {
  HostEvents events;
  events.OnStored("i", {Way::kDicom, "CT", "O", "1.2.3.4"});
  events.OnStable("s");
  events.OnDeletedStudy("d");
  events.OnDeletedSeries("e");
  events.OnWanted("w");
  const HostEvents::News news = events.Take(milliseconds(0));
  EXPECT_TRUE(news.any);
  EXPECT_EQ(news.stored.at("i").calling_ae_title, "CT");
  EXPECT_THAT(news.stable_studies, ElementsAre("s"));
  EXPECT_THAT(news.deleted_studies, ElementsAre("d"));
  EXPECT_THAT(news.deleted_series, ElementsAre("e"));
  EXPECT_THAT(news.wanted_studies, ElementsAre("w"));
  EXPECT_FALSE(events.Take(milliseconds(0)).any);
}

TEST(HostEvents, IsBoundedAndSaysWhenDeletionsWereDropped) {
  HostEvents events;
  for (std::size_t i = 0; i < HostEvents::kMaxOthers + 5; ++i) {
    events.OnStored(std::to_string(i), {});
    events.OnStable(std::to_string(i));
  }
  HostEvents::News news = events.Take(milliseconds(0));
  EXPECT_THAT(news.stored, SizeIs(HostEvents::kMaxStored));
  EXPECT_THAT(news.stable_studies, SizeIs(HostEvents::kMaxOthers));
  EXPECT_FALSE(news.deletions_dropped);
  for (std::size_t i = 0; i < HostEvents::kMaxOthers + 5; ++i)
    events.OnDeletedStudy(std::to_string(i));
  EXPECT_TRUE(events.Take(milliseconds(0)).deletions_dropped);
}

TEST(HostEvents, StopEndsEveryWait) {
  HostEvents events;
  std::thread stopper([&] { events.Stop(); });
  events.WaitForStart();
  static_cast<void>(events.Take(std::chrono::hours(1)));
  stopper.join();
  EXPECT_TRUE(events.stopping());
}

/// A TCP connection to a port of this process.
class OpenConnections : public ::testing::Test {
 protected:
  OpenConnections() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener, any, size), 0);
    EXPECT_EQ(::listen(listener, 1), 0);
    EXPECT_EQ(::getsockname(listener, any, &size), 0);
    port = ntohs(address.sin_port);
    EXPECT_EQ(::connect(client, any, size), 0);
    server = ::accept(listener, nullptr, nullptr);
  }
  ~OpenConnections() override {
    for (const int socket : {listener, client, server})
      if (socket >= 0) ::close(socket);
  }

  int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  int client = ::socket(AF_INET, SOCK_STREAM, 0);
  int server = -1;
  std::uint16_t port = 0;
};

TEST_F(OpenConnections, NamesThePeerUntilItCloses) {
  EXPECT_THAT(ConnectedPeers(port), UnorderedElementsAre("127.0.0.1"));
  ::close(client);
  client = -1;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!ConnectedPeers(port).empty() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_THAT(ConnectedPeers(port), IsEmpty());  // although our end is open
}

TEST_F(OpenConnections, OtherPortsDoNotCount) {
  EXPECT_THAT(ConnectedPeers(static_cast<std::uint16_t>(port - 1)), IsEmpty());
}

}  // namespace
}  // namespace axial::plugin
