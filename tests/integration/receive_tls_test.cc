#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>

#include "core/base/log.h"
#include "tests/support/certificates.h"
#include "tests/support/hostile_dicom.h"
#include "tests/support/receiver_harness.h"
#include "tests/support/run_command.h"

namespace axial {
namespace {

using testing::Certificates;
using testing::CommandResult;
using ::testing::HasSubstr;
using testing::kExplicitLittle;
using testing::kSecondaryCapture;
using testing::RawScu;
using testing::ReceiverHarness;
using testing::RunCommand;
using testing::SmallDataSet;
using testing::WaitFor;

std::mutex log_mutex;
std::string log_text;  // NOLINT(*-avoid-non-const-global-variables): a sink has no other place

std::string Logged() {
  const std::lock_guard lock(log_mutex);
  return log_text;
}

/// An SCU with its own TLS, which stays open while the test goes on.
class TlsScu {
 public:
  TlsScu(std::uint16_t port, const std::string& authority, const std::string& certificate,
         const std::string& key)
      : context_(SSL_CTX_new(TLS_client_method())), socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    SSL_CTX_load_verify_locations(context_, authority.c_str(), nullptr);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_use_certificate_file(context_, certificate.c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context_, key.c_str(), SSL_FILETYPE_PEM);
    const timeval patience{20, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    tls_ = SSL_new(context_);
    SSL_set_fd(tls_, socket_);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                 SSL_connect(tls_) == 1;
  }
  ~TlsScu() {
    SSL_free(tls_);
    SSL_CTX_free(context_);
    ::close(socket_);
  }
  TlsScu(const TlsScu&) = delete;
  TlsScu& operator=(const TlsScu&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }

  /// Sends a PDU; gives the type of the answer, or 0.
  int Exchange(const std::string& pdu) {
    if (SSL_write(tls_, pdu.data(), static_cast<int>(pdu.size())) <= 0) return 0;
    std::array<unsigned char, 4096> answer{};
    return SSL_read(tls_, answer.data(), answer.size()) > 0 ? answer[0] : 0;
  }
  int Associate() {
    return Exchange(
        RawScu::AssociationRequest("AXIAL", "TEST", {{1, kSecondaryCapture, {kExplicitLittle}}}));
  }
  int Release() { return Exchange(std::string("\x05\0\0\0\0\x04\0\0\0\0", 10)); }

  /// The common name in the node's certificate.
  [[nodiscard]] std::string NodeName() const {
    X509* const certificate = SSL_get1_peer_certificate(tls_);
    std::array<char, 256> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                              name.size());
    X509_free(certificate);
    return name.data();
  }

 private:
  SSL_CTX* context_;
  SSL* tls_ = nullptr;
  int socket_;
  bool connected_ = false;
};

constexpr int kAssociateAccept = 2;
constexpr int kReleaseResponse = 6;

class ReceiveTls : public ::testing::Test {
 protected:
  ReceiveTls() : certificates(folder.File("certificates")), others(folder.File("others")) {
    certificates.Sign("node", "IP:127.0.0.1");
    certificates.Sign("ct", "DNS:ct");
    certificates.Sign("old", "DNS:ct", "0");
    others.Sign("stranger", "DNS:ct");
    SetLogSink([](LogLevel, std::string_view line) {
      const std::lock_guard lock(log_mutex);
      log_text.append(line) += '\n';
    });
    const std::lock_guard lock(log_mutex);
    log_text.clear();
  }
  ~ReceiveTls() override { SetLogSink(nullptr); }

  void SetUp() override { ASSERT_TRUE(certificates.made() && others.made()); }

  std::function<void(receive::ReceiverOptions&)> Tls(bool require) {
    return [this, require](receive::ReceiverOptions& options) {
      options.node.tls = config::Tls{certificates.CertificateOf("node"), certificates.KeyOf("node"),
                                     certificates.authority(), require, 0};
    };
  }

