#include <gmock/gmock.h>

#include <openssl/ssl.h>

#include <chrono>
#include <filesystem>

#include "gateway/deliver/delivery_stage.h"
#include "gateway/deliver/tls_client.h"
#include "tests/integration/deliver/dicom_pacs.h"
#include "tests/integration/deliver/dicom_peers.h"
#include "tests/support/certificates.h"
#include "tests/unit/gateway/deliver/deliver_fixture.h"

namespace axial::deliver {
namespace {

using testing::FreePort;
using ::testing::HasSubstr;
using testing::SilentServer;
using testing::StoreScp;

/// DCMTK's storescp over TLS, and what it takes to reach it.
class DicomTlsTest : public DeliverTest {
 protected:
  DicomTlsTest() : certificates(folder.path()), others(other_folder.path()) {
    certificates.Sign("scp", "IP:127.0.0.1");
    certificates.Sign("elsewhere", "DNS:pacs.example");
    certificates.Sign("axial", "DNS:axial");
    others.Sign("axial", "DNS:axial");
    EXPECT_TRUE(certificates.made() && others.made());
  }

  /// With that certificate, asking for one of the authority unless `extra` says otherwise.
  std::unique_ptr<StoreScp> Serve(const std::string& name,
                                  const std::vector<std::string>& extra = {}) {
    std::vector<std::string> options = {"+tls", certificates.KeyOf(name),
                                        certificates.CertificateOf(name), "+cf",
                                        certificates.authority()};
    options.insert(options.end(), extra.begin(), extra.end());
    port = FreePort();
    auto scp = std::make_unique<StoreScp>(port, folder.File("pacs"), options);
    EXPECT_TRUE(scp->listening());
    return scp;
  }

  config::Destination Pacs() const {
    config::Destination destination = testing::DicomPacs(port);
    destination.secure = true;
    destination.tls.trusted = certificates.authority();
    destination.tls.certificate = certificates.CertificateOf("axial");
    destination.tls.key = certificates.KeyOf("axial");
    return destination;
  }

  std::unique_ptr<DeliveryStage> MakeStage(const config::Destination& destination) {
    DeliverOptions options;
    options.metrics = &metrics;
    options.destination = destination_options;
    return std::make_unique<DeliveryStage>(
        *deliveries, std::map<std::string, config::Destination>{{"pacs", destination}}, "AXIAL",
        options);
  }

  void Owe() {
    DeliverTest::Owe(
        {testing::WriteArtifact(folder.File("seg.dcm"), testing::kSegmentation, "2.25.1")},
        {"pacs"});
  }

  void ExpectDelivered(const config::Destination& destination) {
    const auto stage = MakeStage(destination);
    const Status echo = stage->Echo("pacs");
    EXPECT_TRUE(echo.ok()) << echo.error().ToString();
    stage->RunOnce(Clock::System().Now());
    EXPECT_EQ(JobState(), "delivered") << stage->Statuses().front().last_error;
    EXPECT_EQ(testing::ReadReceived(folder.File("pacs")).size(), 1U);
  }

  /// Neither the echo nor a delivery comes through; both say so.
  void ExpectNot(const config::Destination& destination, const std::string& why) {
    const auto stage = MakeStage(destination);
    const Status echo = stage->Echo("pacs");
    ASSERT_FALSE(echo.ok());
    EXPECT_THAT(echo.error().message(), HasSubstr(why));
    stage->RunOnce(Clock::System().Now());
    const store::Delivery delivery = DeliveriesByUid().at("2.25.1");
    EXPECT_EQ(delivery.state, "pending");
    EXPECT_THAT(stage->Statuses().front().last_error, HasSubstr(why));
  }

