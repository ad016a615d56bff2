#include "gateway/pipeline/modality_intake.h"

#include <utility>

#include "core/base/log.h"

namespace axial::pipeline {
namespace {

using receive::ReportPlace;

/// So long the answer is left to the Association that asked, should its thread die without a word.
constexpr Duration kHold = std::chrono::minutes(2);
constexpr Duration kForgettingPause = std::chrono::hours(1);
constexpr int kForgottenAtOnce = 1000;

void LogFailure(const Status& status, std::int64_t commitment) {
  if (!status.ok())
    Log(LogLevel::kError, "commitment_not_recorded",
        {{"commitment", commitment}, {"error", status.error().ToString()}});
}

}  // namespace

ModalityIntake::ModalityIntake(store::CommitmentStore& commitments,
                               store::PerformedStepStore& steps, receive::SpoolDisk& spool,
                               Options options)
    : commitments_(commitments), steps_(steps), spool_(spool), options_(std::move(options)) {
  AXIAL_INVARIANT(options_.metrics != nullptr && options_.on_step_ended && options_.on_report);
}

/// As configured; else as the peer took its last answer; else where it seems to wait for it.
ReportPlace ModalityIntake::PlaceFor(const receive::AssociationInfo& association) const {
  switch (reporter_->AssociationFor(association.calling_ae_title, association.peer_address)) {
    case config::CommitmentAssociation::kSame:
      return ReportPlace::kHere;
    case config::CommitmentAssociation::kNew:
      return ReportPlace::kElsewhere;
    case config::CommitmentAssociation::kAuto:
      break;
  }
  const auto last = commitments_.LastWay(association.calling_ae_title);
  if (last.ok() && *last == store::kSameAssociation) return ReportPlace::kHere;
  if (last.ok() && *last == store::kNewAssociation) return ReportPlace::kElsewhere;
  return ReportPlace::kHereIfOpen;
}

Result<receive::AcceptedCommitment> ModalityIntake::OnCommitmentRequest(
    const receive::AssociationInfo& association, const CommitmentRequest& request) {
  const ReportPlace place = PlaceFor(association);
  const TimePoint now = options_.clock->Now();
  AXIAL_ASSIGN_OR_RETURN(
      const std::int64_t id,
      commitments_.Request({association.calling_ae_title, association.peer_address, request},
                           place == ReportPlace::kElsewhere ? now : now + kHold, now));
  Log(LogLevel::kInfo, "commitment_requested",
      {{"commitment", id},
       {"assoc", association.association_id},
       {"calling_ae_title", association.calling_ae_title},
       {"instances", request.instances.size()}});
  if (place == ReportPlace::kElsewhere) reporter_->Nudge();
  return receive::AcceptedCommitment{id, place};
}

Result<std::optional<store::Commitment>> ModalityIntake::TakeCommitment(std::int64_t id) {
  return commitments_.Take(id, options_.clock->Now());
}

Result<CommitmentReport> ModalityIntake::ReportOf(std::int64_t id) {
  if (!options_.before_report())
    return Error(ErrorCode::kUnavailable, "what was received cannot be indexed now");
  AXIAL_ASSIGN_OR_RETURN(CommitmentReport report, commitments_.Report(id));
  // With this durability neither their bytes nor their rows (of the same file system) are durable
  // before their Association ends, and the modality may delete them after this answer.
  if (options_.durability == config::Durability::kAssociation && !report.committed.empty())
    AXIAL_RETURN_IF_ERROR(spool_.SyncAll());
  return report;
}

void ModalityIntake::OnReported(const store::Commitment& commitment,
                                const CommitmentReport& report) {
  LogFailure(
      commitments_.Confirm(commitment, report, store::kSameAssociation, options_.clock->Now()),
      commitment.id);
  options_.metrics
      ->GetCounter("axial_pipeline_commitments_same_association_total",
                   "Answers to Storage Commitment requests that were confirmed on the Association "
                   "that asked")
      .Increment();
  Log(LogLevel::kInfo, "commitment_reported",
      {{"commitment", commitment.id},
       {"calling_ae_title", commitment.calling_ae_title},
       {"committed", report.committed.size()},
       {"failed", report.failed.size()}});
}

void ModalityIntake::OnNotReported(const store::Commitment& commitment, const Error& reason) {
  const bool elsewhere =
      reporter_->AddressOf(commitment.calling_ae_title, commitment.peer_address).has_value();
  reporter_->NotTold(commitment, reason, elsewhere);
}

void ModalityIntake::OnCommitmentLeft(std::int64_t id) {
  LogFailure(commitments_.MakeDue(id, options_.clock->Now()), id);
  reporter_->Nudge();
}

Status ModalityIntake::OnCommitmentReport(const receive::AssociationInfo& association,
                                          const CommitmentReport& report) {
  Log(LogLevel::kInfo, "commitment_report_received",
      {{"assoc", association.association_id},
       {"calling_ae_title", association.calling_ae_title},
       {"committed", report.committed.size()},
       {"failed", report.failed.size()}});
  return options_.on_report(report);
}

Status ModalityIntake::OnStepCreated(const receive::AssociationInfo& association,
                                     const store::NewPerformedStep& step) {
  AXIAL_RETURN_IF_ERROR(steps_.Create(step, options_.clock->Now()));
  Log(LogLevel::kInfo, "performed_step_created",
      {{"assoc", association.association_id},
       {"calling_ae_title", association.calling_ae_title},
       {"step", step.step_uid}});
  return {};
}

Status ModalityIntake::OnStepSet(const receive::AssociationInfo& association,
                                 const std::string& step_uid,
                                 const store::PerformedStepChange& change) {
  AXIAL_ASSIGN_OR_RETURN(const auto studies, steps_.Set(step_uid, change, options_.clock->Now()));
  Log(LogLevel::kInfo, "performed_step_set",
      {{"assoc", association.association_id},
       {"calling_ae_title", association.calling_ae_title},
       {"step", step_uid},
       {"ended", change.event != store::PerformedStepEvent::kUpdate},
       {"studies", studies.size()}});
  if (change.event != store::PerformedStepEvent::kUpdate) options_.on_step_ended(studies);
  return {};
}

Result<std::optional<TimePoint>> ModalityIntake::RunOnce(TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (now >= next_forgetting_) {
    AXIAL_ASSIGN_OR_RETURN(const int commitments,
                           commitments_.Forget(now - options_.remember, kForgottenAtOnce));
    AXIAL_ASSIGN_OR_RETURN(const int steps,
                           steps_.Forget(now - options_.remember, kForgottenAtOnce));
    const bool more = commitments == kForgottenAtOnce || steps == kForgottenAtOnce;
    next_forgetting_ = now + (more ? Duration::zero() : kForgettingPause);
  }
  return std::optional<TimePoint>(next_forgetting_);
}

}  // namespace axial::pipeline
