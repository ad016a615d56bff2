#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "core/base/log.h"
#include "core/dicom/dcmtk_error.h"
#include "inference/worker/process.h"
#include "inference/worker/run_model.h"
#include "inference/worker/serve.h"

namespace {

struct Arguments {
  std::string model;
  int fd = -1;
  bool probe = false;
  bool failure_reports = false;
  int threads = 0;
  std::int64_t memory_bytes = 0;
  std::string device = "auto";
};

/// One JSON object on standard output, for `axial models`.
int Probe(const axial::Result<axial::LoadedModel>& model) {
  nlohmann::json report = {{"loaded", model.ok()}};
  if (model.ok()) {
    report["name"] = model->card.name;
    report["version"] = model->card.version;
    report["engine"] = model->card.engine;
    report["device"] = model->engine->device();
    report["model_digest"] = model->digest;
    report["load_seconds"] = model->load_seconds;
  } else {
    report["error"] = model.error().message();
  }
  const std::string text = report.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
  std::printf("%s\n", text.c_str());
  return model.ok() ? 0 : 1;
}

/// Idle threads of LibTorch must sleep, not spin: at idle priority beside a busy gateway, spinning
/// costs 8 times the processor time and 15 times the wall time (measured on two cores). The OpenMP
/// runtime reads the setting when it is loaded, before main: so set it and start again.
void RestartWithSleepingThreads(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  ::setenv("OMP_WAIT_POLICY", "PASSIVE", 0);
  ::execv("/proc/self/exe", argv);  // returns only when it cannot: then run on, slower
}

int Finish(const axial::Status& served) {
  if (served.ok()) return 0;
  axial::Log(axial::LogLevel::kError, "worker_ended", {{"reason", served.error().ToString()}});
  return 1;
}

int Run(const Arguments& arguments) {
  axial::RedirectDcmtkLog();
  if (const axial::Status prepared = axial::PrepareProcess({arguments.memory_bytes});
      !prepared.ok()) {
    axial::Log(axial::LogLevel::kError, "worker_not_started",
               {{"reason", prepared.error().ToString()}});
    return 1;
  }
  if (arguments.failure_reports) return Finish(axial::Serve(nullptr, arguments.fd));
  axial::Result<axial::LoadedModel> model =
      axial::LoadModel(arguments.model, {arguments.threads, arguments.device});
  if (arguments.probe) return Probe(model);
  if (!model.ok()) {
    axial::Log(axial::LogLevel::kError, "model_not_loaded", {{"reason", model.error().ToString()}});
    return 1;
  }
  axial::Log(axial::LogLevel::kInfo, "model_loaded",
             {{"model", model->card.name},
              {"version", model->card.version},
              {"device", model->engine->device()},
              {"load_seconds", model->load_seconds}});
  return Finish(axial::Serve(&*model, arguments.fd));
}

}  // namespace

int main(int argc, char** argv) {
  RestartWithSleepingThreads(argv);
  Arguments arguments;
  CLI::App app("Runs one model for the gateway, which starts it");
  auto* model = app.add_option("--model", arguments.model, "folder with model.yaml");
  auto* fd = app.add_option("--fd", arguments.fd, "connected socket that speaks the protocol");
  auto* probe = app.add_flag("--probe", arguments.probe, "load the model, print JSON, end");
  fd->excludes(probe);
  app.add_flag("--failure-reports", arguments.failure_reports,
               "load no model; write only reports that a model could not run")
      ->excludes(probe)
      ->excludes(model);
  app.add_option("--threads", arguments.threads, "0: all cores");
  app.add_option("--memory", arguments.memory_bytes, "bytes of private data; 0: no limit");
  app.add_option("--device", arguments.device, "cpu | cuda | auto");
  CLI11_PARSE(app, argc, argv);
  if ((!arguments.probe && arguments.fd < 0) ||
      (arguments.model.empty() && !arguments.failure_reports)) {
    std::fprintf(
        stderr,
        "axial-worker: give --model with --fd or --probe, or --failure-reports with --fd\n");
    return 2;
  }
  try {
    return Run(arguments);
  } catch (const std::exception& exception) {
    axial::Log(axial::LogLevel::kError, "worker_ended", {{"reason", exception.what()}});
    return 1;
  }
}