  testing::TempDir other_folder;
  testing::Certificates certificates;
  testing::Certificates others;  ///< of an authority that nobody trusts
  std::uint16_t port = 0;
  DestinationOptions destination_options;
};

TEST_F(DicomTlsTest, StoresAndEchoesWithACertificateOfItsOwn) {
  const auto scp = Serve("scp");
  Owe();
  ExpectDelivered(Pacs());
}

TEST_F(DicomTlsTest, ShowsNoCertificateWhereNoneIsNamed) {
  const auto scp = Serve("scp", {"-ic"});
  Owe();
  config::Destination pacs = Pacs();
  pacs.tls.certificate = pacs.tls.key = "";
  ExpectDelivered(pacs);
}

TEST_F(DicomTlsTest, SaysThatThePeerAsksForACertificate) {
  const auto scp = Serve("scp");
  Owe();
  config::Destination pacs = Pacs();
  pacs.tls.certificate = pacs.tls.key = "";
  ExpectNot(pacs, "tls.certificate");
}

TEST_F(DicomTlsTest, SaysThatThePeerDoesNotAcceptItsCertificate) {
  const auto scp = Serve("scp");
  Owe();
  config::Destination pacs = Pacs();
  pacs.tls.certificate = others.CertificateOf("axial");
  pacs.tls.key = others.KeyOf("axial");
  ExpectNot(pacs, "does not accept tls.certificate");
}

TEST_F(DicomTlsTest, SendsNothingToWhomeverItsAuthoritiesDoNotKnow) {
  const auto scp = Serve("scp");
  Owe();
  config::Destination pacs = Pacs();
  pacs.tls.trusted = others.authority();
  ExpectNot(pacs, "not trusted");
}

TEST_F(DicomTlsTest, SendsNothingToAnotherHostUnlessEveryCertificateOfTheAuthorityWillDo) {
  const auto scp = Serve("elsewhere");
  Owe();
  config::Destination pacs = Pacs();
  ExpectNot(pacs, "not for 127.0.0.1");
  pacs.tls.verify = config::ClientTls::Verify::kAuthority;
  std::ignore = deliveries->RetryNow("pacs", Clock::System().Now());
  ExpectDelivered(pacs);
}

TEST_F(DicomTlsTest, SpeaksTls12And13WithForwardSecrecyAndAuthenticatedEncryptionOnly) {
  const auto context = MakeDicomTlsContext(Pacs().tls);
  ASSERT_TRUE(context.ok());
  SSL_CTX* const native = const_cast<boost::asio::ssl::context&>(*context).native_handle();
  EXPECT_EQ(SSL_CTX_get_min_proto_version(native), TLS1_2_VERSION);
  const STACK_OF(SSL_CIPHER)* const suites = SSL_CTX_get_ciphers(native);
  EXPECT_GE(sk_SSL_CIPHER_num(suites), 10);
  for (int i = 0; i < sk_SSL_CIPHER_num(suites); ++i) {
    const SSL_CIPHER* const suite = sk_SSL_CIPHER_value(suites, i);
    SCOPED_TRACE(SSL_CIPHER_get_name(suite));
    EXPECT_EQ(SSL_CIPHER_is_aead(suite), 1);
    const int exchange = SSL_CIPHER_get_kx_nid(suite);
    EXPECT_TRUE(exchange == NID_kx_ecdhe || exchange == NID_kx_dhe || exchange == NID_kx_any);
  }
}

TEST_F(DicomTlsTest, SaysThatThePeerSpeaksNoTls) {
  port = FreePort();
  const StoreScp plain(port, folder.File("pacs"));
  ASSERT_TRUE(plain.listening());
  Owe();
  destination_options.connect_timeout = std::chrono::seconds(1);
  ExpectNot(Pacs(), "does it speak TLS");
}

TEST_F(DicomTlsTest, WaitsForAHandshakeNoLongerThanForAConnection) {
  SilentServer silent;
  port = silent.port();
  Owe();
  destination_options.connect_timeout = std::chrono::seconds(1);
  const auto before = std::chrono::steady_clock::now();
  ExpectNot(Pacs(), "no TLS");
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(30));
}

TEST_F(DicomTlsTest, FilesAreReadAgainForEachConnection) {
  const auto scp = Serve("scp");
  Owe();
  config::Destination pacs = Pacs();
  pacs.tls.trusted = folder.File("not-yet.pem");
  ExpectNot(pacs, "not-yet.pem");
  std::filesystem::copy(certificates.authority(), pacs.tls.trusted);
  std::ignore = deliveries->RetryNow("pacs", Clock::System().Now());
  ExpectDelivered(pacs);
}

}  // namespace
}  // namespace axial::deliver
