#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "core/base/clock.h"
#include "core/base/metrics.h"
#include "core/base/result.h"
#include "gateway/store/analysis_request_store.h"
#include "gateway/store/commitment_store.h"
#include "gateway/store/delivery_store.h"
#include "gateway/store/job_store.h"
#include "gateway/store/performed_step_store.h"
#include "gateway/store/study_store.h"

namespace axial::admin {

/// How well one thing is, or the gateway: the worst of its checks.
enum class Health {
  kOk,
  kDegraded,  ///< a person should look, but nothing is lost and new Instances are taken: HTTP 200
  kFailing,   ///< new Instances are refused or cannot be processed: HTTP 503
};

/// One thing that must hold for the gateway to be well: "database", "disk", "destination pacs"...
struct HealthCheck {
  std::string name;
  Health health = Health::kOk;
  std::string detail;  ///< the reason when not ok; may say more when ok
};

/// A Destination as shown; the fields of deliver::DestinationStatus.
struct DestinationView {
  std::string name;
  std::string kind;
  std::string target;
  std::string state;  ///< idle | ok | failing | not_configured
  TimePoint failing_since{};
  TimePoint next_try_at{};
  std::string last_error;
  TimePoint last_error_at{};
  TimePoint last_confirmed_at{};
  std::string confirmed_by;  ///< storage_commitment | query | status; "": none yet
  std::int64_t owed = 0;
  std::int64_t unproven = 0;
  std::int64_t refused = 0;
  std::int64_t overdue = 0;
  Duration deadline{};
  TimePoint oldest_owed_at{};
  std::vector<store::DeliveryStore::Refusal> refusals;
};

struct ModelView {
  std::string name;
  std::string version;
  std::string engine;
  std::string folder;
  bool usable = true;
  std::string problem;                  ///< why it is not usable
  std::vector<std::string> modalities;  ///< that it takes; empty: any
};

struct WorkerView {
  std::string model;
  std::int64_t pid = 0;
  std::string state;        ///< starting | idle | busy | dead ...
  std::int64_t job_id = 0;  ///< 0: none
};

/// Results that were refused before they could leave; as dispatch::QuarantinedAttempt.
struct QuarantineView {
  struct File {
    std::string name;
    std::int64_t bytes = 0;
    bool kept = true;
  };
  std::string name;
  std::string folder;
  std::int64_t job_id = 0;
  int attempt = 0;
  std::string study_uid;
  std::string series_uid;
  std::string model;
  std::string model_version;
  std::string reason;
  TimePoint at{};
  std::vector<File> files;
};

/// Associations of this node as SCP; `refused` as receive::RefusedAssociation, safe to show.
struct AssociationsView {
  struct Refused {
    std::string reason;
    std::string called_ae_title;
    std::string calling_ae_title;
    std::string address;
    std::string detail;
    std::string remedy;
    std::string section;
    std::string configuration;
    std::int64_t count = 0;
    TimePoint first_at{};
    TimePoint last_at{};
  };
  int open = 0;
  int max_associations = 0;
  std::vector<Refused> refused;  ///< since the start; newest first
};

/// What the API reads besides the store. An empty function: the resource is an empty list (health:
/// ok), the action answers 404. Called from HTTP threads, concurrently.
struct AdminProviders {
  std::function<std::vector<HealthCheck>()> health;
  std::function<std::vector<config::RuleSpec>()> rules;
  std::function<std::vector<DestinationView>()> destinations;
  std::function<Status(const std::string& name)> echo_destination;
  std::function<Result<int>(const std::string& name)> retry_destination;
  std::function<std::vector<QuarantineView>()> quarantine;  ///< newest first
  std::function<Status(const std::string& name)> remove_quarantined;
  std::function<std::vector<ModelView>()> models;
  std::function<std::vector<WorkerView>()> workers;
  std::function<AssociationsView()> associations;  ///< empty: this process does not receive
  /// Newest first, at most so many.
  std::function<Result<std::vector<store::Commitment>>(int limit)> commitments;
  std::function<Result<std::vector<store::PerformedStepRow>>(int limit)> performed_steps;
  std::function<Result<std::vector<store::PerformedStepRow>>(const std::string& study_uid)>
      performed_steps_of_study;
  /// What people asked for beside the rules, newest first.
  std::function<Result<std::vector<store::AnalysisRequest>>(const std::string& study_uid)>
      requests_of_study;
  std::function<void()> on_job_retried;  ///< nudges the dispatcher
  /// Sends what the Job owes now; the Destinations concerned.
  std::function<Result<std::vector<std::string>>(std::int64_t job)> retry_deliveries;
};

struct Request {
  std::string_view method;  ///< "GET"
  std::string_view target;  ///< "/api/studies?limit=20"
  std::string_view body;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string allow;  ///< the Allow header of a 405; "" otherwise
};

/// The HTTP API of design 4.4 without HTTP: the gateway serves it with AdminServer, the Orthanc
/// plugin with Orthanc's own server. Never answers with a patient's name, ID or birth date.
/// Everything given outlives it. Thread-safe.
class AdminApi {
 public:
  /// Echoes at once, each of which may take a thread of the caller for as long as a dead
  /// Destination is waited for. Further ones are answered 503.
  static constexpr int kMaxEchoes = 8;

  AdminApi(store::StudyStore& studies, store::JobStore& jobs, store::DeliveryStore& deliveries,
           const Metrics& metrics, const Clock& clock, AdminProviders providers);

  /// Never throws; problems are answers (RFC 9457).
  [[nodiscard]] Response Handle(const Request& request) const;

  /// "GET /api/studies/{uid}" and so on, for a host that registers paths itself.
  struct RouteName {
    std::string_view method;
    std::string_view pattern;
  };
  [[nodiscard]] static std::vector<RouteName> Routes();

 private:
  friend struct Handlers;

  store::StudyStore& studies_;
  store::JobStore& jobs_;
  store::DeliveryStore& deliveries_;
  const Metrics& metrics_;
  const Clock& clock_;
  AdminProviders providers_;
  mutable std::atomic<int> echoes_ = 0;
};

}  // namespace axial::admin
