#include "gateway/receive/space_watch.h"

#include "core/base/log.h"

namespace axial::receive {

SpaceWatch::SpaceWatch(SpoolDisk& spool, std::int64_t reserve_bytes, Metrics& metrics)
    : spool_(spool),
      reserve_bytes_(reserve_bytes),
      free_(metrics.GetGauge("axial_receive_storage_free_bytes", "Free space of the storage")),
      low_(metrics.GetGauge("axial_receive_storage_low",
                            "1 while Associations and Instances are refused for want of space")) {
  metrics
      .GetGauge("axial_receive_storage_reserve_bytes",
                "storage.reserve: below it new work is refused")
      .Set(static_cast<double>(reserve_bytes));
}

bool SpaceWatch::HasRoom() {
  const Result<std::int64_t> free_bytes = spool_.FreeBytes();
  const bool low = !free_bytes.ok() || *free_bytes < reserve_bytes_;
  free_.Set(free_bytes.ok() ? static_cast<double>(*free_bytes) : 0);
  low_.Set(low ? 1 : 0);
  const std::lock_guard lock(mutex_);
  if (low && !was_low_)
    Log(LogLevel::kError, "storage_low",
        {{"reason", free_bytes.ok() ? fmt::format("{} bytes are free", *free_bytes)
                                    : free_bytes.error().message()},
         {"reserve", reserve_bytes_},
         {"remedy", "make room on the disk of storage.directory; until then new work is refused"}});
  if (!low && was_low_)
    Log(LogLevel::kInfo, "storage_recovered", {{"free", *free_bytes}, {"reserve", reserve_bytes_}});
  was_low_ = low;
  return !low;
}

}  // namespace axial::receive
