#include "gateway/commands/check.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/base/clock.h"
#include "core/base/spelling.h"
#include "gateway/commands/check_certificates.h"

namespace axial::gateway {
namespace {

using config::Problem;

void CheckReadable(const std::string& file, const std::string& what, int line,
                   const std::string& config_path, std::vector<Problem>& problems) {
  if (file.empty()) return;
  std::error_code error;
  const bool is_folder = std::filesystem::is_directory(file, error);
  if (!is_folder && access(file.c_str(), R_OK) == 0) return;
  const int reason = is_folder ? EISDIR : errno;
  problems.push_back({config_path, line,
                      fmt::format("{}: {} cannot be read ({})", what, file, std::strerror(reason)),
                      reason == EACCES ? "let the user that runs the gateway read it"
                                       : "put the file there, or correct the path"});
}

void CheckTls(const config::Node& node, const std::string& path, std::vector<Problem>& problems) {
  if (!node.tls) return;
  CheckReadable(node.tls->certificate, "node.tls.certificate", node.tls->line, path, problems);
  CheckReadable(node.tls->key, "node.tls.key", node.tls->line, path, problems);
  CheckReadable(node.tls->trusted, "node.tls.trusted", node.tls->line, path, problems);
}

/// What this node names as a TLS client: of destinations, and of peers that it answers.
void CheckClients(const config::Config& config, const std::string& path,
                  std::vector<Problem>& problems) {
  for (const auto& [name, destination] : config.destinations) {
    const auto check = [&, prefix = "destinations." + name + "."](const std::string& file,
                                                                  const char* key) {
      CheckReadable(file, prefix + key, destination.line, path, problems);
    };
    check(destination.tls.trusted, "tls.trusted");
    check(destination.tls.certificate, "tls.certificate");
    check(destination.tls.key, "tls.key");
    if (!destination.credentials) continue;
    check(destination.credentials->password_file, "credentials.password_file");
    check(destination.credentials->token_file, "credentials.token_file");
  }
  for (std::size_t i = 0; i < config.node.peers.size(); ++i) {
    const config::Peer& peer = config.node.peers[i];
    if (!peer.storage_commitment || !peer.storage_commitment->tls) continue;
    const config::ClientTls& tls = *peer.storage_commitment->tls;
    const std::string where = fmt::format("node.peers[{}].storage_commitment.tls.", i);
    CheckReadable(tls.trusted, where + "trusted", peer.line, path, problems);
    CheckReadable(tls.certificate, where + "certificate", peer.line, path, problems);
    CheckReadable(tls.key, where + "key", peer.line, path, problems);
  }
}

void CheckDigest(const config::ModelCard& card, std::vector<Problem>& problems) {
  if (card.weights_file.empty() || card.weights_sha256.empty()) return;
  const std::string file = card.folder + "/model.yaml";
  const Result<std::string> digest = Sha256HexOfFile(card.weights_file);
  if (!digest.ok())
    problems.push_back({file, 0, digest.error().message(), "correct weights.file"});
  else if (*digest != card.weights_sha256)
    problems.push_back({file, 0,
                        fmt::format("{} has SHA-256 {}, not the one that the card names",
                                    card.weights_file, *digest),
                        "restore the weights, or correct weights.sha256 if the change is meant"});
}

void CheckRun(const config::RuleSpec& rule, const std::vector<config::ModelCard>& models,
              const config::Config& config, const std::string& path,
              std::vector<Problem>& problems) {
  std::vector<std::string_view> names;
  for (const config::ModelCard& card : models) names.push_back(card.name);
  if (std::find(names.begin(), names.end(), rule.run) != names.end()) return;
  std::error_code error;
  if (!std::filesystem::is_directory(config.models_directory, error)) {
    problems.push_back({path, rule.run_line,
                        fmt::format("rule '{}': there is no folder {} to find the model '{}' in",
                                    rule.name, config.models_directory, rule.run),
                        "correct models.directory, or make the folder"});
    return;
  }
  const std::string_view nearest = NearestWord(rule.run, names);
  problems.push_back(
      {path, rule.run_line,
       fmt::format("rule '{}': there is no usable model '{}' in {}", rule.name, rule.run,
                   config.models_directory),
       nearest.empty() ? std::string("put its folder there, with a model.yaml that bears this name")
                       : fmt::format("did you mean '{}'?", nearest)});
}

/// Why files cannot be written below `folder`, which may still have to be made; "" when they can.
std::string WhyNotWritable(const std::string& folder) {
  std::error_code error;
  std::filesystem::path place = std::filesystem::absolute(folder, error).lexically_normal();
  while (!std::filesystem::exists(place, error) && !error && place.has_relative_path())
    place = place.parent_path();
  if (error) return fmt::format("{}: {}", place.string(), error.message());
  if (!std::filesystem::is_directory(place, error))
    return fmt::format("{} is not a folder", place.string());
  if (access(place.c_str(), W_OK | X_OK) == 0) return "";
  return fmt::format("{}: {}", place.string(), std::strerror(errno));
}

void CheckPlace(const std::string& folder, const std::string& key, int line,
                const std::string& config_path, std::vector<Problem>& problems) {
  const std::string reason = WhyNotWritable(folder);
  if (reason.empty()) return;
  problems.push_back({config_path, line,
                      fmt::format("{}: {} cannot be written to ({})", key, folder, reason),
                      "let the user that runs the gateway write there, or name another folder"});
}

}  // namespace

CheckedConfig CheckConfig(const std::string& path) {
  config::LoadedConfig loaded = config::LoadConfig(path);
  CheckedConfig checked{std::move(loaded.config), std::nullopt, {}, std::move(loaded.problems)};
  if (!checked.config) return checked;

  routing::CompiledRuleSet compiled = routing::RuleSet::Compile(checked.config->rules, path);
  checked.rule_set = std::move(compiled.rule_set);
  checked.problems = std::move(compiled.problems);
  CheckTls(checked.config->node, path, checked.problems);
  CheckClients(*checked.config, path, checked.problems);
  for (config::LoadedModelCard& loaded_card :
       config::LoadModelCards(checked.config->models_directory)) {
    std::vector<Problem> problems = std::move(loaded_card.problems);
    if (loaded_card.card) CheckDigest(*loaded_card.card, problems);
    if (problems.empty()) checked.models.push_back(*std::move(loaded_card.card));
    checked.problems.insert(checked.problems.end(), problems.begin(), problems.end());
  }
  for (const config::RuleSpec& rule : checked.config->rules)
    CheckRun(rule, checked.models, *checked.config, path, checked.problems);
  return checked;
}

std::vector<Problem> CheckPlaces(const config::Config& config, const std::string& path) {
  std::vector<Problem> problems;
  CheckPlace(config.storage.directory, "storage.directory", config.storage.line, path, problems);
  for (const auto& [name, destination] : config.destinations)
    if (destination.kind == config::DestinationKind::kFolder)
      CheckPlace(destination.path, fmt::format("destinations.{}.path", name), destination.line,
                 path, problems);
  return problems;
}

int RunCheck(const std::string& config_path, std::ostream& out) {
  CheckedConfig checked = CheckConfig(config_path);
  if (checked.config) {
    std::vector<Problem> more = CheckPlaces(*checked.config, config_path);
    checked.problems.insert(checked.problems.end(), more.begin(), more.end());
    more = CheckCertificates(*checked.config, config_path, Clock::System().Now());
    checked.problems.insert(checked.problems.end(), more.begin(), more.end());
  }
  for (const Problem& problem : checked.problems) out << problem.ToString() << '\n';
  if (!checked.problems.empty()) return 1;
  out << fmt::format("{}: right ({} rules, {} models, {} destinations)\n", config_path,
                     checked.config->rules.size(), checked.models.size(),
                     checked.config->destinations.size());
  return 0;
}

}  // namespace axial::gateway
