#include "gateway/commands/serve.h"

#include <fmt/core.h>
#include <pthread.h>

#include <csignal>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <system_error>
#include <vector>

#include "config/config.h"
#include "core/base/log.h"
#include "core/dicom/dcmtk_error.h"
#include "gateway/commands/check.h"
#include "gateway/commands/check_certificates.h"
#include "gateway/commands/open_file_limit.h"
#include "gateway/pipeline/pipeline.h"

namespace axial::gateway {
namespace {

using FileTime = std::filesystem::file_time_type;

FileTime ModifiedAt(const std::string& file) {
  std::error_code error;
  const FileTime time = std::filesystem::last_write_time(file, error);
  return error ? FileTime::min() : time;
}

/// Blocks the signals in every thread made from here on: only WaitForSignal takes them.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

/// The signal that came within a second, or 0.
int WaitForSignal(const sigset_t& signals) {
  const timespec one_second{1, 0};
  const int signal = sigtimedwait(&signals, nullptr, &one_second);
  return signal > 0 ? signal : 0;
}

void LogProblems(const std::vector<config::Problem>& problems) {
  for (const config::Problem& problem : problems)
    Log(LogLevel::kError, "configuration_problem", {{"problem", problem.ToString()}});
}

/// Takes over exactly what `axial check` finds right; anything else leaves the old one in force.
void Reload(const std::string& config_file, pipeline::Pipeline& pipeline) {
  CheckedConfig checked = CheckConfig(config_file);
  LogProblems(checked.problems);
  if (!checked.config || !checked.problems.empty()) {
    Log(LogLevel::kError, "configuration_refused", {{"file", config_file}});
    return;
  }
  LogProblems(CheckPlaces(*checked.config, config_file));  // the delivery queue waits for a share
  LogProblems(CheckCertificates(*checked.config, config_file, Clock::System().Now()));
  RaiseOpenFileLimit(checked.config->node);
  const Status status = pipeline.Reload(*checked.config);
  if (status.ok())
    Log(LogLevel::kInfo, "configuration_reloaded", {{"file", config_file}});
  else
    Log(LogLevel::kWarning, "configuration_reload",
        {{"file", config_file}, {"error", status.error().ToString()}});
}

}  // namespace

int RunServe(const std::string& config_file) {
  const sigset_t signals = BlockSignals();
  RedirectDcmtkLog();
  FileTime seen = ModifiedAt(config_file);
  // A model that broke since the last start must not keep modalities from sending: it is reported,
  // and only a file that cannot be understood, or rules that cannot be compiled, end the start.
  CheckedConfig loaded = CheckConfig(config_file);
  LogProblems(loaded.problems);
  if (!loaded.config) return 1;
  LogProblems(CheckPlaces(*loaded.config, config_file));
  LogProblems(CheckCertificates(*loaded.config, config_file, Clock::System().Now()));

  RaiseOpenFileLimit(loaded.config->node);
  pipeline::PipelineOptions options;
  options.config_file = config_file;
  auto started = pipeline::Pipeline::Start(*loaded.config, options);
  if (!started.ok()) {
    fmt::print(stderr, "axial serve: {}\n", started.error().message());
    return 1;
  }
  const std::unique_ptr<pipeline::Pipeline> pipeline = std::move(started).value();
  fmt::print("axial is ready: DICOM {} on port {}, HTTP on http://{}:{}\n",
             loaded.config->node.ae_title.str(), pipeline->dicom_port(), loaded.config->admin.bind,
             pipeline->admin_port());
  std::fflush(stdout);

  while (true) {
    const int signal = WaitForSignal(signals);
    if (signal == SIGTERM || signal == SIGINT) break;
    const FileTime now = ModifiedAt(config_file);
    if (signal != SIGHUP && now == seen) continue;
    seen = now;
    Reload(config_file, *pipeline);
  }
  Log(LogLevel::kInfo, "stopping");
  return 0;
}

}  // namespace axial::gateway
