#pragma once

#include <chrono>

#include "core/dicom/storage_commitment.h"

namespace axial {

/// How much longer than other messages the answer to a Storage Commitment request may take its
/// receiver, who reads it item by item before responding: 2 ms each.
[[nodiscard]] inline std::chrono::seconds PatienceFor(const CommitmentReport& report) {
  return std::chrono::seconds((report.committed.size() + report.failed.size()) / 500);
}

}  // namespace axial
