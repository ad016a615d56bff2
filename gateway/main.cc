#include <CLI/CLI.hpp>
#include <iostream>

#include "gateway/commands/analyze.h"
#include "gateway/commands/check.h"
#include "gateway/commands/explain.h"
#include "gateway/commands/models.h"
#include "gateway/commands/serve.h"
#include "gateway/commands/status.h"

namespace {

CLI::App* AddCommand(CLI::App& app, const std::string& name, const std::string& description,
                     std::string& config_path) {
  CLI::App* command = app.add_subcommand(name, description);
  command->add_option("--config", config_path, "The configuration file")->required();
  return command;
}

CLI::App* AddAnalyze(CLI::App& app, axial::gateway::AnalyzeOptions& options) {
  CLI::App* command = app.add_subcommand("analyze", "Run one model on one folder, no gateway");
  command->add_option("--model", options.model_folder, "Folder with model.yaml")->required();
  command->add_option("--in", options.input_folder, "Folder with DICOM files")->required();
  command->add_option("--out", options.output_folder, "Where the results go")->required();
  CLI::Option* config = command->add_option("--config", options.config_path,
                                            "The configuration file that names --destination");
  CLI::Option* destination =
      command->add_option("--destination", options.destination,
                          "Write the results that this destination gets (its `results`); without "
                          "it, those that one without `results` gets");
  config->needs(destination);
  destination->needs(config);
  command->add_option("--threads", options.threads, "0: all cores");
  command->add_option("--device", options.device, "cpu | cuda | auto");
  return command;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Axial: a PACS AI gateway");
  app.set_version_flag("--version", AXIAL_VERSION);
  app.require_subcommand(1);
  std::string config_path;
  axial::gateway::ExplainOptions explain;

  const CLI::App* serve_command = AddCommand(app, "serve", "Run the gateway", config_path);
  const CLI::App* check_command =
      AddCommand(app, "check", "Say what is wrong with a configuration", config_path);
  CLI::App* explain_command = AddCommand(
      app, "explain", "Say what the rules do with DICOM files, and why", explain.config_path);
  explain_command->add_option("PATH", explain.paths, "DICOM files or folders")->required();
  explain_command->add_flag("--json", explain.json, "Print JSON");
  explain_command->add_option("--calling-ae-title", explain.calling_ae_title,
                              "Judge as if this peer had sent the files");
  const CLI::App* models_command =
      AddCommand(app, "models", "List the models, what each needs and gives", config_path);

  axial::gateway::StatusOptions status;
  CLI::App* status_command = AddCommand(
      app, "status", "Say how the running gateway is, and whom it refused", status.config_path);
  status_command->add_flag("--json", status.json, "Print JSON");

  axial::gateway::AnalyzeOptions analyze;
  const CLI::App* analyze_command = AddAnalyze(app, analyze);

  CLI11_PARSE(app, argc, argv);
  if (serve_command->parsed()) return axial::gateway::RunServe(config_path);
  if (check_command->parsed()) return axial::gateway::RunCheck(config_path, std::cout);
  if (explain_command->parsed()) return axial::gateway::RunExplain(explain, std::cout, std::cerr);
  if (models_command->parsed()) return axial::gateway::RunModels(config_path, std::cout, std::cerr);
  if (status_command->parsed()) return axial::gateway::RunStatus(status, std::cout, std::cerr);
  if (analyze_command->parsed()) return axial::gateway::RunAnalyze(analyze, std::cout, std::cerr);
  return 1;
}
