#pragma once

#include <cstdint>

#include "core/base/metrics.h"

namespace axial::receive {

/// How many are open now.
[[nodiscard]] Gauge& OpenAssociations(Metrics& metrics);

/// The room's metrics, looked up once. Thread-safe.
class ReceiveMetrics {
 public:
  explicit ReceiveMetrics(Metrics& metrics);

  /// A C-STORE was answered with `status` after `seconds`.
  void CountInstance(std::uint16_t status, std::int64_t bytes, double seconds);

  /// A request of Storage Commitment (else: of Modality Performed Procedure Step) was answered.
  void CountNormalized(bool commitment, std::uint16_t command_field, std::uint16_t status);

  Counter& associations_accepted;
  Counter& associations_aborted;  ///< of the accepted ones
  Counter& rejected_called;
  Counter& rejected_calling;
  Counter& rejected_limit;
  Counter& rejected_storage;     ///< below the storage reserve
  Counter& dropped_connections;  ///< no whole A-ASSOCIATE-RQ came in time, or a broken one
  Gauge& open_associations;

 private:
  Metrics& metrics_;
  Counter& instances_stored_;
  Counter& bytes_;
  Histogram& store_seconds_;
};

}  // namespace axial::receive
