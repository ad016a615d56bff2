#include "gateway/admin/admin_api.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/log.h"
#include "core/dicom/uid.h"
#include "gateway/admin/answers.h"
#include "gateway/admin/json_views.h"
#include "gateway/admin/target.h"

namespace axial::admin {
namespace {

using nlohmann::json;

constexpr int kDefaultLimit = 100;
constexpr int kMaxLimit = 1000;
constexpr int kMaxEvents = 1000;

template <typename T>
json ListOf(const std::vector<T>& rows) {
  json list = json::array();
  for (const T& row : rows) list.push_back(ToJson(row));
  return list;
}

template <typename T>
std::vector<T> Ask(const std::function<std::vector<T>()>& provider) {
  return provider ? provider() : std::vector<T>();
}

/// The rows of a provider that reads them from the store; none without one.
template <typename T, typename Argument>
Result<json> AskStore(const std::function<Result<std::vector<T>>(Argument)>& provider,
                      Argument argument) {
  if (!provider) return json::array();
  AXIAL_ASSIGN_OR_RETURN(const std::vector<T> rows, provider(argument));
  return ListOf(rows);
}

template <typename Integer>
Result<Integer> ParseNumber(const std::string& text, Integer low, Integer high, const char* what) {
  Integer number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < low || number > high)
    return MakeError(ErrorCode::kInvalidInput, "{} must be a number from {} to {}", what, low,
                     high);
  return number;
}

Result<int> Limit(const Target& target) {
  const auto found = target.query.find("limit");
  if (found == target.query.end()) return kDefaultLimit;
  return ParseNumber<int>(found->second, 1, kMaxLimit, "limit");
}

/// Jobs, each with the names of its refused results (GET /api/quarantine).
json JobList(const std::vector<store::Job>& jobs, const AdminProviders& providers) {
  const std::vector<QuarantineView> quarantine = Ask(providers.quarantine);
  json list = ListOf(jobs);
  for (json& job : list) {
    json names = json::array();
    for (const QuarantineView& attempt : quarantine)
      if (attempt.job_id == job.at("id")) names.push_back(attempt.name);
    job["quarantined"] = std::move(names);
  }
  return list;
}

}  // namespace

/// What each route does. `parameters`: the values of the pattern's braces.
struct Handlers {
  /// One of those under way, as long as it lives.
  struct Turn {
    explicit Turn(std::atomic<int>& under_way_in) : under_way(under_way_in), number(++under_way) {}
    ~Turn() { --under_way; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    std::atomic<int>& under_way;
    const int number;
  };

  using Parameters = std::vector<std::string>;
  using Function = Result<Response> (*)(const AdminApi&, const Target&, const Parameters&);

  static Result<Response> Health(const AdminApi& api, const Target&, const Parameters&) {
    std::vector<HealthCheck> checks = Ask(api.providers_.health);
    const auto counted = api.jobs_.CountByState();
    checks.insert(checks.begin(), {"store", counted.ok() ? Health::kOk : Health::kFailing,
                                   counted.ok() ? "" : counted.error().ToString()});
    auto worst = Health::kOk;
    json reasons = json::array();
    for (const HealthCheck& check : checks) {
      worst = std::max(worst, check.health);
      if (check.health != Health::kOk) reasons.push_back(check.name + ": " + check.detail);
    }
    return Ok({{"status", HealthName(worst)},
               {"time", ToJson(api.clock_.Now())},
               {"reasons", std::move(reasons)},
               {"checks", ListOf(checks)},
               {"workers", ListOf(Ask(api.providers_.workers))}},
              worst == Health::kFailing ? 503 : 200);
  }

  static Result<Response> Metrics(const AdminApi& api, const Target&, const Parameters&) {
    Response response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = api.metrics_.Serialize();
    return response;
  }

  static Result<Response> Studies(const AdminApi& api, const Target& target, const Parameters&) {
    AXIAL_ASSIGN_OR_RETURN(const int limit, Limit(target));
    AXIAL_ASSIGN_OR_RETURN(const auto studies, api.studies_.List(limit));
    return Ok({{"studies", ListOf(studies)}});
  }

