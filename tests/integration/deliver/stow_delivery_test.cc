#include <gmock/gmock.h>

#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gateway/deliver/destination.h"
#include "tests/integration/deliver/dicom_peers.h"
#include "tests/integration/deliver/web_peers.h"
#include "tests/support/certificates.h"
#include "tests/support/temp_dir.h"

namespace axial::deliver {
namespace {

using testing::Certificates;
using ::testing::HasSubstr;
using testing::Http;
using testing::ScriptedServer;
using testing::SilentServer;
using ::testing::StartsWith;

class StowDeliveryTest : public ::testing::Test {
 protected:
  std::unique_ptr<Destination> Make(const std::string& url) {
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

  std::string WriteSecret(const std::string& name, const std::string& text) {
    std::ofstream(folder.File(name)) << text;
    return folder.File(name);
  }

  testing::TempDir folder;
  config::Destination destination;
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
  EXPECT_EQ(SendOneTo(Http("429 Too Many Requests")).error().code(), ErrorCode::kExhausted);
  EXPECT_THAT(SendOneTo(Http("413 Too Large")).error().message(), HasSubstr("raise its limit"));
  EXPECT_EQ(SendOneTo("this is not HTTP\r\n\r\n").error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(SendOneTo(Http("409 Conflict", "[[[{")).error().code(), ErrorCode::kInvalidInput);
}

TEST_F(StowDeliveryTest, ReadsWhichInstanceOfAPartialFailureItIs) {
  const auto failed = [](const std::string& uid) {
    return Http("409 Conflict",
                R"([{"00081198":{"vr":"SQ","Value":[{"00081155":{"vr":"UI","Value":[")" + uid +
                    R"("]},"00081197":{"vr":"US","Value":[42752]}}]}}])");
  };
  EXPECT_EQ(SendOneTo(failed("2.25.1")).error().code(), ErrorCode::kExhausted);
  EXPECT_THAT(SendOneTo(failed("2.25.2")).error().message(), HasSubstr("409 without a reason"));
  const SendResult warned = SendOneTo(
      Http("202 Accepted", R"({"00081199":{"vr":"SQ","Value":[{"00081155":{"vr":"UI","Value":)"
                           R"(["2.25.1"]},"00081196":{"vr":"US","Value":[45056]}}]}})"));
  ASSERT_TRUE(warned.ok());
  EXPECT_EQ(*warned, "stored with a warning, status B000H");
}

