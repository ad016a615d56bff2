#pragma once

#include <functional>
#include <memory>
#include <string>

#include "config/config.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "gateway/receive/peer_faults.h"

namespace axial::receive {

/// Ends TLS, so that all behind it reads and writes plain DICOM from a local socket.
///
/// Threads of its own do the handshakes and relay both ways, so neither blocks whoever accepts.
class TlsTerminator {
 public:
  /// Called on this object's threads, from several at a time; must not block.
  struct Callbacks {
    /// The handshake is done: `socket`, which now belongs to the callee, carries the plain bytes.
    std::function<void(int socket, const std::string& peer_address)> established;
    std::function<void(Fault fault, const std::string& peer_address, const std::string& why)>
        dropped;
  };

  /// Error: Unavailable (files of `tls`).
  static Result<std::unique_ptr<TlsTerminator>> Make(const config::Tls& tls, Duration deadline,
                                                     Callbacks callbacks);
  virtual ~TlsTerminator() = default;  ///< gives relays a moment to send what they hold

  /// Takes over a connected socket. Thread-safe.
  virtual void Take(int socket, std::string peer_address) = 0;
};

}  // namespace axial::receive