  /// What DCMTK says when it stores one instance with these arguments for TLS.
  CommandResult Store(ReceiverHarness& harness, const std::vector<std::string>& tls) {
    const std::string file = folder.File("one.dcm");
    std::ofstream(file, std::ios::binary) << testing::DicomFile(SmallDataSet(1), kExplicitLittle);
    std::vector<std::string> arguments = {"storescu", "-aec", "AXIAL", "-aet", "TEST", "-to", "20"};
    arguments.insert(arguments.end(), tls.begin(), tls.end());
    arguments.insert(arguments.end(), {"127.0.0.1", harness.PortText(), file});
    return RunCommand(arguments);
  }
  std::vector<std::string> With(const Certificates& of, const std::string& name) {
    return {"+tls", of.KeyOf(name), of.CertificateOf(name), "+cf", certificates.authority()};
  }
  void ExpectRefused(ReceiverHarness& harness, const std::vector<std::string>& tls,
                     const std::string& fault, const std::string& remedy) {
    EXPECT_NE(Store(harness, tls).exit_code, 0);
    EXPECT_TRUE(WaitFor([&] {
      return harness.Metric("axial_receive_faults_total", {{"fault", fault}}) >= 1 &&
             Logged().find(remedy) != std::string::npos;
    })) << Logged();
    EXPECT_THAT(Logged(), HasSubstr("127.0.0.1"));
  }

  testing::TempDir folder;
  Certificates certificates;
  Certificates others;
};

TEST_F(ReceiveTls, StoresWhatDcmtkSends) {
  ReceiverHarness harness(Tls(true));
  const CommandResult sent = Store(harness, With(certificates, "ct"));
  EXPECT_EQ(sent.exit_code, 0) << sent.output;
  const auto instances = harness.events().Instances();
  ASSERT_EQ(instances.size(), 1U);
  EXPECT_EQ(instances[0].association.peer_address, "127.0.0.1");
  EXPECT_EQ(testing::DataSetOf(testing::ReadWholeFile(instances[0].spool_path)), SmallDataSet(1));
  const auto closed = harness.events().WaitForClosed(1);
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].end, receive::AssociationEnd::kReleased);
}

TEST_F(ReceiveTls, SpeaksTls12And13AndNothingOlder) {
  ReceiverHarness harness(Tls(false));
  const auto handshake = [&](const std::string& version, const std::string& more) {
    return RunCommand({"sh", "-c",
                       "openssl s_client -connect 127.0.0.1:" + harness.PortText() + " -CAfile '" +
                           certificates.authority() + "' -verify_return_error " + version + " " +
                           more + " < /dev/null"});
  };
  EXPECT_THAT(handshake("-tls1_2", "").output, HasSubstr("Verify return code: 0"));
  EXPECT_THAT(handshake("-tls1_3", "").output, HasSubstr("Verify return code: 0"));
  EXPECT_NE(handshake("-tls1_1", "-cipher DEFAULT@SECLEVEL=0").exit_code, 0);
  EXPECT_NE(handshake("-tls1_2", "-cipher AES128-SHA").exit_code, 0) << "no forward secrecy";
}

TEST_F(ReceiveTls, ClientCertificatesCanBeOptional) {
  ReceiverHarness harness(Tls(false));
  const CommandResult sent = Store(harness, {"+tla", "+cf", certificates.authority()});
  EXPECT_EQ(sent.exit_code, 0) << sent.output;
  ExpectRefused(harness, With(others, "stranger"), "tls_handshake", "node.tls.trusted");
}

