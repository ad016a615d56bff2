#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/dicom/instance_header.h"
#include "core/dicom/uid.h"

namespace axial::receive {

/// One accepted Association, as its peer named itself.
struct AssociationInfo {
  std::int64_t association_id = 0;  ///< unique also across restarts of the process
  std::string calling_ae_title;
  std::string called_ae_title;
  std::string peer_address;  ///< numeric form
  /// Its peer waits until a Study is complete and sends it over one Association (a host that knows
  /// when its Studies are stable).
  bool whole_study = false;
};

/// One Instance whose bytes lie at their final place in the spool.
struct ReceivedInstance {
  InstanceHeader header;
  std::string spool_path;  ///< final: <spool>/<study-uid>/<sop-instance-uid>.<short digest>.dcm
  std::int64_t bytes = 0;  ///< of the file
  /// Of the file: differs exactly when bytes differ that came with this SOP Instance UID for this
  /// Study. Equal data sets and Transfer Syntaxes give equal files.
  std::string digest;
  bool repeated = false;  ///< the same bytes were in the spool before; nothing was written
  AssociationInfo association;
  bool durable = true;  ///< false: synced when the Association ends, and so may its row be
  /// Nothing is removed from the Study's folder as long as this lives: until the row is written.
  std::shared_ptr<const void> on_its_way = {};
};

enum class AssociationEnd {
  kReleased,  ///< the peer said that it was done
  kAborted,   ///< by the peer, the network, a deadline, or our own stop
};

/// What reception tells the rest of the gateway: the seam to the store.
///
/// Called from association threads, from several at a time; calls for one Association come in
/// order and never at the same time. Implementations may block (a commit), must not throw.
class ReceiveEvents {
 public:
  virtual ~ReceiveEvents() = default;

  /// The Association is accepted; an error aborts it.
  [[nodiscard]] virtual Status OnAssociationOpened(const AssociationInfo& association) = 0;

  /// Success (0000H) is answered only after this returns ok, so from then on a start after the end
  /// of the process must find the Instance again: by its row, or by its file (ADR 0014, 0015); with
  /// durability `instance`, where the file is durable already, after the end of the machine, too.
  /// Called again for a repeated Instance (a crash may have come between file and row), so it must
  /// be idempotent by (SOP Instance UID, digest).
  /// Errors: a retried code is answered A700H, any other C000H; the file stays, because another
  /// Association may just have been told that it is there.
  [[nodiscard]] virtual Status OnInstance(ReceivedInstance instance) = 0;

  /// No more Instances come. With durability `association` their files are durable now.
  virtual void OnAssociationClosed(const AssociationInfo& association,
                                   const std::vector<Uid>& study_instance_uids,
                                   AssociationEnd end) = 0;
};

}  // namespace axial::receive
