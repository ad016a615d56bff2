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
               Metrics& metrics, IntakeOptions options)
    : studies_(studies),
      assembler_(assembler),
      clock_(clock),
      metrics_(metrics),
      options_(std::move(options)) {
  if (options_.rows == RowTime::kAfterAnswer)
    rows_ = std::make_unique<RowWriter>(
        [this](std::vector<AnsweredInstance>& instances) { return WriteAll(instances); });
}

void Intake::Flush() {
  if (rows_) rows_->Flush();
}

Status Intake::OnAssociationOpened(const receive::AssociationInfo&) { return {}; }

Status Intake::OnInstance(receive::ReceivedInstance instance) {
  AnsweredInstance answered{
      {std::move(instance.header), std::move(instance.digest), std::move(instance.spool_path),
       instance.bytes, instance.association.calling_ae_title, instance.association.called_ae_title,
       instance.association.peer_address, clock_.Now(), instance.durable, options_.use},
      std::move(instance.association),
      std::move(instance.on_its_way)};
  const store::NewInstance& row = answered.row;
  const std::string study_uid = row.header.study_instance_uid.str();
  // A file in the spool says all of it as long as its Series is open (ADR 0014).
  if (rows_ && assembler_.Expect(study_uid, row.header.series_instance_uid.str())) {
    Status taken = rows_->Put(std::move(answered));
    if (!taken.ok()) assembler_.Arrived(study_uid);
    return taken;
  }
  AXIAL_ASSIGN_OR_RETURN(const store::AddedInstance added, studies_.AddInstance(row));
  Tell(row, answered.association, added);
  options_.on_change();
  return {};
}

Status Intake::WriteAll(std::vector<AnsweredInstance>& instances) {
  std::vector<const store::NewInstance*> rows;
  rows.reserve(instances.size());
  for (const AnsweredInstance& instance : instances) rows.push_back(&instance.row);
  AXIAL_ASSIGN_OR_RETURN(const auto added, studies_.AddInstances(rows));
  for (std::size_t i = 0; i < instances.size(); ++i) {
    const AnsweredInstance& instance = instances[i];
    if (added[i].ok())
      Tell(instance.row, instance.association, *added[i]);
    else  // only what was made to have the digest of something else comes here
      Log(LogLevel::kError, "instance_without_row",
          {{"assoc", instance.association.association_id},
           {"calling_ae_title", instance.association.calling_ae_title},
           {"path", instance.row.path},
           {"reason", added[i].error().message()}});
    assembler_.Arrived(instance.row.header.study_instance_uid.str());
  }
  options_.on_change();
  return {};
}

void Intake::Tell(const store::NewInstance& row, const receive::AssociationInfo& association,
                  const store::AddedInstance& added) {
  const store::AddOutcome outcome = added.outcome;
  metrics_
      .GetCounter("axial_pipeline_instances_total", "Instances taken in, by what they were",
                  {{"outcome", std::string(OutcomeName(outcome))}})
      .Increment();
  if (IsConflict(outcome))
    Log(LogLevel::kWarning, "instance_conflict",
        {{"assoc", association.association_id},
         {"study_uid", row.header.study_instance_uid.str()},
         {"sop_instance_uid", row.header.sop_instance_uid.str()},
         {"outcome", OutcomeName(outcome)}});
  if (!added.patient_conflict.empty()) {
    Log(LogLevel::kError, "two_patients",
        {{"assoc", association.association_id},
         {"study_uid", row.header.study_instance_uid.str()},
         {"reason", added.patient_conflict}});
    metrics_
        .GetCounter("axial_pipeline_two_patients_total",
                    "Studies whose Instances name two patients: no model runs on them")
        .Increment();
  }
  if (outcome == store::AddOutcome::kOwnResult || outcome == store::AddOutcome::kMisplaced) return;
  const std::string& study_uid = row.header.study_instance_uid.str();
  const bool replaces = outcome == store::AddOutcome::kReplacing;
  if (added.revision > 0)
    assembler_.OnInstance({association.association_id, study_uid, association.calling_ae_title,
                           association.whole_study, assemble::FactsOf(row.header), row.received_at,
                           added.revision, added.study_version, replaces});
  else
    assembler_.OnRepeated(association.association_id, study_uid,
                          row.header.series_instance_uid.str(), row.received_at);
}

void Intake::OnAssociationClosed(const receive::AssociationInfo& association,
                                 const std::vector<Uid>&, receive::AssociationEnd end) {
  Flush();  // else the assembler would hear of an Association again that has ended
  const Status status = assembler_.OnAssociationClosed(
      association.association_id, end == receive::AssociationEnd::kReleased, clock_.Now());
  if (!status.ok())  // the quiet time still closes the revision
    Log(LogLevel::kError, "release_not_recorded",
        {{"assoc", association.association_id}, {"error", status.error().ToString()}});
  options_.on_change();
}

}  // namespace axial::pipeline
