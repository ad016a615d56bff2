#include "gateway/pipeline/intake.h"

#include <string_view>
#include <utility>

#include "core/base/log.h"

namespace axial::pipeline {
namespace {

std::string_view OutcomeName(store::AddOutcome outcome) {
  switch (outcome) {
    case store::AddOutcome::kAdded:
      return "added";
    case store::AddOutcome::kDuplicate:
      return "duplicate";
    case store::AddOutcome::kConflicting:
      return "conflicting";
    case store::AddOutcome::kReplacing:
      return "replacing";
    case store::AddOutcome::kShared:
      return "shared_uid";
    case store::AddOutcome::kMisplaced:
      return "misplaced";
    case store::AddOutcome::kOwnResult:
      return "own_result";
  }
  return "added";
}

bool IsConflict(store::AddOutcome outcome) {
  return outcome == store::AddOutcome::kConflicting || outcome == store::AddOutcome::kReplacing ||
         outcome == store::AddOutcome::kShared || outcome == store::AddOutcome::kMisplaced;
}

}  // namespace

Intake::Intake(store::StudyStore& studies, assemble::StudyAssembler& assembler, const Clock& clock,
               Metrics& metrics, store::UseContent use, std::function<void()> on_change)
    : studies_(studies),
      assembler_(assembler),
      clock_(clock),
      metrics_(metrics),
      use_(use),
      on_change_(std::move(on_change)) {}

Status Intake::OnAssociationOpened(const receive::AssociationInfo&) { return {}; }

Status Intake::OnInstance(const receive::ReceivedInstance& instance) {
  const receive::AssociationInfo& association = instance.association;
  const store::NewInstance row{instance.header,
                               instance.digest,
                               instance.spool_path,
                               instance.bytes,
                               association.calling_ae_title,
                               association.called_ae_title,
                               association.peer_address,
                               clock_.Now(),
                               instance.durable,
                               use_};
  AXIAL_ASSIGN_OR_RETURN(const store::AddedInstance added, studies_.AddInstance(row));
  const store::AddOutcome outcome = added.outcome;
  metrics_
      .GetCounter("axial_pipeline_instances_total", "Instances taken in, by what they were",
                  {{"outcome", std::string(OutcomeName(outcome))}})
      .Increment();
  if (IsConflict(outcome))
    Log(LogLevel::kWarning, "instance_conflict",
        {{"assoc", association.association_id},
         {"study_uid", instance.header.study_instance_uid.str()},
         {"sop_instance_uid", instance.header.sop_instance_uid.str()},
         {"outcome", OutcomeName(outcome)}});
  if (!added.patient_conflict.empty()) {
    Log(LogLevel::kError, "two_patients",
        {{"assoc", association.association_id},
         {"study_uid", instance.header.study_instance_uid.str()},
         {"reason", added.patient_conflict}});
    metrics_
        .GetCounter("axial_pipeline_two_patients_total",
                    "Studies whose Instances name two patients: no model runs on them")
        .Increment();
  }
  if (outcome == store::AddOutcome::kOwnResult || outcome == store::AddOutcome::kMisplaced)
    return {};
  const std::string& study_uid = instance.header.study_instance_uid.str();
  const bool replaces = outcome == store::AddOutcome::kReplacing;
  if (added.revision > 0)
    assembler_.OnInstance({association.association_id, study_uid, association.calling_ae_title,
                           association.whole_study, assemble::FactsOf(instance.header),
                           row.received_at, added.revision, added.study_version, replaces});
  else
    assembler_.OnRepeated(association.association_id, study_uid,
                          instance.header.series_instance_uid.str(), row.received_at);
  on_change_();
  return {};
}

void Intake::OnAssociationClosed(const receive::AssociationInfo& association,
                                 const std::vector<Uid>&, receive::AssociationEnd end) {
  const Status status = assembler_.OnAssociationClosed(
      association.association_id, end == receive::AssociationEnd::kReleased, clock_.Now());
  if (!status.ok())  // the quiet time still closes the revision
    Log(LogLevel::kError, "release_not_recorded",
        {{"assoc", association.association_id}, {"error", status.error().ToString()}});
  on_change_();
}

}  // namespace axial::pipeline
