#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "config/config.h"
#include "core/base/clock.h"
#include "core/base/metrics.h"
#include "core/base/result.h"
#include "gateway/receive/modality_services.h"
#include "gateway/receive/receive_events.h"
#include "gateway/receive/refused_associations.h"
#include "gateway/receive/spool_disk.h"

namespace boost::asio {
class io_context;
}

namespace axial::receive {

class TlsTerminator;

/// Deadlines against peers that are slow or silent.
struct ReceiveDeadlines {
  Duration association_request = std::chrono::seconds(10);  ///< from TCP connect to a whole request
  Duration network = std::chrono::seconds(30);              ///< silence inside a message
  Duration idle = std::chrono::minutes(5);                  ///< silence between messages
  /// Of a data set, once `network` has passed: less than ISDN carries, more than a peer that keeps
  /// an Association busy with drops.
  std::int64_t bytes_per_second = 4096;
};

struct ReceiverOptions {
  config::Node node;
  config::Storage storage;  ///< reserve_bytes, max_instance_bytes and durability
  ReceiveDeadlines deadlines;
  /// Storage Commitment and Modality Performed Procedure Step; nullptr: neither is offered.
  ModalityServices* modality_services = nullptr;
  /// Gets what is refused; required, outlives the Receiver.
  RefusedAssociations* refused = nullptr;
};

/// Storage SCP and Verification SCP (PS3.4 A and B), Storage Commitment SCP (J) and Modality
/// Performed Procedure Step SCP (F.7).
///
/// The io_context accepts connections and reads their A-ASSOCIATE-RQ, without ever blocking; each
/// accepted Association then has a thread of its own, which blocks in DCMTK, the spool and
/// `events`. Sets DCMTK's process-wide network options, so it is not for a process that hosts
/// DCMTK for somebody else, and only one Receiver runs at a time. Start and Stop belong to one
/// thread, which is not one that runs the io_context.
class Receiver {
 public:
  Receiver();
  ~Receiver();  ///< stops at once
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  /// Prepares the spool and listens; gives the TCP port. All references must outlive this object.
  /// Errors: Unavailable (address in use, files of node.tls), those of
  /// SpoolDisk::Prepare.
  [[nodiscard]] Result<std::uint16_t> Start(boost::asio::io_context& io_context,
                                            const ReceiverOptions& options, ReceiveEvents& events,
                                            Metrics& metrics, SpoolDisk& spool);

  /// A reloaded configuration: AE Title, peers and the association limit count from the next
  /// Association on; port, bind and where TLS has its files need a new start. Changed TLS files
  /// count from the next connection on. Thread-safe.
  void SetPolicy(const config::Node& node);

  /// Accepts nothing more, lets messages in progress finish until `drain` has passed, aborts what
  /// is left, and returns when no Association thread runs. Idle Associations are aborted at once.
  void Stop(Duration drain);

  /// Associations open now. Thread-safe.
  [[nodiscard]] int AssociationCount() const;

 private:
  struct State;
  static Result<std::unique_ptr<TlsTerminator>> MakeTls(State* state,
                                                        const ReceiverOptions& options);
  std::shared_ptr<State> state_;
};

}  // namespace axial::receive
