#pragma once

#include <memory>

#include "core/base/result.h"

struct T_ASC_Association;
struct T_ASC_Network;

namespace axial::receive {

/// Ends an Association's DCMTK object without a word to the peer; closes its socket.
struct AssociationDeleter {
  void operator()(T_ASC_Association* association) const;
};
using DcmtkAssociation = std::unique_ptr<T_ASC_Association, AssociationDeleter>;

/// Gives sockets that somebody else accepted to DCMTK.
///
/// DCMTK takes a socket to serve only through one process-wide variable. It is held under a lock
/// until DCMTK has read it, so that Associations are read in parallel. One per process.
class DcmtkHandover {
 public:
  /// `network_timeout_s`: for each blocking read and write inside a message. Sets DCMTK's
  /// process-wide network options. Error: Unavailable.
  static Result<std::unique_ptr<DcmtkHandover>> Make(int network_timeout_s);
  ~DcmtkHandover();
  DcmtkHandover(const DcmtkHandover&) = delete;
  DcmtkHandover& operator=(const DcmtkHandover&) = delete;

  /// Reads the A-ASSOCIATE-RQ from a connected, blocking socket. Takes the socket over, also when
  /// it fails. Errors: InvalidInput, Timeout, Unavailable. Thread-safe.
  [[nodiscard]] Result<DcmtkAssociation> Receive(int socket);

 private:
  class Layer;
  DcmtkHandover();

  std::unique_ptr<Layer> layer_;
  T_ASC_Network* network_ = nullptr;
};

}  // namespace axial::receive
