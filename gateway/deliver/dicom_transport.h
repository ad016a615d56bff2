#pragma once

// Private to DicomAssociation. Heavy: DCMTK's network.

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/dcmlayer.h>

#include <memory>
#include <string>
#include <utility>

#include "config/config.h"
#include "core/base/result.h"
#include "gateway/deliver/dicom_association.h"
#include "gateway/deliver/tcp_connect.h"

namespace axial::deliver {

/// One connection without Nagle's algorithm (44 ms per C-STORE otherwise), watched, and over TLS
/// where the Destination says so (the BCP 195 profile, PS3.15 B.9).
class WatchedTransport final : public DcmTransportLayer {
 public:
  explicit WatchedTransport(OpenSockets& sockets);
  ~WatchedTransport() override;

  /// The connection is to be over TLS; its handshake takes `timeout` at most. Error: Unavailable,
  /// naming the file that is of no use.
  [[nodiscard]] Status Secure(const config::Destination& destination, std::chrono::seconds timeout);

  /// The connection that DCMTK makes next is to be this one. DCMTK knows one time-out for all
  /// connections of a process, which inside Orthanc is Orthanc's, and waits for minutes without it.
  void Carry(OwnedSocket connected) { carried_ = std::move(connected); }

  DcmTransportConnection* createConnection(DcmNativeSocketType socket, OFBool secure) override;

  /// Many SCPs (Orthanc as Debian packages it) send a response in two pieces under Nagle's
  /// algorithm, and hold the second back until we acknowledge the first. Linux forgets this option
  /// with every send, so it is set anew before each response.
  void AcknowledgeAtOnce() const;

  /// For waiting only; -1: there is none.
  [[nodiscard]] int watched() const { return watched_; }

  /// What went wrong with TLS and what to do about it; "" when nothing did.
  [[nodiscard]] const std::string& tls_failure() const { return tls_failure_; }

 private:
  struct Tls;

  OpenSockets& sockets_;
  int watched_ = -1;
  OwnedSocket carried_;
  std::unique_ptr<Tls> tls_;  ///< nullptr: plain TCP
  std::string tls_failure_;
};

}  // namespace axial::deliver