TEST_F(StowDeliveryTest, GarbageIsAnErrorAndNothingWorse) {
  const std::string nested(500'000, '[');
  const std::string closed = nested + std::string(500'000, ']');
  const std::vector<std::string> bodies = {
      nested,
      closed,
      R"({"00081198":{"Value":[{"00081197":{"Value":[)" + closed + "]}}]}}",
      std::string("\0\xff\xfe", 3),
      R"({"00081198":7})",
      R"({"00081198":{"Value":{}}})",
      R"({"00081198":{"Value":[[],3,null,"x"]}})",
      R"({"00081198":{"Value":[{"00081155":{"Value":[{}]}}]}})",
      "[null]"};
  for (const std::string& body : bodies)
    EXPECT_FALSE(SendOneTo(Http("409 Conflict", body)).ok()) << body.substr(0, 40);
  EXPECT_THAT(SendOneTo(Http("200 OK", std::string(3'000'000, 'x'))).error().message(),
              HasSubstr("too large"));
  EXPECT_THAT(SendOneTo("HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x') + "\r\n\r\n")
                  .error()
                  .message(),
              HasSubstr("too large"));
  EXPECT_THAT(SendOneTo("SSH-2.0-OpenSSH_9.2\r\n\r\n").error().message(),
              HasSubstr("does not speak HTTP"));
}

TEST_F(StowDeliveryTest, AnAnswerThatComesInTricklesHasOneTimeout) {
  options.response_timeout = std::chrono::seconds(1);
  // The announced body never comes whole.
  const SendResult result = SendOneTo("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
  EXPECT_EQ(result.error().code(), ErrorCode::kTimeout);
}

TEST_F(StowDeliveryTest, ShowsUserAndPasswordOrAToken) {
  std::mutex mutex;
  std::string request;
  ScriptedServer server([&](const std::string& received) {
    const std::lock_guard lock(mutex);
    request = received;
    return Http("200 OK");
  });
  destination.credentials = {"axial", WriteSecret("password", "op n:sesame\n"), ""};
  EXPECT_TRUE(Make(server.url())->Send(Artifacts(1)).results.at(0).ok());
  EXPECT_THAT(request, HasSubstr("Authorization: Basic YXhpYWw6b3AgbjpzZXNhbWU=\r\n"));
  destination.credentials = {"", "", WriteSecret("token", "abc.def\r\n")};
  const auto bearer = Make(server.url());
  EXPECT_TRUE(bearer->Echo().ok());
  EXPECT_THAT(request, HasSubstr("Authorization: Bearer abc.def\r\n"));
  // A token that another program renews is read anew.
  WriteSecret("token", "ghi");
  EXPECT_TRUE(bearer->Send(Artifacts(1)).results.at(0).ok());
  EXPECT_THAT(request, HasSubstr("Authorization: Bearer ghi\r\n"));
}

TEST_F(StowDeliveryTest, NamesTheFileOfABadSecretAndNeverWhatIsInIt) {
  ScriptedServer server([](const std::string&) { return Http("200 OK"); });
  for (const std::string secret : {"", "sesame\nX: y", "sesame\tx"}) {
    destination.credentials = {"axial", WriteSecret("password", secret), ""};
    const Status reached = Make(server.url())->Send(Artifacts(1)).reached;
    ASSERT_FALSE(reached.ok());
    EXPECT_THAT(reached.error().message(), HasSubstr(folder.File("password")));
    EXPECT_THAT(reached.error().message(), ::testing::Not(HasSubstr("sesame")));
  }
  destination.credentials = {"axial", folder.File("nowhere"), ""};
  EXPECT_EQ(Make(server.url())->Echo().error().code(), ErrorCode::kUnavailable);
}

TEST_F(StowDeliveryTest, Tells401WithCredentialsFrom401Without) {
  ScriptedServer server([](const std::string&) { return Http("401 Unauthorized"); });
  EXPECT_THAT(Make(server.url())->Send(Artifacts(1)).reached.error().message(),
              HasSubstr("name them under credentials"));
  destination.credentials = {"axial", WriteSecret("password", "wrong"), ""};
  EXPECT_THAT(Make(server.url())->Send(Artifacts(1)).reached.error().message(),
              HasSubstr("does not accept our credentials"));
}

TEST_F(StowDeliveryTest, AnAnswerBeforeTheEndOfALargeRequestCounts) {
  // It reads the head, answers 413 and closes, as a proxy with a limit does.
  ScriptedServer server([](const std::string&) { return Http("413 Too Large"); },
                        ScriptedServer::Reading::kHeadOnly);
  std::vector<store::Delivery> large = Artifacts(1);
  std::ofstream(large[0].path, std::ios::app) << std::string(30'000'000, 'x');
  const SendReport report = Make(server.url())->Send(large);
  ASSERT_EQ(report.results.size(), 1U);
  EXPECT_THAT(report.results[0].error().message(), HasSubstr("413"));
}

TEST_F(StowDeliveryTest, SpeaksTlsWithWhomItTrusts) {
  Certificates certificates(folder.File("certificates"));
  certificates.Sign("server", "IP:127.0.0.1");
  certificates.Sign("client", "DNS:axial");
  ASSERT_TRUE(certificates.made());
  ScriptedServer server([](const std::string&) { return Http("200 OK"); },
                        {certificates.CertificateOf("server"), certificates.KeyOf("server"),
                         certificates.authority()});
  destination.tls = {certificates.authority(), certificates.CertificateOf("client"),
                     certificates.KeyOf("client")};
  const auto destination_with_both = Make(server.url());
  EXPECT_TRUE(destination_with_both->Echo().ok());
  const SendReport report = destination_with_both->Send(Artifacts(3));
  ASSERT_EQ(report.results.size(), 3U);
  for (const SendResult& result : report.results) EXPECT_TRUE(result.ok());

  destination.tls = {certificates.authority(), "", ""};
  EXPECT_FALSE(Make(server.url())->Echo().ok()) << "it asks for a client's certificate";
  destination.tls = {folder.File("nowhere.pem"), "", ""};
  EXPECT_THAT(Make(server.url())->Echo().error().message(), HasSubstr("nowhere.pem"));
}

TEST_F(StowDeliveryTest, SaysWhatIsWrongWithACertificate) {
  Certificates certificates(folder.File("certificates"));
  Certificates others(folder.File("others"));
  certificates.Sign("server", "IP:127.0.0.1");
  certificates.Sign("elsewhere", "DNS:pacs.example.org");
  certificates.Sign("old", "IP:127.0.0.1", "0");
  ASSERT_TRUE(certificates.made() && others.made());
  const auto error_of = [&](const std::string& name, const std::string& trusted) {
    ScriptedServer server([](const std::string&) { return Http("200 OK"); },
                          {certificates.CertificateOf(name), certificates.KeyOf(name), ""});
    destination.tls.trusted = trusted;
    const Status echoed = Make(server.url())->Echo();
    return echoed.ok() ? std::string() : echoed.error().message();
  };
  EXPECT_EQ(error_of("server", certificates.authority()), "");
  EXPECT_THAT(error_of("server", others.authority()), HasSubstr("not trusted"));
  EXPECT_THAT(error_of("server", ""), HasSubstr("tls.trusted"));
  EXPECT_THAT(error_of("elsewhere", certificates.authority()), HasSubstr("is not for 127.0.0.1"));
  EXPECT_THAT(error_of("old", certificates.authority()), HasSubstr("expired"));
}

TEST_F(StowDeliveryTest, SaysThatAServerSpeaksNoTls) {
  ScriptedServer plain([](const std::string&) { return Http("400 Bad Request"); });
  options.connect_timeout = std::chrono::seconds(1);
  const Status echoed = Make("https" + plain.url().substr(4))->Echo();
  ASSERT_FALSE(echoed.ok());
  EXPECT_THAT(echoed.error().message(), HasSubstr("no TLS"));
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
  const auto made = Make("http://127.0.0.1:" + std::to_string(silent.port()) + "/dicom-web");
  const SendReport report = made->Send(Artifacts(3));
  ASSERT_TRUE(report.reached.ok());
  ASSERT_EQ(report.results.size(), 1U) << "the others are not tried";
  EXPECT_EQ(report.results[0].error().code(), ErrorCode::kTimeout);
}

TEST_F(StowDeliveryTest, DecompressesWithoutLossOnlyWhereTheCompressionIsRefused) {
  std::vector<std::string> requests;
  ScriptedServer server([&](const std::string& request) {
    requests.push_back(request);
    return requests.size() == 1
               ? Http("409 Conflict", R"({"00081198":{"vr":"SQ","Value":[{"00081197":{"vr":"US",)"
                                      R"("Value":[49442]}}]}})")  // C122H
               : Http("200 OK");
  });
  std::vector<store::Delivery> artifacts = Artifacts(1);
  static_cast<void>(testing::WriteRleArtifact(artifacts[0].path, "2.25.1"));
  const SendReport report = Make(server.url())->Send(artifacts);
  ASSERT_EQ(report.results.size(), 1U);
  EXPECT_TRUE(report.results[0].ok());
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_THAT(requests[0], ::testing::Not(HasSubstr(testing::RleArtifactPixels())));
  EXPECT_THAT(requests[1], HasSubstr(testing::RleArtifactPixels()));
}

TEST_F(StowDeliveryTest, AsksByQidoWhatIsThere) {
  std::mutex mutex;
  std::vector<std::string> requests;
  ScriptedServer server([&](const std::string& request) {
    const std::lock_guard lock(mutex);
    requests.push_back(request);
    if (request.find("SOPInstanceUID=2.25.2") != std::string::npos)
      return Http("204 No Content", "");
    return Http("200 OK", R"([{"00080018":{"vr":"UI","Value":["2.25.1"]}}])");
  });
  std::vector<store::Delivery> artifacts = Artifacts(3);
  artifacts[0].study_uid = "1.1";
  artifacts[0].series_uid = "2.25.7";
  const CheckReport report = Make(server.url())->Check(artifacts);
  ASSERT_TRUE(report.reached.ok());
  ASSERT_EQ(report.results.size(), 3U);
  EXPECT_TRUE(*report.results[0]);
  EXPECT_FALSE(*report.results[1]);
  EXPECT_FALSE(*report.results[2]) << "it answered with another object";
  EXPECT_THAT(requests.at(0),
              StartsWith("GET /dicom-web/instances?StudyInstanceUID=1.1&"
                         "SeriesInstanceUID=2.25.7&SOPInstanceUID=2.25.1 HTTP/1.1"));
}

TEST_F(StowDeliveryTest, ArraysInsideEachOtherInASearchAnswerAreNoMatch) {
  const std::string nested = std::string(500'000, '[') + std::string(500'000, ']');
  ScriptedServer server([&](const std::string&) {
    return Http("200 OK", R"([{"00080018":{"Value":)" + nested + "}}]");
  });
  const CheckReport report = Make(server.url())->Check(Artifacts(1));
  ASSERT_EQ(report.results.size(), 1U);
  EXPECT_FALSE(*report.results[0]);
}

TEST_F(StowDeliveryTest, TellsNoSearchFromASearchThatIsDown) {
  const auto reached = [&](const std::string& answer) {
    ScriptedServer server([&](const std::string&) { return answer; });
    return Make(server.url())->Check(Artifacts(2)).reached.error().code();
  };
  for (const char* status : {"404 Not Found", "400 Bad Request", "403 Forbidden", "501 No"})
    EXPECT_EQ(reached(Http(status)), ErrorCode::kUnsupported) << status;
  for (const std::string body : {"<html/>", "{}", "", "7"})
    EXPECT_EQ(reached(Http("200 OK", body)), ErrorCode::kUnsupported) << body;
  for (const char* status : {"401 Unauthorized", "503 Busy"})
    EXPECT_EQ(reached(Http(status)), ErrorCode::kUnavailable) << status;
  EXPECT_EQ(reached(Http("429 Too Many")), ErrorCode::kExhausted);
}

TEST_F(StowDeliveryTest, InterruptEndsAWait) {
  SilentServer silent;
  const auto made = Make("http://127.0.0.1:" + std::to_string(silent.port()) + "/dicom-web");
  std::thread interrupter([&] {
    EXPECT_TRUE(silent.HasClient());
    made->Interrupt();
  });
  const SendReport report = made->Send(Artifacts(1));
  interrupter.join();
  EXPECT_THAT(report.results.at(0).error().message(), HasSubstr("interrupted"));
}

TEST_F(StowDeliveryTest, ADeadServerIsNotReached) {
  const auto made = Make("http://127.0.0.1:" + std::to_string(testing::FreePort()));
  EXPECT_EQ(made->Send(Artifacts(2)).reached.error().code(), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace axial::deliver
