#include "gateway/commands/check_certificates.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "gateway/deliver/http_credentials.h"

namespace axial::gateway {
namespace {

using config::Problem;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using File = std::unique_ptr<BIO, decltype(&BIO_free)>;

/// So many of one file, at most, are looked at.
constexpr std::size_t kMaxCertificates = 10'000;

/// "2026-11-26 12:00:00 UTC".
std::string TextOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown time";
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

/// What is wrong with its time at `now`, and what to do; "" when nothing is.
std::pair<std::string, std::string> JudgeTime(const X509& certificate, std::time_t now) {
  if (X509_cmp_time(X509_get0_notBefore(&certificate), &now) > 0)
    return {fmt::format("is not valid before {}", TextOf(X509_get0_notBefore(&certificate))),
            "wait until then, set this machine's clock, or put one there that is valid today"};
  if (X509_cmp_time(X509_get0_notAfter(&certificate), &now) < 0)
    return {fmt::format("expired on {}", TextOf(X509_get0_notAfter(&certificate))),
            "renew it and put the new one there; it is used from the next connection on"};
  return {};
}

/// Tells a key behind a passphrase, which nobody could type, from a broken one.
int NoPassphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return 0;
}

class CertificateCheck {
 public:
  CertificateCheck(std::string config_path, TimePoint now, std::vector<Problem>& problems)
      : config_path_(std::move(config_path)),
        now_(std::chrono::system_clock::to_time_t(now)),
        problems_(problems) {}

  /// The files of one section; "" where it names none.
  void CheckSection(const std::string& section, int line, const std::string& certificate,
                    const std::string& key, const std::string& trusted) {
    section_ = section;
    line_ = line;
    const Certificate own =
        certificate.empty() ? Certificate(nullptr, X509_free) : ReadCertificate(certificate);
    const Key of_own = key.empty() ? Key(nullptr, EVP_PKEY_free) : ReadKey(key);
    if (own && of_own && X509_check_private_key(own.get(), of_own.get()) != 1)
      Add("key", key, fmt::format("is not the private key of {}", certificate),
          "put the key there with which that certificate was requested");
    if (!trusted.empty()) CheckTrusted(trusted);
    ERR_clear_error();
  }

  void CheckCredentials(const std::string& section, int line,
                        const config::Credentials& credentials) {
    const auto authorization = deliver::MakeAuthorization(credentials);
    if (authorization.ok() || authorization.error().code() == ErrorCode::kUnavailable) return;
    problems_.push_back({config_path_, line,
                         fmt::format("{}: {}", section, authorization.error().message()),
                         "write the password or the token alone into that file"});
  }

 private:
  void Add(std::string_view name, const std::string& file, const std::string& what,
           const std::string& remedy) {
    problems_.push_back(
        {config_path_, line_, fmt::format("{}.{}: {} {}", section_, name, file, what), remedy});
  }

  /// nullptr when it cannot be read, of which CheckConfig tells.
  static File Open(const std::string& file) {
    std::error_code error;
    return File(
        std::filesystem::is_regular_file(file, error) ? BIO_new_file(file.c_str(), "r") : nullptr,
        BIO_free);
  }

  Certificate ReadCertificate(const std::string& file) {
    Certificate certificate(nullptr, X509_free);
    const File in = Open(file);
    if (!in) return certificate;
    certificate.reset(PEM_read_bio_X509_AUX(in.get(), nullptr, nullptr, nullptr));
    if (!certificate) {
      Add("certificate", file, "holds no PEM certificate",
          "put the certificate there, followed by those of the authorities between it and its "
          "root");
      return certificate;
    }
    const auto [what, remedy] = JudgeTime(*certificate, now_);
    if (!what.empty()) Add("certificate", file, what, remedy);
    return certificate;
  }

  Key ReadKey(const std::string& file) {
    Key key(nullptr, EVP_PKEY_free);
    const File in = Open(file);
    if (!in) return key;
    bool wants_passphrase = false;
    key.reset(PEM_read_bio_PrivateKey(in.get(), nullptr, NoPassphrase, &wants_passphrase));
    if (key) return key;
    if (wants_passphrase)
      Add("key", file, "is protected by a passphrase",
          "store it without (`openssl pkey -in it -out new.key`), readable by the gateway's user "
          "only");
    else
      Add("key", file, "holds no PEM private key", "put the certificate's private key there");
    return key;
  }

  void CheckTrusted(const std::string& file) {
    const File in = Open(file);
    if (!in) return;
    std::size_t count = 0;
    std::string first;
    while (count < kMaxCertificates) {
      const Certificate authority(PEM_read_bio_X509_AUX(in.get(), nullptr, nullptr, nullptr),
                                  X509_free);
      if (!authority) break;
      ++count;
      const std::string what = JudgeTime(*authority, now_).first;
      if (what.empty()) return;  // that others among them expired is usual
      if (first.empty()) first = what;
    }
    if (count == 0)
      Add("trusted", file, "holds no PEM certificate",
          "put the certificates of the authorities there that signed those of the other side");
    else if (count == 1)
      Add("trusted", file, first, "put an authority there whose certificate is valid today");
    else
      Add("trusted", file, fmt::format("holds {} authorities, none of them valid today", count),
          "put one there whose certificate is");
  }

  const std::string config_path_;
  const std::time_t now_;
  std::vector<Problem>& problems_;
  std::string section_;
  int line_ = 0;
};

}  // namespace

std::vector<Problem> CheckCertificates(const config::Config& config, const std::string& path,
                                       TimePoint now) {
  std::vector<Problem> problems;
  CertificateCheck check(path, now, problems);
  if (const auto& tls = config.node.tls)
    check.CheckSection("node.tls", tls->line, tls->certificate, tls->key, tls->trusted);
  const auto check_client = [&](const std::string& section, int line,
                                const config::ClientTls& tls) {
    check.CheckSection(section, line, tls.certificate, tls.key, tls.trusted);
  };
  for (std::size_t i = 0; i < config.node.peers.size(); ++i) {
    const config::Peer& peer = config.node.peers[i];
    if (peer.storage_commitment && peer.storage_commitment->tls)
      check_client(fmt::format("node.peers[{}].storage_commitment.tls", i), peer.line,
                   *peer.storage_commitment->tls);
  }
  for (const auto& [name, destination] : config.destinations) {
    check_client("destinations." + name + ".tls", destination.line, destination.tls);
    if (destination.credentials)
      check.CheckCredentials("destinations." + name + ".credentials", destination.line,
                             *destination.credentials);
  }
  return problems;
}

}  // namespace axial::gateway
