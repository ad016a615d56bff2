#include "inference/worker/serve.h"

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>

#include <chrono>
#include <filesystem>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "inference/protocol/framing.h"
#include "inference/results/write_results.h"

namespace axial {
namespace {

constexpr auto kProgressPause = std::chrono::milliseconds(250);

/// Makes a file's or a folder's content survive a power failure.
Status Sync(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return MakeError(ErrorCode::kUnavailable, "cannot open a result to sync it");
  const bool synced = ::fsync(fd) == 0;
  ::close(fd);
  if (!synced) return MakeError(ErrorCode::kUnavailable, "cannot sync a result");
  return {};
}

/// One line for the timeline: what was found and what was left out.
std::string Summary(const Findings& findings) {
  std::string summary =
      fmt::format("{} frames, {} segments, {} classifications", findings.source.frames.size(),
                  findings.segments.size(), findings.classifications.size());
  for (const std::string& sentence : findings.left_out) summary += "; " + sentence;
  return summary;
}

ResultOptions OptionsOf(const std::string& model_digest, const protocol::RunJob& job) {
  ResultOptions options;
  options.run_of_study = job.run_of_study;
  options.model_digest = model_digest;
  options.gateway_version = AXIAL_VERSION;
  options.now = Clock::System().Now();
  options.profiles = job.profiles;
  options.failure = job.failure;
  options.predecessors = job.predecessors;
  return options;
}

Result<protocol::JobDone> ReportFailure(const protocol::RunJob& job) {
  const protocol::FailedModel& model = job.failure->model;
  config::ModelCard card;
  card.name = model.name;
  card.version = model.version;
  card.algorithm = {model.algorithm_name, model.algorithm_manufacturer, model.algorithm_version,
                    ""};
  AXIAL_ASSIGN_OR_RETURN(std::vector<protocol::Artifact> artifacts,
                         WriteFailureReport(job.input_files, card, OptionsOf(model.digest, job),
                                            job.output_directory));
  return protocol::JobDone{job.job, std::move(artifacts), "could not run: " + job.failure->reason};
}

Result<protocol::JobDone> RunAndWrite(LoadedModel* model, const protocol::RunJob& job,
                                      const ProgressCall& progress) {
  if (job.failure) return ReportFailure(job);
  if (model == nullptr)
    return Error(ErrorCode::kInternal, "this worker only writes failure reports");
  RunOptions options;
  options.probabilities =
      std::any_of(job.profiles.begin(), job.profiles.end(), [](const config::ResultProfile& wish) {
        return wish.segmentation == config::ResultProfile::Segmentation::kFractional;
      });
  AXIAL_ASSIGN_OR_RETURN(const Findings findings,
                         RunModel(*model, job.input_files, progress, options));
  progress("encode", 0.9);
  AXIAL_ASSIGN_OR_RETURN(
      std::vector<protocol::Artifact> artifacts,
      WriteResults(findings, model->card, OptionsOf(model->digest, job), job.output_directory));
  progress("check", 0.98);
  for (const protocol::Artifact& artifact : artifacts)
    AXIAL_RETURN_IF_ERROR(Sync(job.output_directory + "/" + artifact.file));
  AXIAL_RETURN_IF_ERROR(Sync(job.output_directory));
  return protocol::JobDone{job.job, std::move(artifacts), Summary(findings)};
}

/// Errors that another try on the same images would meet again.
bool IsAboutTheImages(ErrorCode code) {
  return code == ErrorCode::kInvalidInput || code == ErrorCode::kUnsupported ||
         code == ErrorCode::kCorrupt;
}

protocol::Hello HelloOf(const LoadedModel* model) {
  if (model == nullptr) return {};
  return {protocol::kVersion, model->card.name,        model->card.version,
          model->digest,      model->engine->device(), model->load_seconds};
}

}  // namespace

protocol::Message PerformJob(LoadedModel* model, const protocol::RunJob& job,
                             const std::function<void(const protocol::Progress&)>& progress) {
  auto last = std::chrono::steady_clock::time_point{};
  std::string last_stage;
  bool began = false;
  const ProgressCall report = [&](const std::string& stage, double fraction) {
    began = began || stage == "infer";
    const auto now = std::chrono::steady_clock::now();
    if (stage == last_stage && now - last < kProgressPause) return;
    last = now;
    last_stage = stage;
    progress({job.job, fraction, stage});
  };
  Error failure(ErrorCode::kInternal, "");
  try {
    Result<protocol::JobDone> done = RunAndWrite(model, job, report);
    if (done.ok()) return std::move(done).value();
    failure = done.error();
  } catch (const std::bad_alloc&) {
    failure = Error(ErrorCode::kExhausted, "out of memory; workers.memory may be too small");
  } catch (const std::exception& exception) {
    failure = MakeError(ErrorCode::kInternal, "{}", exception.what());
  }
  Log(LogLevel::kWarning, "job_failed",
      {{"job", job.job}, {"attempt", job.attempt}, {"reason", failure.ToString()}});
  const bool not_applicable = !job.failure && !began && IsAboutTheImages(failure.code());
  return protocol::JobFailed{job.job, failure.code(), failure.message(), not_applicable};
}

Status Serve(LoadedModel* model, int fd) {
  AXIAL_RETURN_IF_ERROR(protocol::WriteFrame(fd, HelloOf(model)));
  for (;;) {
    const Result<protocol::Message> message = protocol::ReadFrame(fd);
    if (!message.ok() && message.error().code() == ErrorCode::kUnavailable) return {};
    if (!message.ok()) return message.error();
    if (std::holds_alternative<protocol::Shutdown>(*message)) return {};
    const auto* job = std::get_if<protocol::RunJob>(&*message);
    if (job == nullptr)
      return Error(ErrorCode::kInvalidInput, "a message that only a worker may send");
    const auto progress = [&](const protocol::Progress& p) { (void)protocol::WriteFrame(fd, p); };
    AXIAL_RETURN_IF_ERROR(protocol::WriteFrame(fd, PerformJob(model, *job, progress)));
  }
}

}  // namespace axial
