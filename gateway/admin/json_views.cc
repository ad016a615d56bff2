#include "gateway/admin/json_views.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>

namespace axial::admin {
namespace {

using nlohmann::json;

json Conditions(const std::vector<config::ConditionSpec>& conditions) {
  // By value of config::ConditionKind.
  constexpr std::array kKinds = {"any_of", "contains", "matches", "absent", "present"};
  json list = json::array();
  for (const config::ConditionSpec& condition : conditions)
    list.push_back({{"attribute", condition.attribute},
                    {"kind", kKinds.at(static_cast<std::size_t>(condition.kind))},
                    {"operands", condition.operands}});
  return list;
}

const char* PriorityName(int priority) {
  constexpr std::array kNames = {"urgent", "normal", "background"};
  return kNames.at(static_cast<std::size_t>(std::clamp(priority, 0, 2)));
}

json TextOrNull(const std::string& text) { return text.empty() ? json(nullptr) : json(text); }

json ErrorOrNull(const std::string& code, const std::string& message) {
  if (code.empty() && message.empty()) return nullptr;
  return {{"code", code}, {"message", message}};
}

}  // namespace

json ToJson(TimePoint time) {
  if (time == TimePoint{}) return nullptr;
  return FormatTime(time);
}

json ToJson(const store::StudyRow& study) {
  return {{"study_uid", study.study_uid},
          {"first_received_at", ToJson(study.first_received_at)},
          {"last_received_at", ToJson(study.last_received_at)},
          {"series", study.series},
          {"instances", study.instances},
          {"conflicting_instances", study.conflicting},
          {"patient_conflict",
           study.patient_conflict.empty() ? json(nullptr) : json(study.patient_conflict)},
          {"revision", study.revision},
          {"revision_state", study.revision_state},
          {"jobs", study.jobs},
          {"jobs_unfinished", study.jobs_unfinished},
          {"jobs_failed", study.jobs_failed},
          {"routed", study.jobs > 0},
          {"not_routed", study.jobs == 0 && study.revision_state == "routed"},
          {"removed_at", ToJson(study.removed_at)}};
}

json ToJson(const store::Revision& revision) {
  return {{"number", revision.number},
          {"state", revision.state},
          {"opened_at", ToJson(revision.opened_at)},
          {"last_instance_at", ToJson(revision.last_instance_at)},
          {"released_at", ToJson(revision.released_at.value_or(TimePoint{}))},
          {"closed_at", ToJson(revision.closed_at)},
          {"close_reason", revision.close_reason},
          {"evidence", revision.evidence},
          {"removed_at", ToJson(revision.removed_at)}};
}

json ToJson(const store::SeriesRevision& series) {
  return {{"series_uid", series.series_uid},       {"instances", series.instances},
          {"closed_at", ToJson(series.closed_at)}, {"close_reason", series.close_reason},
          {"evidence", series.evidence},           {"routed_at", ToJson(series.routed_at)}};
}

json ToJson(const store::SeriesRow& series) {
  json classes = json::array();
  for (const store::SeriesClass& entry : series.classes)
    classes.push_back({{"sop_class_uid", entry.sop_class_uid},
                       {"instances", entry.instances},
                       {"frames", entry.frames}});
  return {{"series_uid", series.series_uid},
          {"calling_ae_title", series.calling_ae_title},
          {"called_ae_title", series.called_ae_title},
          {"changed_in_revision", series.changed_in_revision},
          {"sop_classes", std::move(classes)}};
}

json ToJson(const store::VerdictRow& verdict) {
  return {{"rule_index", verdict.rule_index},
          {"rule", verdict.rule},
          {"series_uid", verdict.series_uid},
          {"matched", verdict.matched},
          {"reason", verdict.reason}};
}

json ToJson(const store::EventRow& event) {
  return {{"at", ToJson(event.at)}, {"kind", event.kind}, {"detail", event.detail}};
}

namespace {

json ReportToJson(const store::FailureReport& report) {
  return {{"state", store::ReportStateName(report.state)},
          {"cause", store::FailureCauseName(report.cause)},
          {"reason", report.reason},
          {"attempt", report.attempt},
          {"error", ErrorOrNull(report.error_code, report.error_message)},
          {"created_at", ToJson(report.created_at)},
          {"finished_at", ToJson(report.finished_at)}};
}

}  // namespace

json ToJson(const store::Job& job) {
  return {
      {"id", job.id},
      {"study_uid", job.study_uid},
      {"series_uid", job.series_uid},
      {"rule", job.rule},
      {"model", job.model},
      {"model_version", job.model_version},
      {"priority", PriorityName(job.priority)},
      {"state", store::JobStateName(job.state)},
      {"attempt", job.attempt},
      {"progress", job.progress},
      {"stage", job.stage},
      {"summary", job.summary},
      {"error", ErrorOrNull(job.error_code, job.error_message)},
      {"revision", job.revision},
      {"superseded_by", job.superseded_by == 0 ? json(nullptr) : json(job.superseded_by)},
      {"supersedes", job.supersedes},
      {"failure_report", job.failure_report ? ReportToJson(*job.failure_report) : json(nullptr)},
      {"created_at", ToJson(job.created_at)},
      {"finished_at", ToJson(job.finished_at)}};
}

json ToJson(const store::Delivery& delivery) {
  const bool waiting = delivery.state != "confirmed" && delivery.state != "refused";
  return {{"id", delivery.id},
          {"job_id", delivery.job_id},
          {"destination", delivery.destination},
          {"kind", delivery.kind},
          {"sop_class_uid", delivery.sop_class_uid},
          {"sop_instance_uid", delivery.sop_instance_uid},
          {"state", delivery.state},
          {"attempt", delivery.attempt},
          {"next_at", waiting ? ToJson(delivery.next_at) : json(nullptr)},
          {"error", ErrorOrNull(delivery.error_code, delivery.error_message)},
          {"owed_since", ToJson(delivery.owed_since)},
          {"stored_at", ToJson(delivery.stored_at)},
          {"confirmed_at", ToJson(delivery.confirmed_at)},
          {"confirmed_by", TextOrNull(delivery.confirmed_by)}};
}

json ToJson(const store::Commitment& commitment) {
  const bool owed = commitment.state == store::CommitmentState::kOwed;
  return {{"id", commitment.id},
          {"calling_ae_title", commitment.calling_ae_title},
          {"address", commitment.peer_address},
          {"transaction_uid", commitment.transaction_uid},
          {"state", store::CommitmentStateName(commitment.state)},
          {"instances", commitment.instances},
          {"failed", commitment.failed},
          {"failures", commitment.failures},
          {"attempt", commitment.attempt},
          {"told_on", commitment.way.empty() ? json(nullptr) : json(commitment.way)},
          {"next_at", owed ? ToJson(commitment.next_at) : json(nullptr)},
          {"error", ErrorOrNull(commitment.error_code, commitment.error_message)},
          {"requested_at", ToJson(commitment.requested_at)},
          {"finished_at", ToJson(commitment.finished_at)}};
}

json ToJson(const store::PerformedStepRow& step) {
  return {{"step_uid", step.step_uid},
          {"state", store::PerformedStepStateName(step.state)},
          {"calling_ae_title", step.calling_ae_title},
          {"station_ae_title", step.station_ae_title},
          {"modality", step.modality},
          {"study_uids", step.study_uids},
          {"series", step.series},
          {"instances", step.instances},
          {"discontinuation_reason", step.discontinuation_reason},
          {"created_at", ToJson(step.created_at)},
          {"changed_at", ToJson(step.changed_at)},
          {"ended_at", ToJson(step.ended_at)}};
}

json ToJson(const store::AnalysisRequest& request) {
  return {{"id", request.id},
          {"study_uid", request.study_uid},
          {"series_uid", TextOrNull(request.series_uid)},
          {"model", request.model},
          {"requested_at", ToJson(request.requested_at)},
          {"finished_at", ToJson(request.finished_at)},
          {"outcome", TextOrNull(request.outcome)}};
}

json ToJson(const config::RuleSpec& rule) {
  return {{"name", rule.name},
          {"when", Conditions(rule.when)},
          {"unless", Conditions(rule.unless)},
          {"run", rule.run},
          {"send_to", rule.send_to},
          {"priority", PriorityName(static_cast<int>(rule.priority))},
          {"line", rule.line}};
}

json ToJson(const DestinationView& destination) {
  json refusals = json::array();
  for (const auto& refusal : destination.refusals)
    refusals.push_back({{"kind", refusal.kind},
                        {"sop_class_uid", refusal.sop_class_uid},
                        {"count", refusal.count},
                        {"error", ErrorOrNull(refusal.error_code, refusal.error_message)}});
  return {{"name", destination.name},
          {"kind", destination.kind},
          {"target", destination.target},
          {"state", destination.state},
          {"failing_since", ToJson(destination.failing_since)},
          {"next_try_at", ToJson(destination.next_try_at)},
          {"last_error", destination.last_error},
          {"last_error_at", ToJson(destination.last_error_at)},
          {"last_confirmed_at", ToJson(destination.last_confirmed_at)},
          {"confirmed_by", TextOrNull(destination.confirmed_by)},
          {"owed", destination.owed},
          {"unproven", destination.unproven},
          {"refused", destination.refused},
          {"overdue", destination.overdue},
          {"deadline_s", std::chrono::duration<double>(destination.deadline).count()},
          {"oldest_owed_at", ToJson(destination.oldest_owed_at)},
          {"refusals", std::move(refusals)}};
}

json ToJson(const QuarantineView& attempt) {
  json files = json::array();
  for (const QuarantineView::File& file : attempt.files)
    files.push_back({{"name", file.name}, {"bytes", file.bytes}, {"kept", file.kept}});
  return {{"name", attempt.name},           {"folder", attempt.folder},
          {"job_id", attempt.job_id},       {"attempt", attempt.attempt},
          {"study_uid", attempt.study_uid}, {"series_uid", attempt.series_uid},
          {"model", attempt.model},         {"model_version", attempt.model_version},
          {"reason", attempt.reason},       {"at", ToJson(attempt.at)},
          {"files", std::move(files)}};
}

json ToJson(const ModelView& model) {
  return {{"name", model.name},
          {"version", model.version},
          {"engine", model.engine},
          {"folder", model.folder},
          {"usable", model.usable},
          {"problem", model.problem},
          {"modalities", model.modalities}};
}

json ToJson(const WorkerView& worker) {
  return {{"model", worker.model},
          {"pid", worker.pid},
          {"state", worker.state},
          {"job_id", worker.job_id == 0 ? json(nullptr) : json(worker.job_id)}};
}

json ToJson(const HealthCheck& check) {
  return {{"name", check.name},
          {"ok", check.health == Health::kOk},
          {"status", HealthName(check.health)},
          {"detail", check.detail}};
}

json ToJson(const AssociationsView& associations) {
  json refused = json::array();
  for (const AssociationsView::Refused& row : associations.refused)
    refused.push_back({{"reason", row.reason},
                       {"called_ae_title", TextOrNull(row.called_ae_title)},
                       {"calling_ae_title", TextOrNull(row.calling_ae_title)},
                       {"address", row.address},
                       {"detail", row.detail},
                       {"remedy", TextOrNull(row.remedy)},
                       {"section", TextOrNull(row.section)},
                       {"configuration", TextOrNull(row.configuration)},
                       {"count", row.count},
                       {"first_at", ToJson(row.first_at)},
                       {"last_at", ToJson(row.last_at)}});
  return {{"open", associations.open},
          {"max_associations", associations.max_associations},
          {"refused", std::move(refused)}};
}

std::string_view HealthName(Health health) {
  switch (health) {
    case Health::kOk:
      return "ok";
    case Health::kDegraded:
      return "degraded";
    case Health::kFailing:
      break;
  }
  return "failing";
}

}  // namespace axial::admin
