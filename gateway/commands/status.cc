#include "gateway/commands/status.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "config/config.h"
#include "core/base/printable.h"
#include "gateway/deliver/http_connection.h"

namespace axial::gateway {
namespace {

using nlohmann::json;

constexpr auto kPatience = std::chrono::seconds(10);
constexpr std::pair<const char*, const char*> kQuestions[] = {
    {"health", "/healthz"},
    {"jobs", "/api/jobs?limit=1"},
    {"destinations", "/api/destinations"},
    {"associations", "/api/associations"}};

/// Where the admin interface answers on this machine.
deliver::HttpUrl AdminUrl(const config::Admin& admin) {
  deliver::HttpUrl url;
  url.port = admin.port;
  url.host = admin.bind;
  if (admin.bind == "0.0.0.0") url.host = "127.0.0.1";
  if (admin.bind == "::") url.host = "::1";
  return url;
}

Result<json> Ask(const config::Admin& admin) {
  if (admin.port == 0)
    return Error(ErrorCode::kInvalidInput,
                 "admin.port is 0, any free port, which is not known here; name one");
  const deliver::HttpUrl url = AdminUrl(admin);
  const std::atomic<bool> never{false};
  AXIAL_ASSIGN_OR_RETURN(const auto connection,
                         deliver::HttpConnection::Open(url, {}, kPatience, never));
  json status = json::object();
  for (const auto& [name, target] : kQuestions) {
    AXIAL_ASSIGN_OR_RETURN(
        const deliver::HttpAnswer answer,
        connection->Ask({"GET", target, "application/json", "", "", ""}, kPatience));
    if (answer.status == 404) continue;
    json body = json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
    if (!body.is_object())
      return MakeError(ErrorCode::kCorrupt, "{}{} did not answer with JSON (HTTP {})",
                       url.Authority(), target, answer.status);
    status[name] = std::move(body);
  }
  return status;
}

/// Text, number, or "" for null and what is not there.
std::string At(const json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (!object.is_object() || found == object.end() || found->is_null()) return "";
  return WithoutControls(found->is_string() ? found->get<std::string>() : found->dump());
}

const json& ListAt(const json& object, const char* key) {
  static const json none = json::array();
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() && found->is_array() ? *found : none;
}

void AppendHealth(const json& health, std::string& text) {
  text += fmt::format("gateway: {}\n", At(health, "status"));
  for (const json& reason : ListAt(health, "reasons"))
    if (reason.is_string())
      text += fmt::format("  {}\n", WithoutControls(reason.get<std::string>()));
}

void AppendJobs(const json& jobs, std::string& text) {
  const auto counts = jobs.find("count_by_state");
  text += "jobs:";
  if (counts == jobs.end() || !counts->is_object() || counts->empty())
    text += " none";
  else
    for (const auto& [state, count] : counts->items())
      text += fmt::format(" {} {}", count.dump(), state);
  text += '\n';
}

void AppendDestinations(const json& answer, std::string& text) {
  for (const json& destination : ListAt(answer, "destinations"))
    text +=
        fmt::format("destination {}: {}, {} results owed, {} refused\n", At(destination, "name"),
                    At(destination, "state"), At(destination, "owed"), At(destination, "refused"));
}

void AppendAssociations(const json& associations, std::string& text) {
  text += fmt::format("associations: {} open of {}\n", At(associations, "open"),
                      At(associations, "max_associations"));
  const json& refused = ListAt(associations, "refused");
  text += refused.empty() ? "refused associations: none since the start\n"
                          : "refused associations since the start, the newest first:\n";
  for (const json& row : refused) {
    const std::string calling = At(row, "calling_ae_title");
    text += fmt::format("  {} from {}: {}: {}\n    {} times, from {} to {}\n",
                        calling.empty() ? "somebody" : '"' + calling + '"', At(row, "address"),
                        At(row, "reason"), At(row, "detail"), At(row, "count"), At(row, "first_at"),
                        At(row, "last_at"));
    if (const std::string remedy = At(row, "remedy"); !remedy.empty())
      text += fmt::format("    {}\n", remedy);
    if (const std::string line = At(row, "configuration"); !line.empty())
      text += fmt::format("    in {}:\n      {}\n", At(row, "section"), line);
  }
}

}  // namespace

std::string StatusText(const json& status) {
  std::string text;
  if (status.contains("health")) AppendHealth(status["health"], text);
  if (status.contains("associations")) AppendAssociations(status["associations"], text);
  if (status.contains("jobs")) AppendJobs(status["jobs"], text);
  if (status.contains("destinations")) AppendDestinations(status["destinations"], text);
  return text;
}

int RunStatus(const StatusOptions& options, std::ostream& out, std::ostream& err) {
  const config::LoadedConfig loaded = config::LoadConfig(options.config_path);
  for (const config::Problem& problem : loaded.problems) err << problem.ToString() << '\n';
  if (!loaded.config) return 1;
  const config::Admin& admin = loaded.config->admin;
  const Result<json> status = Ask(admin);
  if (!status.ok()) {
    err << fmt::format(
        "axial status: the gateway's admin interface at {}:{} (admin of {}) does not answer: {}; "
        "does `axial serve` run with this configuration?\n",
        admin.bind, admin.port, options.config_path, status.error().message());
    return 1;
  }
  out << (options.json ? status->dump(2, ' ', true, json::error_handler_t::replace) + "\n"
                       : StatusText(*status));
  return At(status->value("health", json::object()), "status") == "failing" ? 1 : 0;
}

}  // namespace axial::gateway
