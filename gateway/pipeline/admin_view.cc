#include "gateway/pipeline/admin_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/quantity.h"
#include "core/base/printable.h"
#include "gateway/receive/receive_metrics.h"
#include "gateway/store/analysis_request_store.h"
#include "gateway/store/commitment_store.h"
#include "gateway/store/failure_report_store.h"
#include "gateway/store/performed_step_store.h"

namespace axial::pipeline {
namespace {

using admin::Health;

constexpr int kRequestsShown = 100;  // of a study

/// What a person should know of a Destination, or "". Never a reason to call the gateway failing: a
/// PACS that is away loses nothing, and taking the gateway out of service would not bring it back.
std::string WhyToLookAt(const deliver::DestinationStatus& destination) {
  std::string text;
  if (destination.state == deliver::DestinationState::kFailing)
    text = fmt::format("failing since {}, {} results wait and go out when it answers: {}",
                       FormatTime(destination.failing_since), destination.owed,
                       destination.last_error);
  if (destination.state == deliver::DestinationState::kNotConfigured)
    text = fmt::format("{} results are owed to it; name it in the configuration again",
                       destination.owed);
  if (destination.overdue > 0)
    text += fmt::format(
        "{}{} results are owed for longer than its deadline of {}, the oldest since {}",
        text.empty() ? "" : "; ", destination.overdue, config::FormatDuration(destination.deadline),
        FormatTime(destination.oldest_owed_at));
  if (destination.refused > 0)
    text += fmt::format(
        "{}{} results were refused; when the cause is mended, POST /api/destinations/{}/retry",
        text.empty() ? "" : "; ", destination.refused, destination.name);
  return text;
}

std::int64_t FailedReports(store::Database& database) {
  const auto counts = store::FailureReportStore(database).CountByState();
  if (!counts.ok()) return 0;  // the check of the database says so
  for (const auto& [state, count] : *counts)
    if (state == store::ReportStateName(store::ReportState::kFailed)) return count;
  return 0;
}

/// The modality that waits longest for the answer to a Storage Commitment request, or "".
std::string WhoWaitsForCommitment(store::Database& database) {
  constexpr auto kPatience = std::chrono::hours(1);
  const auto oldest = store::CommitmentStore(database).OldestOwed();
  if (!oldest.ok() || !*oldest) return "";
  const store::Commitment& commitment = **oldest;
  if (Clock::System().Now() - commitment.requested_at < kPatience) return "";
  return fmt::format(
      "{} has waited since {} for the answer to a storage commitment request, and may keep its "
      "images until it comes: {}; GET /api/commitments shows all",
      commitment.calling_ae_title, FormatTime(commitment.requested_at), commitment.error_message);
}

}  // namespace

AdminView::AdminView(store::Database& database, deliver::DeliveryStage& deliver,
                     dispatch::Dispatcher& dispatcher, receive::SpoolDisk& spool,
                     const RetentionStage& retention)
    : database_(database),
      deliver_(deliver),
      dispatcher_(dispatcher),
      spool_(spool),
      retention_(retention) {}

void AdminView::Set(const config::Config& config, std::vector<config::LoadedModelCard> models) {
  const std::lock_guard lock(mutex_);
  config_ = config;
  models_ = std::move(models);
}

void AdminView::ShowReception(const receive::RefusedAssociations& refused, Metrics& metrics,
                              const Intake& intake) {
  refused_ = &refused;
  metrics_ = &metrics;
  intake_ = &intake;
}

/// What stays on the disk although it is old, or "".
std::string AdminView::Held() const {
  const std::int64_t held = retention_.held();
  if (held == 0) return "";
  return fmt::format(
      "; {} studies older than storage.keep stay, because results of them are owed, or a job "
      "failed and nobody was told",
      held);
}

/// Their jobs would only fail.
void AdminView::AddRulesWithoutModel(std::vector<admin::HealthCheck>& checks) const {
  const std::lock_guard lock(mutex_);
  for (const config::RuleSpec& rule : config_.rules) {
    const bool usable = std::ranges::any_of(models_, [&](const config::LoadedModelCard& entry) {
      return entry.card && entry.problems.empty() && entry.card->name == rule.run;
    });
    if (usable) continue;
    checks.push_back({"rule " + rule.name, Health::kDegraded,
                      fmt::format("there is no usable model '{}' in {}; `axial check` says why",
                                  rule.run, config_.models_directory)});
  }
}

admin::HealthCheck AdminView::DatabaseHealth() const {
  // Where it is known to be locked, one more who tries would only wait.
  if (const Status rows = intake_ ? intake_->Trouble() : Status{}; !rows.ok())
    return {"database", Health::kFailing,
            fmt::format("{}; new Instances are refused until their rows can be written, those that "
                        "were answered Success are safe in the spool",
                        rows.error().message())};
  const Status write = database_.Write([](SQLite::Database&) -> Status { return {}; });
  if (!write.ok()) return {"database", Health::kFailing, write.error().message()};
  return {"database", Health::kOk, ""};
}

std::vector<admin::HealthCheck> AdminView::Health() const {
  std::vector<admin::HealthCheck> checks;
  checks.push_back(DatabaseHealth());

  std::int64_t reserve_bytes = 0;
  {
    const std::lock_guard lock(mutex_);
    reserve_bytes = config_.storage.reserve_bytes;
  }
  const Result<std::int64_t> free_bytes = spool_.FreeBytes();
  if (!free_bytes.ok()) {
    checks.push_back({"disk", Health::kFailing, free_bytes.error().message()});
  } else {
    const bool enough = *free_bytes >= reserve_bytes && *free_bytes > 0;
    checks.push_back(
        {"disk", enough ? Health::kOk : Health::kFailing,
         fmt::format("{} free, storage.reserve is {}{}{}", config::FormatSizeRounded(*free_bytes),
                     config::FormatSize(reserve_bytes),
                     enough ? "" : "; new Instances are refused until there is room", Held())});
  }
  if (const std::string trouble = retention_.Trouble(); !trouble.empty())
    checks.push_back({"retention", Health::kDegraded,
                      "studies older than storage.keep cannot be removed: " + trouble});
  if (const std::int64_t failed = FailedReports(database_); failed > 0)
    checks.push_back({"failure reports", Health::kDegraded,
                      fmt::format("{} reports that a model could not run could not be written; "
                                  "/api/jobs says why under failure_report; POST "
                                  "/api/jobs/{{id}}/retry runs the job again",
                                  failed)});
  AddRulesWithoutModel(checks);
  for (const deliver::DestinationStatus& destination : deliver_.Statuses()) {
    const std::string detail = WhyToLookAt(destination);
    if (!detail.empty())
      checks.push_back({"destination " + destination.name, Health::kDegraded, detail});
  }
  if (const std::string detail = WhoWaitsForCommitment(database_); !detail.empty())
    checks.push_back({"storage commitment", Health::kDegraded, detail});
  if (const auto quarantine = dispatcher_.quarantine().List(); !quarantine.empty()) {
    const dispatch::QuarantinedAttempt& newest = quarantine.front();
    checks.push_back(
        {"quarantine", Health::kDegraded,
         fmt::format("results of {} attempts were refused by their own check and not sent; the "
                     "newest, of job {}: {}. Look into GET /api/quarantine, then DELETE "
                     "/api/quarantine/{}",
                     quarantine.size(), newest.job, newest.reason, newest.name)});
  }
  return checks;
}

std::vector<admin::ModelView> AdminView::Models() const {
  const dispatch::DispatchStatus status = dispatcher_.Status();
  const std::lock_guard lock(mutex_);
  std::vector<admin::ModelView> views;
  for (const config::LoadedModelCard& entry : models_) {
    admin::ModelView view;
    if (entry.card) {
      view.name = entry.card->name;
      view.version = entry.card->version;
      view.engine = entry.card->engine;
      view.folder = entry.card->folder;
      view.modalities = entry.card->input.modalities;
    } else if (!entry.problems.empty()) {
      view.folder = entry.problems.front().file;
    }
    view.usable = entry.card && entry.problems.empty();
    for (const config::Problem& problem : entry.problems) {
      if (!view.problem.empty()) view.problem += "\n";
      view.problem += problem.ToString();
    }
    for (const dispatch::ModelStatus& model : status.models)
      if (model.name == view.name && view.problem.empty()) view.problem = model.last_error;
    views.push_back(std::move(view));
  }
  return views;
}

std::vector<admin::DestinationView> AdminView::Destinations() const {
  std::vector<admin::DestinationView> views;
  for (const deliver::DestinationStatus& status : deliver_.Statuses())
    views.push_back({status.name, status.kind, status.target,
                     std::string(deliver::DestinationStateName(status.state)), status.failing_since,
                     status.next_try_at, status.last_error, status.last_error_at,
                     status.last_confirmed_at, status.confirmed_by, status.owed, status.unproven,
                     status.refused, status.overdue, status.deadline, status.oldest_owed_at,
                     status.refusals});
  return views;
}

std::vector<admin::QuarantineView> AdminView::Quarantine() const {
  std::vector<admin::QuarantineView> views;
  for (dispatch::QuarantinedAttempt& attempt : dispatcher_.quarantine().List()) {
    admin::QuarantineView view{attempt.name,
                               attempt.folder,
                               attempt.job,
                               attempt.attempt,
                               attempt.study_uid,
                               attempt.series_uid,
                               attempt.model,
                               attempt.model_version,
                               attempt.reason,
                               attempt.at,
                               {}};
    for (const dispatch::RefusedFile& file : attempt.files)
      view.files.push_back({file.name, file.bytes, file.kept});
    views.push_back(std::move(view));
  }
  return views;
}

std::vector<admin::WorkerView> AdminView::Workers() const {
  std::vector<admin::WorkerView> views;
  for (const dispatch::WorkerStatus& worker : dispatcher_.Status().workers)
    views.push_back({worker.model, worker.pid, worker.state, worker.job});
  return views;
}

admin::AssociationsView AdminView::Associations() const {
  admin::AssociationsView view;
  view.open = static_cast<int>(receive::OpenAssociations(*metrics_).Value());
  {
    const std::lock_guard lock(mutex_);
    view.max_associations = config_.node.max_associations;
  }
  for (receive::RefusedAssociation& refused : refused_->List())
    view.refused.push_back({std::move(refused.reason), Printable(refused.called_ae_title),
                            Printable(refused.calling_ae_title), std::move(refused.peer_address),
                            std::move(refused.detail), std::move(refused.remedy),
                            std::move(refused.section), std::move(refused.configuration),
                            refused.count, refused.first_at, refused.last_at});
  return view;
}

admin::AdminProviders AdminView::Providers() {
  admin::AdminProviders providers;
  providers.health = [this] { return Health(); };
  providers.rules = [this] {
    const std::lock_guard lock(mutex_);
    return config_.rules;
  };
  providers.destinations = [this] { return Destinations(); };
  providers.echo_destination = [this](const std::string& name) { return deliver_.Echo(name); };
  providers.retry_destination = [this](const std::string& name) { return deliver_.RetryNow(name); };
  providers.quarantine = [this] { return Quarantine(); };
  providers.remove_quarantined = [this](const std::string& name) {
    return dispatcher_.quarantine().Remove(name);
  };
  providers.models = [this] { return Models(); };
  if (refused_ != nullptr) providers.associations = [this] { return Associations(); };
  providers.workers = [this] { return Workers(); };
  providers.retry_deliveries = [this](std::int64_t job) { return deliver_.RetryJob(job); };
  providers.commitments = [this](int limit) {
    return store::CommitmentStore(database_).List(limit);
  };
  providers.performed_steps = [this](int limit) {
    return store::PerformedStepStore(database_).List(limit);
  };
  providers.performed_steps_of_study = [this](const std::string& study_uid) {
    return store::PerformedStepStore(database_).ListOfStudy(study_uid);
  };
  providers.requests_of_study = [this](const std::string& study_uid) {
    return store::AnalysisRequestStore(database_).ListOfStudy(study_uid, kRequestsShown);
  };
  providers.on_job_retried = [this] { dispatcher_.Nudge(); };
  return providers;
}

}  // namespace axial::pipeline