  static Result<Response> Study(const AdminApi& api, const Target&, const Parameters& parameters) {
    AXIAL_ASSIGN_OR_RETURN(const Uid uid, Uid::Parse(parameters.at(0)));
    AXIAL_ASSIGN_OR_RETURN(const auto study, api.studies_.Find(uid.str()));
    if (!study) return MakeError(ErrorCode::kNotFound, "there is no study {}", uid.str());
    AXIAL_ASSIGN_OR_RETURN(const auto revisions, api.studies_.RevisionsOfStudy(uid.str()));
    AXIAL_ASSIGN_OR_RETURN(const auto closed_series, api.studies_.SeriesRevisions(uid.str()));
    AXIAL_ASSIGN_OR_RETURN(const auto series, api.studies_.SeriesOfStudy(uid.str()));
    AXIAL_ASSIGN_OR_RETURN(const auto jobs, api.jobs_.ListOfStudy(uid.str()));
    AXIAL_ASSIGN_OR_RETURN(const auto deliveries, api.deliveries_.ListOfStudy(uid.str()));
    AXIAL_ASSIGN_OR_RETURN(const auto events, api.studies_.Events(uid.str(), kMaxEvents));
    json revision_list = json::array();
    for (const store::Revision& revision : revisions) {
      AXIAL_ASSIGN_OR_RETURN(const auto verdicts, api.studies_.VerdictsOfRevision(revision.id));
      json entry = ToJson(revision);
      entry["verdicts"] = ListOf(verdicts);
      entry["series"] = json::array();
      for (const store::SeriesRevision& closed : closed_series)
        if (closed.revision == revision.number) entry["series"].push_back(ToJson(closed));
      revision_list.push_back(std::move(entry));
    }
    json answer = ToJson(*study);
    answer["series"] = ListOf(series);
    answer["revisions"] = std::move(revision_list);
    answer["jobs"] = JobList(jobs, api.providers_);
    answer["deliveries"] = ListOf(deliveries);
    AXIAL_ASSIGN_OR_RETURN(answer["performed_steps"],
                           (AskStore<store::PerformedStepRow, const std::string&>(
                               api.providers_.performed_steps_of_study, uid.str())));
    AXIAL_ASSIGN_OR_RETURN(answer["requests"],
                           (AskStore<store::AnalysisRequest, const std::string&>(
                               api.providers_.requests_of_study, uid.str())));
    answer["timeline"] = ListOf(events);
    return Ok(answer);
  }

  static Result<Response> Jobs(const AdminApi& api, const Target& target, const Parameters&) {
    AXIAL_ASSIGN_OR_RETURN(const int limit, Limit(target));
    AXIAL_ASSIGN_OR_RETURN(const auto jobs, api.jobs_.List(limit));
    AXIAL_ASSIGN_OR_RETURN(const auto counts, api.jobs_.CountByState());
    json by_state = json::object();
    for (const auto& [state, count] : counts) by_state[state] = count;
    return Ok({{"jobs", JobList(jobs, api.providers_)}, {"count_by_state", std::move(by_state)}});
  }

  static Result<Response> RetryJob(const AdminApi& api, const Target&,
                                   const Parameters& parameters) {
    AXIAL_ASSIGN_OR_RETURN(const std::int64_t id,
                           ParseNumber<std::int64_t>(parameters.at(0), 1, INT64_MAX, "the job id"));
    const Status queued = api.jobs_.Retry(id, api.clock_.Now());
    if (!queued.ok() && queued.error().code() == ErrorCode::kConflict &&
        api.providers_.retry_deliveries) {
      // It ran; what may be wanted again is what it owes.
      AXIAL_ASSIGN_OR_RETURN(const auto destinations, api.providers_.retry_deliveries(id));
      if (destinations.empty()) return queued.error();
      Log(LogLevel::kInfo, "deliveries_retried_by_person", {{"job", id}});
      return Ok({{"id", id}, {"deliveries_to", destinations}}, 202);
    }
    AXIAL_RETURN_IF_ERROR(queued);
    Log(LogLevel::kInfo, "job_retried_by_person", {{"job", id}});
    if (api.providers_.on_job_retried) api.providers_.on_job_retried();
    return Ok({{"id", id}, {"state", store::JobStateName(store::JobState::kQueued)}}, 202);
  }

  static Result<Response> Rules(const AdminApi& api, const Target&, const Parameters&) {
    return Ok({{"rules", ListOf(Ask(api.providers_.rules))}});
  }

  static Result<Response> Destinations(const AdminApi& api, const Target&, const Parameters&) {
    return Ok({{"destinations", ListOf(Ask(api.providers_.destinations))}});
  }

  static Result<Response> EchoDestination(const AdminApi& api, const Target&,
                                          const Parameters& parameters) {
    const std::string& name = parameters.at(0);
    if (!api.providers_.echo_destination)
      return MakeError(ErrorCode::kNotFound, "there is no destination '{}'", name);
    const Turn turn(api.echoes_);
    if (turn.number > AdminApi::kMaxEchoes)
      return MakeError(ErrorCode::kExhausted,
                       "{} destinations are being asked; try again when one has answered",
                       AdminApi::kMaxEchoes);
    const Status answered = api.providers_.echo_destination(name);
    if (!answered.ok() && answered.error().code() == ErrorCode::kNotFound) return answered.error();
    // That the Destination is dead is this request's result, not its failure.
    return Ok({{"destination", name},
               {"ok", answered.ok()},
               {"error", answered.ok() ? json(nullptr) : json(answered.error().ToString())}});
  }

  static Result<Response> RetryDestination(const AdminApi& api, const Target&,
                                           const Parameters& parameters) {
    const std::string& name = parameters.at(0);
    if (!api.providers_.retry_destination)
      return MakeError(ErrorCode::kNotFound, "there is no destination '{}'", name);
    AXIAL_ASSIGN_OR_RETURN(const int count, api.providers_.retry_destination(name));
    Log(LogLevel::kInfo, "deliveries_retried_by_person", {{"destination", name}, {"count", count}});
    return Ok({{"destination", name}, {"deliveries", count}}, 202);
  }

