#include "gateway/deliver/tls_client.h"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/ip/address.hpp>

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

Status ExpectHost(SSL* connection, const std::string& host) {
  error_code not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  X509_VERIFY_PARAM* const expected = SSL_get0_param(connection);
  const bool set = not_an_address
                       ? X509_VERIFY_PARAM_set1_host(expected, host.c_str(), host.size()) == 1 &&
                             SSL_set_tlsext_host_name(connection, host.c_str()) == 1
                       : X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) == 1;
  if (set) return {};
  return MakeError(ErrorCode::kInternal, "cannot ask for the certificate of {}", host);
}

std::string WhyNoHandshake(SSL* connection, const std::string& host, const std::string& otherwise) {
  const long verdict = SSL_get_verify_result(connection);
  if (verdict == X509_V_OK) return fmt::format("no TLS: {}", otherwise);
  if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH)
    return fmt::format("its certificate is not for {}; correct url, or the certificate there",
                       host);
  if (verdict == X509_V_ERR_CERT_HAS_EXPIRED || verdict == X509_V_ERR_CERT_NOT_YET_VALID)
    return fmt::format("{}; renew it there, or set the clocks",
                       X509_verify_cert_error_string(verdict));
  return fmt::format(
      "its certificate is not trusted: {}; name the authority that signed it in "
      "tls.trusted",
      X509_verify_cert_error_string(verdict));
}

}  // namespace axial::deliver
