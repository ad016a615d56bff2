#include "gateway/receive/tls_context.h"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/stat.h>

#include <boost/asio/ssl/context.hpp>

#include "core/base/log.h"
#include "core/dicom/tls_profile.h"

namespace axial::receive {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

/// Differs when a file was written or replaced.
std::string StampOf(const config::Tls& tls) {
  std::string stamp;
  for (const std::string* path : {&tls.certificate, &tls.key, &tls.trusted}) {
    struct stat state{};
    if (!path->empty() && ::stat(path->c_str(), &state) == 0)
      stamp += fmt::format("{}.{}.{}.{}", state.st_ino, state.st_size, state.st_mtim.tv_sec,
                           state.st_mtim.tv_nsec);
    stamp += '|';
  }
  return stamp;
}

Result<std::shared_ptr<ssl::context>> Read(const config::Tls& tls) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(native, kBcp195CipherSuites);
  SSL_CTX_set_dh_auto(native, 1);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                  SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Without sessions to resume, each peer is checked against the files of the day.
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(native, 0);
  error_code error;
  const auto unusable = [&](const char* key, const std::string& file, const char* remedy) {
    return MakeError(ErrorCode::kUnavailable, "node.tls.{}: {}: {}; {}", key, file, error.message(),
                     remedy);
  };
  context->use_certificate_chain_file(tls.certificate, error);
  if (error) return unusable("certificate", tls.certificate, "put a PEM certificate chain there");
  context->use_private_key_file(tls.key, ssl::context::pem, error);
  if (error) return unusable("key", tls.key, "put the certificate's private key there as PEM");
  if (tls.trusted.empty()) return context;
  context->load_verify_file(tls.trusted, error);
  if (error) return unusable("trusted", tls.trusted, "put the authorities' PEM certificates there");
  // Names of authorities tell a peer with several certificates which one to show.
  SSL_CTX_set_client_CA_list(native, SSL_load_client_CA_file(tls.trusted.c_str()));
  const ssl::verify_mode required =
      tls.require_client_certificate ? ssl::verify_fail_if_no_peer_cert : ssl::verify_none;
  context->set_verify_mode(ssl::verify_peer | required, error);
  if (error) return unusable("trusted", tls.trusted, "put the authorities' PEM certificates there");
  return context;
}

}  // namespace

TlsContext::TlsContext(config::Tls tls) : tls_(std::move(tls)) {}

Status TlsContext::Load() {
  const std::lock_guard lock(mutex_);
  stamp_ = StampOf(tls_);
  AXIAL_ASSIGN_OR_RETURN(context_, Read(tls_));
  return {};
}

std::shared_ptr<ssl::context> TlsContext::Current() {
  const std::lock_guard lock(mutex_);
  std::string stamp = StampOf(tls_);
  if (stamp == stamp_) return context_;
  stamp_ = std::move(stamp);
  Result<std::shared_ptr<ssl::context>> read = Read(tls_);
  if (!read.ok()) {
    Log(LogLevel::kError, "tls_files_not_reloaded",
        {{"reason", read.error().message()}, {"effect", "those from before stay in use"}});
    return context_;
  }
  context_ = std::move(*read);
  Log(LogLevel::kInfo, "tls_files_reloaded", {{"certificate", tls_.certificate}});
  return context_;
}

std::string WhyNoHandshake(SSL* connection, unsigned long reason, const std::string& otherwise) {
  const long verdict = SSL_get_verify_result(connection);
  const char* const verdict_text = X509_verify_cert_error_string(verdict);
  switch (verdict) {
    case X509_V_OK:
      break;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return fmt::format("its certificate: {}; renew it at the peer, or set the clocks",
                         verdict_text);
    default:
      return fmt::format(
          "its certificate is not trusted: {}; add the authority that signed it to "
          "node.tls.trusted",
          verdict_text);
  }
  switch (static_cast<int>(reason)) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return "it shows no certificate; give it one that an authority in node.tls.trusted signed, "
             "or set node.tls.require_client_certificate: false";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
      return fmt::format(
          "{}; configure TLS 1.2 or 1.3 and the BCP 195 profile at the peer, and a certificate "
          "of a common kind here",
          otherwise);
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
      return fmt::format(
          "it does not accept node.tls.certificate ({}); let the peer trust the authority that "
          "signed it, or renew it here",
          otherwise);
    default:
      return fmt::format("{}; look into the peer's log for its reason", otherwise);
  }
}

}  // namespace axial::receive
