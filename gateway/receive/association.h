#pragma once

#include "gateway/receive/dcmtk_handover.h"
#include "gateway/receive/peer_faults.h"
#include "gateway/receive/read_deadline.h"
#include "gateway/receive/receive_events.h"
#include "gateway/receive/receive_metrics.h"
#include "gateway/receive/receiver.h"
#include "gateway/receive/sop_class_policy.h"

namespace axial::receive {

/// What every Association needs; outlives them all.
struct AssociationServices {
  const ReceiverOptions& options;
  DcmtkHandover& handover;
  ReceiveEvents& events;
  SpoolDisk& spool;
  ReceiveMetrics& metrics;
  PeerFaults& faults;
  SopClassPolicy sop_classes;
  int stop_event;               ///< file descriptor, readable once the Receiver stops
  ReadDeadline& read_deadline;  ///< of this Association
};

/// Serves one Association from its A-ASSOCIATE-RQ to its end; returns when it is over. Takes
/// `socket` over; `control_socket` is a duplicate that stays with the caller. Blocks; throws
/// nothing.
void ServeAssociation(const AssociationServices& services, int socket, int control_socket,
                      AssociationInfo info) noexcept;

}  // namespace axial::receive
