#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "gateway/receive/association_request.h"
#include "gateway/receive/peer_faults.h"

namespace boost::asio {
class io_context;
}

namespace axial::receive {

/// A connection whose whole A-ASSOCIATE-RQ lies unread in its socket.
struct WaitingConnection {
  int socket = -1;  ///< blocking, TCP_NODELAY; given to the one who gets this
  AssociationRequest request;
  std::string peer_address;
};

/// Accepts TCP connections and waits for their A-ASSOCIATE-RQ without a thread for each, so that
/// silent, slow or broken clients cost nobody anything.
///
/// Runs on the io_context, on one strand of it. Thread-safe where said.
class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  /// All called on the strand; none may block.
  struct Callbacks {
    /// Where set, gets each connection to end its TLS; what comes of it comes back by Adopt.
    std::function<void(int socket, const std::string& peer_address)> secure;
    /// A reason to reject the Association, or nullopt.
    std::function<std::optional<RejectReason>(const AssociationRequest&, const std::string&)> judge;
    /// Takes over an Association that nobody rejected.
    std::function<void(WaitingConnection)> take;
    /// A connection ended without a whole, valid request.
    std::function<void(Fault fault, const std::string& peer_address, const std::string& why)>
        dropped;
  };

  static std::shared_ptr<Acceptor> Make(boost::asio::io_context& io_context,
                                        Duration request_deadline, Callbacks callbacks);
  virtual ~Acceptor() = default;

  /// Error: Unavailable (address in use, no such address), InvalidInput (no address).
  [[nodiscard]] virtual Result<std::uint16_t> Listen(const std::string& bind,
                                                     std::uint16_t port) = 0;
  /// Takes over a connected TCP socket as if it had been accepted from that peer. Thread-safe.
  virtual void Adopt(int socket, const std::string& peer_address) = 0;
  /// Closes the listener and every waiting connection; returns at once. Callbacks may still run
  /// until the io_context has come by, so what they use must live as long. Thread-safe.
  virtual void Close() = 0;
};

}  // namespace axial::receive
