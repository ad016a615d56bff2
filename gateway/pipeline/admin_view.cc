#include "gateway/pipeline/admin_view.h"

#include <fmt/format.h>

#include <utility>

namespace axial::pipeline {

AdminView::AdminView(store::Database& database, deliver::DeliveryStage& deliver,
                     dispatch::Dispatcher& dispatcher, receive::SpoolDisk& spool)
    : database_(database), deliver_(deliver), dispatcher_(dispatcher), spool_(spool) {}

void AdminView::Set(const config::Config& config, std::vector<config::LoadedModelCard> models) {
  const std::lock_guard lock(mutex_);
  config_ = config;
  models_ = std::move(models);
}

std::vector<admin::HealthCheck> AdminView::Health() const {
  std::vector<admin::HealthCheck> checks;
  const Status write = database_.Write([](SQLite::Database&) -> Status { return {}; });
  checks.push_back({"database", write.ok(), write.ok() ? "" : write.error().message()});

  std::int64_t reserve_bytes = 0;
  {
    const std::lock_guard lock(mutex_);
    reserve_bytes = config_.storage.reserve_bytes;
  }
  const Result<std::int64_t> free_bytes = spool_.FreeBytes();
  if (!free_bytes.ok()) {
    checks.push_back({"disk", false, free_bytes.error().message()});
  } else {
    const bool enough = *free_bytes > reserve_bytes;
    checks.push_back(
        {"disk", enough,
         fmt::format("{} MiB free, storage.reserve is {} MiB{}", *free_bytes >> 20,
                     reserve_bytes >> 20,
                     enough ? "" : "; new Instances are refused until there is room")});
  }
  for (const deliver::DestinationStatus& destination : deliver_.Statuses()) {
    const bool failing = destination.state == deliver::DestinationState::kFailing ||
                         destination.state == deliver::DestinationState::kNotConfigured;
    // A failing Destination loses nothing: it is reported, and the gateway itself is still well.
    if (failing || destination.refused > 0)
      checks.push_back(
          {"destination " + destination.name, true,
           fmt::format("{}: {} owed, {} refused; {}",
                       deliver::DestinationStateName(destination.state), destination.owed,
                       destination.refused, destination.last_error)});
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
                     status.last_confirmed_at, status.owed, status.refused, status.oldest_owed_at});
  return views;
}

std::vector<admin::WorkerView> AdminView::Workers() const {
  std::vector<admin::WorkerView> views;
  for (const dispatch::WorkerStatus& worker : dispatcher_.Status().workers)
    views.push_back({worker.model, worker.pid, worker.state, worker.job});
  return views;
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
  providers.models = [this] { return Models(); };
  providers.workers = [this] { return Workers(); };
  providers.on_job_retried = [this] { dispatcher_.Nudge(); };
  return providers;
}

}  // namespace axial::pipeline
