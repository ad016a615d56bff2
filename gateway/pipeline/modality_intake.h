#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/base/clock.h"
#include "core/base/metrics.h"
#include "gateway/deliver/commitment_reporter.h"
#include "gateway/receive/modality_services.h"
#include "gateway/receive/spool_disk.h"
#include "gateway/store/commitment_store.h"
#include "gateway/store/performed_step_store.h"

namespace axial::pipeline {

/// Turns Storage Commitment requests and performed procedure steps into rows, and answers the
/// former from the rows and the spool. Thread-safe.
class ModalityIntake final : public receive::ModalityServices {
 public:
  struct Options {
    config::Durability durability = config::Durability::kInstance;
    const Clock* clock = &Clock::System();
    Metrics* metrics = nullptr;  ///< required
    /// Assembly has new evidence of these studies; must not block.
    std::function<void(const std::vector<std::string>& study_uids)> on_step_ended;
    /// Before an answer is made: whether all that was received has its row. May block.
    std::function<bool()> before_report = [] { return true; };
    /// The answer to a request of ours, from an archive. Error: NotFound.
    std::function<Status(const CommitmentReport&)> on_report;
    Duration remember = std::chrono::hours(30 * 24);  ///< ended requests and steps
  };

  /// References outlive this.
  ModalityIntake(store::CommitmentStore& commitments, store::PerformedStepStore& steps,
                 receive::SpoolDisk& spool, Options options);

  /// Who tells what is not told on the Association that asked. Once, before anything comes in;
  /// outlives this.
  void SetReporter(deliver::CommitmentReporter& reporter) { reporter_ = &reporter; }

  Result<receive::AcceptedCommitment> OnCommitmentRequest(
      const receive::AssociationInfo& association, const CommitmentRequest& request) override;
  Result<std::optional<store::Commitment>> TakeCommitment(std::int64_t id) override;
  Result<CommitmentReport> ReportOf(std::int64_t id) override;
  void OnReported(const store::Commitment& commitment, const CommitmentReport& report) override;
  void OnNotReported(const store::Commitment& commitment, const Error& reason) override;
  void OnCommitmentLeft(std::int64_t id) override;
  Status OnCommitmentReport(const receive::AssociationInfo& association,
                            const CommitmentReport& report) override;
  Status OnStepCreated(const receive::AssociationInfo& association,
                       const store::NewPerformedStep& step) override;
  Status OnStepSet(const receive::AssociationInfo& association, const std::string& step_uid,
                   const store::PerformedStepChange& change) override;

  /// Forgets what is too old to be of use, every hour; gives the next time.
  [[nodiscard]] Result<std::optional<TimePoint>> RunOnce(TimePoint now);

 private:
  receive::ReportPlace PlaceFor(const receive::AssociationInfo& association) const;

  store::CommitmentStore& commitments_;
  store::PerformedStepStore& steps_;
  receive::SpoolDisk& spool_;
  const Options options_;
  deliver::CommitmentReporter* reporter_ = nullptr;
  std::mutex mutex_;
  TimePoint next_forgetting_{};  ///< guarded by mutex_
};

}  // namespace axial::pipeline
