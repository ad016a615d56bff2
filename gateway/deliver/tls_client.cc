#include "gateway/deliver/tls_client.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/ip/address.hpp>

#include "core/dicom/tls_profile.h"

namespace axial::deliver {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

Result<ssl::context> MakeTlsContext(const config::ClientTls& tls) {
  ssl::context context(ssl::context::tls_client);
  error_code error;
  const auto unusable = [&](const std::string& file) {
    return MakeError(ErrorCode::kUnavailable, "{}: {}; put a PEM file there", file,
                     error.message());
  };
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  context.set_verify_mode(ssl::verify_peer, error);
  if (tls.trusted.empty()) {
    context.set_default_verify_paths(error);
    if (error) return unusable("the system's authorities");
  } else {
    context.load_verify_file(tls.trusted, error);
    if (error) return unusable(tls.trusted);
  }
  if (tls.certificate.empty()) return context;
  context.use_certificate_chain_file(tls.certificate, error);
  if (error) return unusable(tls.certificate);
  context.use_private_key_file(tls.key, ssl::context::pem, error);
  if (error) return unusable(tls.key);
  return context;
}

Result<ssl::context> MakeDicomTlsContext(const config::ClientTls& tls) {
  AXIAL_ASSIGN_OR_RETURN(ssl::context context, MakeTlsContext(tls));
  SSL_CTX* const native = context.native_handle();
  if (SSL_CTX_set_cipher_list(native, kBcp195CipherSuites) != 1)
    return Error(ErrorCode::kInternal, "this OpenSSL knows no suite of the BCP 195 profile");
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  return context;
}

Status ExpectHost(SSL* connection, const std::string& host, const config::ClientTls& tls) {
  error_code not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  X509_VERIFY_PARAM* const expected = SSL_get0_param(connection);
  bool set = !not_an_address || SSL_set_tlsext_host_name(connection, host.c_str()) == 1;
  if (tls.verify == config::ClientTls::Verify::kHost)
    set = set &&
          (not_an_address ? X509_VERIFY_PARAM_set1_host(expected, host.c_str(), host.size()) == 1
                          : X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) == 1);
  if (set) return {};
  return MakeError(ErrorCode::kInternal, "cannot ask for the certificate of {}", host);
}

std::string WhyNoHandshake(SSL* connection, const std::string& host, const std::string& otherwise) {
  const long verdict = SSL_get_verify_result(connection);
  if (verdict == X509_V_OK) {
    const std::string refused = WhyCertificateRefused(ERR_peek_last_error());
    return refused.empty()
               ? fmt::format("no TLS: {}; does it speak TLS 1.2 or 1.3 on that port?", otherwise)
               : refused;
  }
  if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH)
    return fmt::format(
        "its certificate is not for {}; correct that name here or the certificate there, or accept "
        "every certificate of the authority by tls.verify: authority",
        host);
  if (verdict == X509_V_ERR_CERT_HAS_EXPIRED || verdict == X509_V_ERR_CERT_NOT_YET_VALID)
    return fmt::format("{}; renew it there, or set the clocks",
                       X509_verify_cert_error_string(verdict));
  return fmt::format(
      "its certificate is not trusted: {}; name the authority that signed it in "
      "tls.trusted",
      X509_verify_cert_error_string(verdict));
}

std::string WhyCertificateRefused(unsigned long error, bool asked, bool have_one) {
  constexpr const char* kNameOne =
      "it asks for a certificate: name one that it trusts in tls.certificate, with its tls.key";
  constexpr const char* kNotAccepted =
      "it does not accept tls.certificate; let it trust the authority that signed it, or renew it "
      "here";
  switch (ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return kNameOne;
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return kNotAccepted;
    default:
      return !asked ? "" : have_one ? kNotAccepted : kNameOne;
  }
}

}  // namespace axial::deliver
