#include "gateway/commands/analyze.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "config/config.h"
#include "config/model_card.h"
#include "core/base/spelling.h"
#include "gateway/commands/input_series.h"
#include "gateway/dispatch/failed_run.h"
#include "gateway/dispatch/worker_process.h"

namespace axial::gateway {
namespace {

namespace fs = std::filesystem;

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

/// Why a Series has no result: for the person at the terminal, and for the failure report.
struct Failure {
  Error reason;
  store::FailureCause cause;
};

using Outcome = std::variant<protocol::JobDone, Failure>;

/// The worker's answer to one job; progress is shown while it runs.
Outcome Perform(dispatch::WorkerProcess& worker, const protocol::RunJob& job, std::ostream& err) {
  if (const Status sent = worker.Send(job); !sent.ok())
    return Failure{sent.error(), store::FailureCause::kError};
  int shown_percent = -1;
  constexpr int kStepPercent = 10;
  for (;;) {
    dispatch::WorkerEvent event = NextEvent(worker);
    if (const auto* exited = std::get_if<dispatch::WorkerExited>(&event))
      return Failure{exited->reason, store::FailureCause::kCrashed};
    auto& message = std::get<protocol::Message>(event);
    if (auto* done = std::get_if<protocol::JobDone>(&message)) return std::move(*done);
    if (const auto* failed = std::get_if<protocol::JobFailed>(&message))
      return Failure{Error(failed->code, failed->message), dispatch::CauseOf(*failed)};
    if (const auto* progress = std::get_if<protocol::Progress>(&message)) {
      const int percent = static_cast<int>(progress->fraction * 100) / kStepPercent * kStepPercent;
      if (percent > shown_percent) err << fmt::format("  {:3} % {}\n", percent, progress->stage);
      shown_percent = std::max(shown_percent, percent);
    }
  }
}

/// A worker that has said Hello.
struct Worker {
  std::unique_ptr<dispatch::WorkerProcess> process;
  std::string model_digest;
};

/// The worker, once it has loaded the model of `model_folder`; "": one for failure reports.
Result<Worker> StartWorker(const AnalyzeOptions& options, const config::ModelCard& card,
                           const std::string& model_folder) {
  const dispatch::WorkerCommand command{.binary = options.worker_binary.empty()
                                                      ? dispatch::WorkerBinaryBesideExecutable()
                                                      : options.worker_binary,
                                        .model = card.name,
                                        .model_folder = model_folder,
                                        .threads = options.threads,
                                        .memory_bytes = options.memory_bytes,
                                        .device = options.device};
  AXIAL_ASSIGN_OR_RETURN(std::unique_ptr<dispatch::WorkerProcess> worker,
                         dispatch::SpawnWorker(command));
  const dispatch::WorkerEvent first = NextEvent(*worker);
  if (const auto* exited = std::get_if<dispatch::WorkerExited>(&first)) return exited->reason;
  const auto* hello = std::get_if<protocol::Hello>(&std::get<protocol::Message>(first));
  return Worker{std::move(worker), hello == nullptr ? "" : hello->model_digest};
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

/// What all Series of one call share.
struct Analysis {
  const AnalyzeOptions& options;
  const config::ModelCard& card;
  const config::ResultProfile& profile;
  std::ostream& out;
  std::ostream& err;
};

/// Says why a Series failed, names a result that its check refused, and lets a worker of its own,
/// which needs no model, write the report that the model could not run.
void ReportFailure(const Analysis& analysis, protocol::RunJob job, const Failure& failure,
                   const std::string& model_digest) {
  analysis.err << fmt::format("  failed: {}\n", failure.reason.message());
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(job.output_directory, ignored))
    if (entry.path().extension() == ".refused")
      analysis.err << fmt::format("  refused by its own check, for inspection only: {}\n",
                                  entry.path().string());
  job.failure =
      protocol::RunFailure{.not_applicable = failure.cause == store::FailureCause::kNotApplicable,
                           .reason = store::TellFailure(failure.cause, failure.reason.message()),
                           .model = dispatch::DescribeFailedModel(analysis.card, model_digest)};
  const Result<Worker> reporter = StartWorker(analysis.options, analysis.card, "");
  const Outcome reported =
      reporter.ok() ? Perform(*reporter->process, job, analysis.err)
                    : Outcome(Failure{reporter.error(), store::FailureCause::kNotStarted});
  if (const auto* done = std::get_if<protocol::JobDone>(&reported))
    ListArtifacts(*done, job.output_directory, analysis.out);
  else
    analysis.err << fmt::format("  no report that it could not run: {}\n",
                                std::get<Failure>(reported).reason.message());
  fs::remove(job.output_directory, ignored);  // only when nothing was written
}

/// Runs one Series. False when it failed; the reason has been shown. `worker`: an Error when the
/// model did not start, which is then the reason; started anew when an earlier Series ended it.
bool AnalyzeSeries(const Analysis& analysis, Result<Worker>& worker, const InputSeries& series,
                   int run_of_study) {
  std::ostream& err = analysis.err;
  err << fmt::format("series {} ({}, {} files)\n", series.uid, series.modality,
                     series.files.size());
  if (!series.patient.ok()) {
    // Not even a report that it could not run: it would name one of the two.
    err << fmt::format("  failed: {}\n", series.patient.error().message());
    return false;
  }
  const Result<std::string> folder = MakeResultFolder(analysis.options.output_folder, series.uid);
  if (!folder.ok()) {
    err << fmt::format("  failed: {}\n", folder.error().message());
    return false;
  }
  const protocol::RunJob job{.job = 1,
                             .attempt = 1,
                             .input_files = series.files,
                             .output_directory = *folder,
                             .run_of_study = run_of_study,
                             .profiles = {analysis.profile}};
  if (worker.ok() && worker->process == nullptr)
    worker = StartWorker(analysis.options, analysis.card, analysis.card.folder);
  const Outcome outcome =
      worker.ok() ? Perform(*worker->process, job, err)
                  : Outcome(Failure{
                        worker.error().WithContext("model {} does not start", analysis.card.name),
                        store::FailureCause::kNotStarted});
  if (const auto* failure = std::get_if<Failure>(&outcome)) {
    ReportFailure(analysis, job, *failure, worker.ok() ? worker->model_digest : "");
    if (worker.ok() && failure->cause == store::FailureCause::kCrashed) worker->process.reset();
    return false;
  }
  const auto& done = std::get<protocol::JobDone>(outcome);
  err << fmt::format("  {}\n", done.summary);
  ListArtifacts(done, *folder, analysis.out);
  return true;
}

int Analyze(const AnalyzeOptions& options, const config::ModelCard& card,
            const config::ResultProfile& profile, const InputFolder& input, std::ostream& out,
            std::ostream& err) {
  const std::vector<InputSeries>& series = input.series;
  const auto& modalities = card.input.modalities;
  const auto fits = [&](const InputSeries& entry) {
    return std::find(modalities.begin(), modalities.end(), entry.modality) != modalities.end();
  };
  if (series.empty()) {
    err << fmt::format("no {} in {}\n",
                       input.refused.empty() ? "DICOM images" : "DICOM image that can be used",
                       options.input_folder);
    return 1;
  }
  if (std::none_of(series.begin(), series.end(), fits)) {
    err << fmt::format("none of the {} Series is {}\n", series.size(),
                       fmt::join(modalities, " or "));
    return 1;
  }
  const Analysis analysis{options, card, profile, out, err};
  Result<Worker> worker = StartWorker(options, card, card.folder);
  bool all_done = true;
  std::map<std::string, int> runs;  // of each Study, as the gateway counts them
  for (const InputSeries& entry : series) {
    if (!fits(entry)) {
      err << fmt::format("series {} ({}) is not for this model\n", entry.uid, entry.modality);
      continue;
    }
    all_done = AnalyzeSeries(analysis, worker, entry, runs[entry.study_uid]++) && all_done;
  }
  if (worker.ok() && worker->process != nullptr) (void)worker->process->Send(protocol::Shutdown{});
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
  const Result<InputFolder> input = ReadInputFolder(options.input_folder);
  if (!input.ok()) {
    err << input.error().message() << '\n';
    return 1;
  }
  TellLeftOut(*input, err);
  return Analyze(options, *loaded.card, *profile, *input, out, err);
}

}  // namespace axial::gateway
