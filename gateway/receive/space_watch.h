#pragma once

#include <cstdint>
#include <mutex>

#include "core/base/metrics.h"
#include "gateway/receive/spool_disk.h"

namespace axial::receive {

/// Whether there is room for new Instances: asked for every Association, and every second for the
/// alarm. Thread-safe.
class SpaceWatch {
 public:
  /// Both outlive this object.
  SpaceWatch(SpoolDisk& spool, std::int64_t reserve_bytes, Metrics& metrics);

  /// Asks the disk: at least the reserve is free. Logs when that changes.
  [[nodiscard]] bool HasRoom();

 private:
  SpoolDisk& spool_;
  const std::int64_t reserve_bytes_;
  Gauge& free_;
  Gauge& low_;
  std::mutex mutex_;
  bool was_low_ = false;  ///< guarded by mutex_
};

}  // namespace axial::receive
