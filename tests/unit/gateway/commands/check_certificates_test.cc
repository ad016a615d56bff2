#include "gateway/commands/check_certificates.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/certificates.h"
#include "tests/support/run_command.h"
#include "tests/support/temp_dir.h"

namespace axial::gateway {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class CheckCertificatesTest : public ::testing::Test {
 protected:
  CheckCertificatesTest() : certificates(folder.File("pki")) {
    certificates.Sign("node", "IP:127.0.0.1");
    certificates.Sign("other", "IP:127.0.0.1");
    config.node.tls = config::Tls{certificates.CertificateOf("node"), certificates.KeyOf("node"),
                                  certificates.authority(), true, 7};
  }

  /// `later`: than today.
  std::vector<std::string> Problems(std::chrono::hours later = {}) {
    EXPECT_TRUE(certificates.made());
    std::vector<std::string> lines;
    for (const config::Problem& problem :
         CheckCertificates(config, "axial.yaml", Clock::System().Now() + later))
      lines.push_back(problem.ToString());
    return lines;
  }

  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder.File(name)) << text;
    return folder.File(name);
  }

  testing::TempDir folder;
  testing::Certificates certificates;
  config::Config config;
};

TEST_F(CheckCertificatesTest, FindsNothingWrongWithWhatIsRight) {
  EXPECT_THAT(Problems(), IsEmpty());
  config.node.tls.reset();
  EXPECT_THAT(Problems(std::chrono::hours(24 * 365)), IsEmpty());
}

TEST_F(CheckCertificatesTest, NamesTheKeyOfAnotherCertificate) {
  config.node.tls->key = certificates.KeyOf("other");
  EXPECT_THAT(Problems(), ElementsAre(AllOf(StartsWith("axial.yaml:7: node.tls.key: "),
                                            HasSubstr("other.key is not the private key of "),
                                            HasSubstr("node.pem; put the key there with which"))));
}

TEST_F(CheckCertificatesTest, NamesWhatExpiredAndWhatIsNotValidYet) {
  const auto expired = Problems(std::chrono::hours(24 * 3));
  EXPECT_THAT(expired, ElementsAre(AllOf(StartsWith("axial.yaml:7: node.tls.certificate: "),
                                         MatchesRegex(".*node.pem expired on 2[0-9]{3}-.* UTC.*"),
                                         HasSubstr("; renew it")),
                                   AllOf(StartsWith("axial.yaml:7: node.tls.trusted: "),
                                         HasSubstr("ca.pem expired on "))));
  const auto early = Problems(std::chrono::hours(-24));
  ASSERT_EQ(early.size(), 2U);
  EXPECT_THAT(early[0], AllOf(HasSubstr("node.pem is not valid before 2"), HasSubstr("clock")));
}

TEST_F(CheckCertificatesTest, NamesWhatIsNoPem) {
  config.node.tls->certificate = Write("a.pem", "no certificate\n");
  config.node.tls->key = certificates.CertificateOf("node");
  config.node.tls->trusted = Write("c.pem", "");
  EXPECT_THAT(Problems(), ElementsAre(HasSubstr("a.pem holds no PEM certificate; put"),
                                      HasSubstr("node.pem holds no PEM private key; put"),
                                      HasSubstr("c.pem holds no PEM certificate; put")));
}

TEST_F(CheckCertificatesTest, NamesAKeyBehindAPassphrase) {
  const std::string locked = folder.File("locked.key");
  ASSERT_EQ(testing::RunCommand({"openssl", "pkey", "-in", certificates.KeyOf("node"), "-aes128",
                                 "-passout", "pass:sesame", "-out", locked})
                .exit_code,
            0);
  config.node.tls->key = locked;
  EXPECT_THAT(Problems(),
              ElementsAre(HasSubstr("locked.key is protected by a passphrase; store it without")));
}

TEST_F(CheckCertificatesTest, LooksAtDestinationsAndAtPeersThatAreAnswered) {
  config.node.tls.reset();
  config::Peer peer{AeTitle::Parse("CT01").value(), std::nullopt, std::nullopt,
                    config::CommitmentAnswers{}, 12};
  peer.storage_commitment->tls = config::ClientTls{
      certificates.authority(), certificates.CertificateOf("node"), certificates.KeyOf("other")};
  config.node.peers = {peer};
  config::Destination web;
  web.line = 20;
  web.tls.trusted = Write("none.pem", "x");
  web.credentials = config::Credentials{"axial", Write("password", "two\nlines\n"), ""};
  config.destinations["web"] = web;
  EXPECT_THAT(Problems(),
              ElementsAre(StartsWith("axial.yaml:12: node.peers[0].storage_commitment.tls.key: "),
                          StartsWith("axial.yaml:20: destinations.web.tls.trusted: "),
                          AllOf(StartsWith("axial.yaml:20: destinations.web.credentials: "),
                                HasSubstr("one line"), ::testing::Not(HasSubstr("two")))));
}

TEST_F(CheckCertificatesTest, AnExpiredAuthorityAmongValidOnesIsUsual) {
  // Two days are over for the first, not for the second.
  const testing::Certificates younger(folder.File("younger"));
  std::ifstream old(certificates.authority());
  std::ifstream young(younger.authority());
  std::ofstream(folder.File("both.pem")) << old.rdbuf() << young.rdbuf();
  config.node.tls->trusted = folder.File("both.pem");
  EXPECT_THAT(Problems(), IsEmpty());
  EXPECT_THAT(Problems(std::chrono::hours(24 * 3)),
              ElementsAre(HasSubstr("node.pem expired"),
                          HasSubstr("both.pem holds 2 authorities, none of them valid today")));
}

}  // namespace
}  // namespace axial::gateway
