#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "config/config.h"
#include "core/base/result.h"

namespace boost::asio::ssl {
class context;
}
typedef struct ssl_st SSL;

namespace axial::receive {

/// The node's certificate, key and trusted authorities, as TLS 1.2 and 1.3 server with the cipher
/// suites of the BCP 195 profile (PS3.15 B.9).
///
/// Files that change are read again for the next handshake; what is established stays. Files that
/// do not fit together are logged once, and the ones before stay in use. Thread-safe.
class TlsContext {
 public:
  explicit TlsContext(config::Tls tls);

  /// Reads the files. Error: Unavailable (one cannot be read, or is not what it should be).
  [[nodiscard]] Status Load();
  /// For one handshake. Load must have succeeded.
  [[nodiscard]] std::shared_ptr<boost::asio::ssl::context> Current();

 private:
  const config::Tls tls_;
  std::mutex mutex_;
  std::shared_ptr<boost::asio::ssl::context> context_;  ///< guarded by mutex_
  std::string stamp_;                                   ///< guarded by mutex_
};

/// Why a peer's handshake failed, and what to do about it. `otherwise`: what the network said.
[[nodiscard]] std::string WhyNoHandshake(SSL* connection, unsigned long reason,
                                         const std::string& otherwise);

}  // namespace axial::receive
