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
        [this](std::vector<AnsweredInstance>& instances) { return WriteAll(instances); },
        [this] { EndWaiting(); });
}

bool Intake::Flush() { return !rows_ || rows_->Flush(); }

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
    if (!taken.ok()) {
      assembler_.Arrived(study_uid);
      options_.on_change();
    }
    return taken;
  }
  // In the order in which they came: the assembler learns from it.
  if (rows_ && assembler_.Expects(study_uid)) static_cast<void>(rows_->Flush());
  AXIAL_ASSIGN_OR_RETURN(const store::AddedInstance added, studies_.AddInstance(row));
  Tell(row, answered.association, added);
  options_.on_change();
  return {};
}

Status Intake::WriteAll(std::vector<AnsweredInstance>& instances) {
  std::vector<const store::NewInstance*> rows;
  rows.reserve(instances.size());
  for (const AnsweredInstance& instance : instances) rows.push_back(&instance.row);
  auto together = studies_.AddInstances(rows);
  if (!together.ok() && IsRetried(together.error().code())) return together.error();
  for (std::size_t i = 0; i < instances.size(); ++i) {
    const AnsweredInstance& instance = instances[i];
    // One that the index does not take must not hold up the others.
    const Result<store::AddedInstance> added =
        together.ok() ? std::move((*together)[i]) : studies_.AddInstance(instance.row);
    if (added.ok())
      Tell(instance.row, instance.association, *added);
    else  // such as bytes that were made to have the digest of others
      Log(LogLevel::kError, "instance_without_row",
          {{"assoc", instance.association.association_id},
           {"calling_ae_title", instance.association.calling_ae_title},
           {"path", instance.row.path},
           {"reason", added.error().message()}});
    assembler_.Arrived(instance.row.header.study_instance_uid.str());
  }
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
  // Not before its rows: else the assembler would hear of it again when it has ended.
  if (Flush()) {
    End(association.association_id, end);
    options_.on_change();
    return;
  }
  {
    const std::lock_guard lock(ended_mutex_);
    ended_.emplace_back(association.association_id, end);
  }
  if (Flush()) EndWaiting();  // they were written meanwhile
}

void Intake::End(std::int64_t association_id, receive::AssociationEnd end) {
  const Status status = assembler_.OnAssociationClosed(
      association_id, end == receive::AssociationEnd::kReleased, clock_.Now());
  if (!status.ok())  // the quiet time still closes the revision
    Log(LogLevel::kError, "release_not_recorded",
        {{"assoc", association_id}, {"error", status.error().ToString()}});
}

/// All their rows were in the batch that could be written again: meanwhile none were taken.
void Intake::EndWaiting() {
  std::vector<std::pair<std::int64_t, receive::AssociationEnd>> ended;
  {
    const std::lock_guard lock(ended_mutex_);
    ended.swap(ended_);
  }
  for (const auto& [association_id, end] : ended) End(association_id, end);
  options_.on_change();
}

}  // namespace axial::pipeline