  static Result<Response> Quarantine(const AdminApi& api, const Target&, const Parameters&) {
    return Ok({{"quarantine", ListOf(Ask(api.providers_.quarantine))}});
  }

  static Result<Response> RemoveQuarantined(const AdminApi& api, const Target&,
                                            const Parameters& parameters) {
    const std::string& name = parameters.at(0);
    if (!api.providers_.remove_quarantined)
      return MakeError(ErrorCode::kNotFound, "nothing is quarantined under '{}'", name);
    AXIAL_RETURN_IF_ERROR(api.providers_.remove_quarantined(name));
    Log(LogLevel::kInfo, "quarantine_removed_by_person", {{"name", name}});
    return Ok({{"name", name}, {"removed", true}});
  }

  static Result<Response> Associations(const AdminApi& api, const Target&, const Parameters&) {
    if (!api.providers_.associations)
      return Error(ErrorCode::kNotFound, "this process receives no Associations itself");
    return Ok(ToJson(api.providers_.associations()));
  }

  static Result<Response> Commitments(const AdminApi& api, const Target& target,
                                      const Parameters&) {
    AXIAL_ASSIGN_OR_RETURN(const int limit, Limit(target));
    AXIAL_ASSIGN_OR_RETURN(json rows, AskStore(api.providers_.commitments, limit));
    return Ok({{"commitments", std::move(rows)}});
  }

  static Result<Response> PerformedSteps(const AdminApi& api, const Target& target,
                                         const Parameters&) {
    AXIAL_ASSIGN_OR_RETURN(const int limit, Limit(target));
    AXIAL_ASSIGN_OR_RETURN(json rows, AskStore(api.providers_.performed_steps, limit));
    return Ok({{"performed_steps", std::move(rows)}});
  }

  static Result<Response> Models(const AdminApi& api, const Target&, const Parameters&) {
    return Ok({{"models", ListOf(Ask(api.providers_.models))}});
  }
};

namespace {

struct Route {
  std::string_view method;
  std::string_view pattern;
  Handlers::Function function;
};

constexpr std::array kRoutes = {
    Route{"GET", "/healthz", Handlers::Health},
    Route{"GET", "/metrics", Handlers::Metrics},
    Route{"GET", "/api/studies", Handlers::Studies},
    Route{"GET", "/api/studies/{uid}", Handlers::Study},
    Route{"GET", "/api/jobs", Handlers::Jobs},
    Route{"POST", "/api/jobs/{id}/retry", Handlers::RetryJob},
    Route{"GET", "/api/rules", Handlers::Rules},
    Route{"GET", "/api/destinations", Handlers::Destinations},
    Route{"POST", "/api/destinations/{name}/echo", Handlers::EchoDestination},
    Route{"POST", "/api/destinations/{name}/retry", Handlers::RetryDestination},
    Route{"GET", "/api/quarantine", Handlers::Quarantine},
    Route{"DELETE", "/api/quarantine/{name}", Handlers::RemoveQuarantined},
    Route{"GET", "/api/models", Handlers::Models},
    Route{"GET", "/api/associations", Handlers::Associations},
    Route{"GET", "/api/commitments", Handlers::Commitments},
    Route{"GET", "/api/performed-steps", Handlers::PerformedSteps},
};

}  // namespace

AdminApi::AdminApi(store::StudyStore& studies, store::JobStore& jobs,
                   store::DeliveryStore& deliveries, const Metrics& metrics, const Clock& clock,
                   AdminProviders providers)
    : studies_(studies),
      jobs_(jobs),
      deliveries_(deliveries),
      metrics_(metrics),
      clock_(clock),
      providers_(std::move(providers)) {}

Response AdminApi::Handle(const Request& request) const try {
  const Result<Target> target = Target::Parse(request.target);
  if (!target.ok()) return Problem(target.error());
  std::string allow;
  Handlers::Parameters parameters;
  for (const Route& route : kRoutes) {
    if (!MatchPattern(route.pattern, target->segments, parameters)) continue;
    // A HEAD is a GET whose body the server leaves out (RFC 9110 9.3.2).
    const bool same =
        route.method == request.method || (route.method == "GET" && request.method == "HEAD");
    if (same) {
      Result<Response> response = route.function(*this, *target, parameters);
      return response.ok() ? std::move(response).value() : Problem(response.error());
    }
    allow += (allow.empty() ? "" : ", ") + std::string(route.method);
  }
  if (!allow.empty()) return MethodNotAllowed(allow);
  return Problem(404, "Not Found", "there is nothing at this path");
} catch (const std::exception& exception) {
  Log(LogLevel::kError, "admin_request_failed", {{"reason", exception.what()}});
  return Problem(500, "Internal Server Error", "the request failed; see the log");
}

std::vector<AdminApi::RouteName> AdminApi::Routes() {
  std::vector<RouteName> names;
  for (const Route& route : kRoutes) names.push_back({route.method, route.pattern});
  return names;
}

}  // namespace axial::admin
