#pragma once

#include <boost/asio/ssl/context.hpp>
#include <string>

#include "config/config.h"
#include "core/base/result.h"

typedef struct ssl_st SSL;

namespace axial::deliver {

/// TLS 1.2 and 1.3 as client, with the files as they are now. Error: Unavailable, naming the file.
[[nodiscard]] Result<boost::asio::ssl::context> MakeTlsContext(const config::ClientTls& tls);

/// Asks for the certificate of `host` (a name or an address). Error: Internal.
[[nodiscard]] Status ExpectHost(SSL* connection, const std::string& host);

/// Why the handshake failed, for a person: what is wrong with the certificate, or `otherwise`.
[[nodiscard]] std::string WhyNoHandshake(SSL* connection, const std::string& host,
                                         const std::string& otherwise);

}  // namespace axial::deliver