TEST_F(ReceiveTls, SaysWhatIsWrongWithAPeerAndHowToMendIt) {
  ReceiverHarness harness(Tls(true));
  ExpectRefused(harness, {"+tla", "+cf", certificates.authority()}, "tls_handshake",
                "require_client_certificate: false");
  ExpectRefused(harness, With(certificates, "old"), "tls_handshake", "renew it at the peer");
  ExpectRefused(harness, With(others, "stranger"), "tls_handshake",
                "add the authority that signed it to node.tls.trusted");
  ExpectRefused(harness,
                {"+tls", certificates.KeyOf("ct"), certificates.CertificateOf("ct"), "+cf",
                 others.authority()},
                "tls_handshake", "does not accept node.tls.certificate");
  ExpectRefused(harness, {}, "plain_on_tls_port", "turn TLS on at the peer");
  EXPECT_TRUE(harness.events().Instances().empty());
  const CommandResult sent = Store(harness, With(certificates, "ct"));
  EXPECT_EQ(sent.exit_code, 0) << sent.output;
}

TEST_F(ReceiveTls, SaysThatAPeerSpeaksTlsWhereNoneIs) {
  ReceiverHarness harness;
  ExpectRefused(harness, With(certificates, "ct"), "tls_on_plain_port", "configure node.tls here");
}

TEST_F(ReceiveTls, SilentAndStrangePeersCostOthersNothing) {
  ReceiverHarness harness([this](receive::ReceiverOptions& options) {
    Tls(true)(options);
    options.deadlines.association_request = std::chrono::seconds(3);
  });
  std::vector<std::unique_ptr<RawScu>> silent;
  for (int i = 0; i < 40; ++i) silent.push_back(std::make_unique<RawScu>(harness.port()));
  RawScu hello(harness.port());  // the head of a ClientHello that never comes
  EXPECT_TRUE(hello.Send(std::string("\x16\x03\x01\x02\0\x01", 6)));
  RawScu noise(harness.port());
  EXPECT_TRUE(noise.Send("GET / HTTP/1.1\r\n\r\n"));
  const CommandResult sent = Store(harness, With(certificates, "ct"));
  EXPECT_EQ(sent.exit_code, 0) << sent.output;
  for (const auto& [fault, count] :
       {std::pair("silent", 40), std::pair("tls_handshake", 1), std::pair("not_dicom", 1)})
    EXPECT_TRUE(WaitFor([&, fault = fault, count = count] {
      return harness.Metric("axial_receive_faults_total", {{"fault", fault}}) == count;
    })) << fault;
}

TEST_F(ReceiveTls, TakesNewCertificatesWithoutDroppingAssociations) {
  certificates.Sign("renewed", "IP:127.0.0.1");
  ReceiverHarness harness(Tls(true));
  const auto connect = [&] {
    return std::make_unique<TlsScu>(harness.port(), certificates.authority(),
                                    certificates.CertificateOf("ct"), certificates.KeyOf("ct"));
  };
  const auto before = connect();
  ASSERT_TRUE(before->connected());
  EXPECT_EQ(before->NodeName(), "node");
  ASSERT_EQ(before->Associate(), kAssociateAccept);

  std::ofstream(certificates.CertificateOf("node")) << "half written";
  const auto meanwhile = connect();
  EXPECT_TRUE(meanwhile->connected()) << "the certificate before it stays in use";
  EXPECT_THAT(Logged(), HasSubstr("tls_files_not_reloaded"));

  using std::filesystem::copy_options;
  for (const auto path : {&Certificates::CertificateOf, &Certificates::KeyOf})
    std::filesystem::copy_file((certificates.*path)("renewed"), (certificates.*path)("node"),
                               copy_options::overwrite_existing);
  const auto after = connect();
  ASSERT_TRUE(after->connected());
  EXPECT_EQ(after->NodeName(), "renewed");
  EXPECT_EQ(before->Release(), kReleaseResponse) << "what was open goes on";
}

TEST_F(ReceiveTls, DoesNotStartWithoutItsFiles) {
  std::filesystem::remove(certificates.KeyOf("node"));
  try {
    const ReceiverHarness harness(Tls(true));
    FAIL() << "started";
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(), HasSubstr("node.tls.key"));
  }
}

}  // namespace
}  // namespace axial
