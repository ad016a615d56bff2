#include "gateway/commands/analyze.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "config/config.h"
#include "config/model_card.h"
#include "core/base/spelling.h"
#include "core/dicom/instance_header.h"
#include "gateway/commands/find_files.h"
#include "gateway/dispatch/worker_process.h"

namespace axial::gateway {
namespace {

namespace fs = std::filesystem;

/// Files of one Series and what it is.
struct SeriesFiles {
  std::string modality;
  std::vector<std::string> files;
};

using SeriesByUid = std::map<std::string, SeriesFiles>;

/// Groups what is DICOM, each Instance once, as the gateway does; the rest is counted, because
/// folders often hold other things.
Result<SeriesByUid> GroupBySeries(const std::string& folder, std::ostream& err) {
  AXIAL_ASSIGN_OR_RETURN(const std::vector<std::string> files, FindFiles({folder}));
  SeriesByUid series;
  std::set<Uid> instances;
  std::size_t others = 0;
  std::size_t repeated = 0;
  for (const std::string& file : files) {
    const Result<InstanceHeader> header = ReadInstanceHeader(file);
    if (!header.ok()) {
      ++others;
      continue;
    }
    if (!instances.insert(header->sop_instance_uid).second) {
      ++repeated;
      continue;
    }
    SeriesFiles& entry = series[header->series_instance_uid.str()];
    entry.modality = FirstValue(header->attributes, "Modality");
    entry.files.push_back(fs::absolute(file).string());
  }
  if (others > 0) err << fmt::format("{} of {} files are no DICOM images\n", others, files.size());
  if (repeated > 0)
    err << fmt::format("{} of {} files repeat an Instance and are left out\n", repeated,
                       files.size());
  return series;
}

/// What the results are to be like; nullopt: the reason has been shown.
std::optional<config::ResultProfile> ChooseProfile(const AnalyzeOptions& options,
                                                   std::ostream& err) {
  if (options.config_path.empty() && options.destination.empty()) return config::ResultProfile();
  if (options.config_path.empty() || options.destination.empty()) {
    err << "--config and --destination go together: they choose the results that this destination "
           "gets\n";
    return std::nullopt;
  }
  const config::LoadedConfig loaded = config::LoadConfig(options.config_path);
  for (const config::Problem& problem : loaded.problems) err << problem.ToString() << '\n';
  if (!loaded.config) return std::nullopt;
  const auto found = loaded.config->destinations.find(options.destination);
  if (found != loaded.config->destinations.end()) return found->second.results;
  std::vector<std::string_view> names;
  for (const auto& [name, destination] : loaded.config->destinations) names.push_back(name);
  const std::string_view nearest = NearestWord(options.destination, names);
  err << fmt::format("{} has no destination '{}'; {}\n", options.config_path, options.destination,
                     names.empty()     ? "it names none"
                     : nearest.empty() ? fmt::format("it has {}", fmt::join(names, ", "))
                                       : fmt::format("did you mean '{}'?", nearest));
  return std::nullopt;
}

/// Waits for the worker's next word.
dispatch::WorkerEvent NextEvent(dispatch::WorkerProcess& worker) {
  for (;;) {
    if (std::optional<dispatch::WorkerEvent> event = worker.NextEvent()) return std::move(*event);
    std::vector<pollfd> descriptors;
    worker.AppendPollDescriptors(descriptors);
    constexpr int kWaitMs = 1000;
    (void)::poll(descriptors.data(), descriptors.size(), kWaitMs);
  }
}

/// The worker's answer to one job; progress is shown while it runs.
Result<protocol::JobDone> Perform(dispatch::WorkerProcess& worker, const protocol::RunJob& job,
                                  std::ostream& err) {
  AXIAL_RETURN_IF_ERROR(worker.Send(job));
  int shown_percent = -1;
  constexpr int kStepPercent = 10;
  for (;;) {
    dispatch::WorkerEvent event = NextEvent(worker);
    if (const auto* exited = std::get_if<dispatch::WorkerExited>(&event)) return exited->reason;
    auto& message = std::get<protocol::Message>(event);
    if (auto* done = std::get_if<protocol::JobDone>(&message)) return std::move(*done);
    if (const auto* failed = std::get_if<protocol::JobFailed>(&message))
      return Error(failed->code, failed->message);
    if (const auto* progress = std::get_if<protocol::Progress>(&message)) {
      const int percent = static_cast<int>(progress->fraction * 100) / kStepPercent * kStepPercent;
      if (percent > shown_percent) err << fmt::format("  {:3} % {}\n", percent, progress->stage);
      shown_percent = std::max(shown_percent, percent);
    }
  }
}

/// The worker, once it has loaded the model.
Result<std::unique_ptr<dispatch::WorkerProcess>> StartWorker(const AnalyzeOptions& options,
                                                             const config::ModelCard& card) {
  const dispatch::WorkerCommand command{.binary = options.worker_binary.empty()
                                                      ? dispatch::WorkerBinaryBesideExecutable()
                                                      : options.worker_binary,
                                        .model = card.name,
                                        .model_folder = card.folder,
                                        .threads = options.threads,
                                        .memory_bytes = options.memory_bytes,
                                        .device = options.device};
  AXIAL_ASSIGN_OR_RETURN(std::unique_ptr<dispatch::WorkerProcess> worker,
                         dispatch::SpawnWorker(command));
  const dispatch::WorkerEvent first = NextEvent(*worker);
  if (const auto* exited = std::get_if<dispatch::WorkerExited>(&first)) return exited->reason;
  return worker;
}

/// An empty folder for one Series' results.
Result<std::string> MakeResultFolder(const std::string& output_folder, const std::string& uid) {
  const fs::path folder = fs::absolute(fs::path(output_folder) / uid);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    return MakeError(ErrorCode::kUnavailable, "cannot make {}: {}", folder.string(),
                     error.message());
  if (!fs::is_empty(folder, error))
    return MakeError(ErrorCode::kConflict, "{} is not empty; choose another --out",
                     folder.string());
  return folder.string();
}

void ListArtifacts(const protocol::JobDone& done, const std::string& folder, std::ostream& out) {
  for (const protocol::Artifact& artifact : done.artifacts)
    out << fmt::format("{} {}/{}\n", artifact.kind, folder, artifact.file);
}

/// Names a result that its check refused, and lets the worker, if it is still there, write the
/// report that the model could not run.
void ReportFailure(dispatch::WorkerProcess& worker, protocol::RunJob job, const Error& reason,
                   std::ostream& out, std::ostream& err) {
  err << fmt::format("  failed: {}\n", reason.message());
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(job.output_directory, ignored))
    if (entry.path().extension() == ".refused")
      err << fmt::format("  refused by its own check, for inspection only: {}\n",
                         entry.path().string());
  job.failure = protocol::RunFailure{.not_applicable = reason.code() == ErrorCode::kInvalidInput,
                                     .reason = reason.message()};
  const Result<protocol::JobDone> reported = Perform(worker, job, err);
  if (reported.ok()) ListArtifacts(*reported, job.output_directory, out);
  fs::remove(job.output_directory, ignored);  // only when nothing was written
}

/// Runs one Series. False when it failed; the reason has been shown.
bool AnalyzeSeries(dispatch::WorkerProcess& worker, const std::string& uid,
                   const SeriesFiles& series, const AnalyzeOptions& options,
                   const config::ResultProfile& profile, std::ostream& out, std::ostream& err) {
  err << fmt::format("series {} ({}, {} files)\n", uid, series.modality, series.files.size());
  const Result<std::string> folder = MakeResultFolder(options.output_folder, uid);
  if (!folder.ok()) {
    err << fmt::format("  failed: {}\n", folder.error().message());
    return false;
  }
  const protocol::RunJob job{.job = 1,
                             .attempt = 1,
                             .input_files = series.files,
                             .output_directory = *folder,
                             .profiles = {profile}};
  const Result<protocol::JobDone> done = Perform(worker, job, err);
  if (!done.ok()) {
    ReportFailure(worker, job, done.error(), out, err);
    return false;
  }
  err << fmt::format("  {}\n", done->summary);
  ListArtifacts(*done, *folder, out);
  return true;
}

int Analyze(const AnalyzeOptions& options, const config::ModelCard& card,
            const config::ResultProfile& profile, const SeriesByUid& series, std::ostream& out,
            std::ostream& err) {
  const auto& modalities = card.input.modalities;
  const auto fits = [&](const auto& entry) {
    return std::find(modalities.begin(), modalities.end(), entry.second.modality) !=
           modalities.end();
  };
  if (series.empty()) {
    err << fmt::format("no DICOM images in {}\n", options.input_folder);
    return 1;
  }
  if (std::none_of(series.begin(), series.end(), fits)) {
    err << fmt::format("none of the {} Series is {}\n", series.size(),
                       fmt::join(modalities, " or "));
    return 1;
  }
  const Result<std::unique_ptr<dispatch::WorkerProcess>> worker = StartWorker(options, card);
  if (!worker.ok()) {
    err << fmt::format("model {} does not start: {}\n", card.name, worker.error().message());
    return 1;
  }
  bool all_done = true;
  for (const auto& entry : series) {
    if (!fits(entry)) {
      err << fmt::format("series {} ({}) is not for this model\n", entry.first,
                         entry.second.modality);
      continue;
    }
    all_done =
        AnalyzeSeries(**worker, entry.first, entry.second, options, profile, out, err) && all_done;
  }
  (void)(*worker)->Send(protocol::Shutdown{});
  return all_done ? 0 : 1;
}

}  // namespace

int RunAnalyze(const AnalyzeOptions& options, std::ostream& out, std::ostream& err) {
  const config::LoadedModelCard loaded =
      config::LoadModelCard(fs::absolute(options.model_folder).lexically_normal().string());
  for (const config::Problem& problem : loaded.problems) err << problem.ToString() << '\n';
  if (!loaded.card) return 1;
  const std::optional<config::ResultProfile> profile = ChooseProfile(options, err);
  if (!profile) return 1;
  const Result<SeriesByUid> series = GroupBySeries(options.input_folder, err);
  if (!series.ok()) {
    err << series.error().message() << '\n';
    return 1;
  }
  return Analyze(options, *loaded.card, *profile, *series, out, err);
}

}  // namespace axial::gateway
