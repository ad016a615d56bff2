#pragma once

#include <boost/asio/ssl/context.hpp>
#include <string>

#include "config/config.h"
#include "core/base/result.h"

typedef struct ssl_st SSL;

namespace axial::deliver {

/// TLS 1.2 and 1.3 as client, with the files as they are now. Error: Unavailable, naming the file.
[[nodiscard]] Result<boost::asio::ssl::context> MakeTlsContext(const config::ClientTls& tls);

/// The same with the cipher suites of the BCP 195 profile (PS3.15 B.9).
[[nodiscard]] Result<boost::asio::ssl::context> MakeDicomTlsContext(const config::ClientTls& tls);

/// Asks for the certificate of `host` (a name or an address), and for no other unless
/// `tls.verify` says that any of a trusted authority will do. Error: Internal.
[[nodiscard]] Status ExpectHost(SSL* connection, const std::string& host,
                                const config::ClientTls& tls);

/// Why the handshake failed, for a person: what is wrong with the certificate, or `otherwise`.
[[nodiscard]] std::string WhyNoHandshake(SSL* connection, const std::string& host,
                                         const std::string& otherwise);

/// The server ended the connection because of our certificate, by the newest error of OpenSSL or,
/// should that have been lost, by whether it asked for one and we have one; "" when it was
/// something else.
[[nodiscard]] std::string WhyCertificateRefused(unsigned long error, bool asked = false,
                                                bool have_one = false);

}  // namespace axial::deliver
