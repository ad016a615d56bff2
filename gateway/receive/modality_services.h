#pragma once

#include <cstdint>
#include <string>

#include "core/dicom/storage_commitment.h"
#include "gateway/receive/receive_events.h"
#include "gateway/store/commitment_store.h"
#include "gateway/store/performed_step_store.h"

namespace axial::receive {

inline constexpr const char* kPerformedStepClass = "1.2.840.10008.3.1.2.3.3";

/// Where an answer to a Storage Commitment request goes.
enum class ReportPlace {
  kElsewhere,   ///< somebody else tells it, on an Association of its own
  kHere,        ///< on the Association that asked, at once
  kHereIfOpen,  ///< there too, if the peer keeps it open for a moment: it waits for the answer
};

struct AcceptedCommitment {
  std::int64_t id = 0;
  ReportPlace place = ReportPlace::kElsewhere;
};

/// What reception tells the rest of the gateway when a modality uses a service beside storage: the
/// seam to the store. Called from association threads, from several at a time; implementations may
/// block (a commit), must not throw.
class ModalityServices {
 public:
  virtual ~ModalityServices() = default;

  /// The request is acknowledged only after this returns ok, so its row must be durable then.
  /// Errors: Conflict (the Transaction UID is in use), retried codes.
  [[nodiscard]] virtual Result<AcceptedCommitment> OnCommitmentRequest(
      const AssociationInfo& association, const CommitmentRequest& request) = 0;

  /// The row in hand, to be told here; nullopt: it is not owed any more.
  [[nodiscard]] virtual Result<std::optional<store::Commitment>> TakeCommitment(
      std::int64_t id) = 0;
  /// The answer as it is true now.
  [[nodiscard]] virtual Result<CommitmentReport> ReportOf(std::int64_t id) = 0;
  /// The peer has confirmed it.
  virtual void OnReported(const store::Commitment& commitment, const CommitmentReport& report) = 0;
  /// It has not; owed as before.
  virtual void OnNotReported(const store::Commitment& commitment, const Error& reason) = 0;
  /// It was never taken, because the Association ended before: somebody else tells it now.
  virtual void OnCommitmentLeft(std::int64_t id) = 0;

  /// The answer to a request of ours came in (N-EVENT-REPORT of a Storage Commitment SCP). Error:
  /// NotFound, when nobody here asked for it.
  [[nodiscard]] virtual Status OnCommitmentReport(const AssociationInfo& association,
                                                  const CommitmentReport& report) = 0;

  /// Durable when ok. Errors: Conflict (there is one already), retried codes.
  [[nodiscard]] virtual Status OnStepCreated(const AssociationInfo& association,
                                             const store::NewPerformedStep& step) = 0;
  /// Durable when ok. Errors: NotFound, Conflict (it has ended), retried codes.
  [[nodiscard]] virtual Status OnStepSet(const AssociationInfo& association,
                                         const std::string& step_uid,
                                         const store::PerformedStepChange& change) = 0;
};

}  // namespace axial::receive
