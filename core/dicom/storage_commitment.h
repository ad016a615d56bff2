#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"

class DcmItem;

namespace axial {

/// Storage Commitment Push Model (PS3.4 J.3): its SOP Class and the well-known Instance of it.
inline constexpr const char* kStorageCommitmentClass = "1.2.840.10008.1.20.1";
inline constexpr const char* kStorageCommitmentInstance = "1.2.840.10008.1.20.1.1";
inline constexpr std::uint16_t kRequestCommitmentAction = 1;     ///< Action Type ID
inline constexpr std::uint16_t kCommittedEvent = 1;              ///< Event Type ID: all of it
inline constexpr std::uint16_t kCommittedWithFailuresEvent = 2;  ///< Event Type ID: not all

/// Failure Reasons (0008,1197) (PS3.3 C.14.1.1).
inline constexpr std::uint16_t kFailureProcessing = 0x0110;
inline constexpr std::uint16_t kFailureNoSuchInstance = 0x0112;
inline constexpr std::uint16_t kFailureClassInstanceConflict = 0x0119;

/// More than any study has; a message may hold no more.
inline constexpr std::size_t kMaxReferences = 50'000;

/// One SOP Instance as another object or a message refers to it.
struct InstanceReference {
  std::string sop_class_uid;
  std::string sop_instance_uid;
  auto operator<=>(const InstanceReference&) const = default;
};

/// The Action Information of the request (PS3.4 J.3.2).
struct CommitmentRequest {
  std::string transaction_uid;
  std::vector<InstanceReference> instances;  ///< at least one
};

/// The Event Information of the answer (PS3.4 J.3.3).
struct CommitmentReport {
  struct Failure {
    InstanceReference instance;
    std::uint16_t reason = kFailureProcessing;
    auto operator<=>(const Failure&) const = default;
  };
  std::string transaction_uid;
  std::vector<InstanceReference> committed;
  std::vector<Failure> failed;

  [[nodiscard]] std::uint16_t EventType() const {
    return failed.empty() ? kCommittedEvent : kCommittedWithFailuresEvent;
  }
};

/// Reads and writes the data sets of both messages, for either side of the service. Thread-safe.
/// Errors: InvalidInput (names the attribute), Exhausted (more than kMaxReferences).
[[nodiscard]] Result<CommitmentRequest> ReadCommitmentRequest(DcmItem& data_set);
[[nodiscard]] Status WriteCommitmentRequest(const CommitmentRequest& request, DcmItem& into);
[[nodiscard]] Result<CommitmentReport> ReadCommitmentReport(DcmItem& data_set);
[[nodiscard]] Status WriteCommitmentReport(const CommitmentReport& report, DcmItem& into);

}  // namespace axial
