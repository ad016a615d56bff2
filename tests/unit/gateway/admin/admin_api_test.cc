#include "gateway/admin/admin_api.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/unit/gateway/store/store_fixture.h"

namespace axial::admin {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class AdminApiTest : public store::StoreTest {
 protected:
  AdminApi Api() const {
    return AdminApi(*studies, *jobs, *deliveries, metrics, Clock::System(), providers);
  }
  Response Get(const std::string& target) const { return Api().Handle({"GET", target, ""}); }
  Response Post(const std::string& target) const { return Api().Handle({"POST", target, ""}); }

  static void ExpectProblem(const Response& response, int status) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.content_type, "application/problem+json");
    EXPECT_EQ(json::parse(response.body).at("status"), status);
  }

  store::Job LeaseJob() { return jobs->Lease({"model"}, At(3), std::chrono::minutes(1))->value(); }

  Metrics metrics;
  AdminProviders providers;
};

TEST_F(AdminApiTest, IsAsHealthyAsItsWorstCheck) {
  std::vector<HealthCheck> checks = {{"disk", Health::kFailing, "no room"},
                                     {"destination pacs", Health::kDegraded, "failing since ..."}};
  providers.health = [&checks] { return checks; };
  const Response failing = Get("/healthz");
  EXPECT_EQ(failing.status, 503);
  const json body = json::parse(failing.body);
  EXPECT_EQ(body.at("status"), "failing");
  EXPECT_EQ(body.at("reasons"),
            json::array({"disk: no room", "destination pacs: failing since ..."}));

  checks.front() = {"disk", Health::kOk, "11 GiB free"};
  const Response degraded = Get("/healthz");
  EXPECT_EQ(degraded.status, 200);
  EXPECT_EQ(json::parse(degraded.body).at("status"), "degraded");
  EXPECT_EQ(json::parse(degraded.body).at("reasons").size(), 1U);

  providers.health = nullptr;
  EXPECT_EQ(Get("/healthz").status, 200);
  EXPECT_EQ(json::parse(Get("/healthz").body).at("status"), "ok");
}

TEST_F(AdminApiTest, ServesMetricsAsPrometheusText) {
  metrics.GetCounter("axial_test_things_total", "Things").Increment(3);
  const Response response = Get("/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.content_type, StartsWith("text/plain; version=0.0.4"));
  EXPECT_THAT(response.body, HasSubstr("axial_test_things_total 3"));
}

TEST_F(AdminApiTest, ListsStudiesNewestFirst) {
  ASSERT_TRUE(studies->AddInstance(MakeInstance("1.1", "1.1.1", "1.1.1.1", "a", 0)).ok());
  ASSERT_TRUE(studies->AddInstance(MakeInstance("1.2", "1.2.1", "1.2.1.1", "b", 5)).ok());
  const json list = json::parse(Get("/api/studies").body).at("studies");
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].at("study_uid"), "1.2");
  EXPECT_EQ(list[0].at("last_received_at"), FormatTime(At(5)));
  EXPECT_EQ(json::parse(Get("/api/studies?limit=1").body).at("studies").size(), 1U);
}

TEST_F(AdminApiTest, ShowsCommitmentsAndPerformedSteps) {
  EXPECT_EQ(json::parse(Get("/api/commitments").body).at("commitments"), json::array());
  EXPECT_EQ(json::parse(Get("/api/performed-steps").body).at("performed_steps"), json::array());
  store::Commitment commitment;
  commitment.calling_ae_title = "CT01";
  commitment.state = store::CommitmentState::kReported;
  commitment.way = store::kNewAssociation;
  commitment.failures = {{"0112", 2}};
  commitment.finished_at = At(5);
  providers.commitments = [&](int limit) -> Result<std::vector<store::Commitment>> {
    return std::vector<store::Commitment>(static_cast<std::size_t>(limit), commitment);
  };
  const json list = json::parse(Get("/api/commitments?limit=2").body).at("commitments");
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].at("state"), "reported");
  EXPECT_EQ(list[0].at("told_on"), "new_association");
  EXPECT_EQ(list[0].at("failures"), json({{"0112", 2}}));
  EXPECT_EQ(list[0].at("next_at"), nullptr);
  ExpectProblem(Get("/api/commitments?limit=x"), 400);

  store::PerformedStepRow step;
  step.step_uid = "9.1";
  step.study_uids = {"1.1"};
  providers.performed_steps = [&](int) -> Result<std::vector<store::PerformedStepRow>> {
    return std::vector{step};
  };
  providers.performed_steps_of_study =
      [&](const std::string& study) -> Result<std::vector<store::PerformedStepRow>> {
    return study == "1.1" ? std::vector{step} : std::vector<store::PerformedStepRow>{};
  };
  const json steps = json::parse(Get("/api/performed-steps").body).at("performed_steps");
  EXPECT_EQ(steps.at(0).at("step_uid"), "9.1");
  EXPECT_EQ(steps.at(0).at("state"), "in_progress");
  ASSERT_TRUE(studies->AddInstance(MakeInstance("1.1", "1.1.1", "1.1.1.1", "a", 0)).ok());
  EXPECT_EQ(json::parse(Get("/api/studies/1.1").body).at("performed_steps").size(), 1U);
}

TEST_F(AdminApiTest, ShowsWhatPeopleAskedFor) {
  providers.requests_of_study =
      [&](const std::string& study) -> Result<std::vector<store::AnalysisRequest>> {
    return std::vector{store::AnalysisRequest{3, study, "", "lungs", At(5), TimePoint{}, ""}};
  };
  ASSERT_TRUE(studies->AddInstance(MakeInstance("1.1", "1.1.1", "1.1.1.1", "a", 0)).ok());
  const json requests = json::parse(Get("/api/studies/1.1").body).at("requests");
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].at("model"), "lungs");
  EXPECT_EQ(requests[0].at("series_uid"), nullptr);
  EXPECT_EQ(requests[0].at("requested_at"), FormatTime(At(5)));
  EXPECT_EQ(requests[0].at("finished_at"), nullptr);
}

TEST_F(AdminApiTest, ShowsTheWholeLifeOfAStudy) {
  AddJob({"pacs"});
  ASSERT_TRUE(jobs->Produce(LeaseJob(),
                            {{"seg", "/tmp/a.dcm", "1.2.3", "2.25.1", "2.25.2", {"pacs"}}},
                            "2 segments", At(4))
                  .ok());
  const Response response = Get("/api/studies/1.1");
  ASSERT_EQ(response.status, 200);
  const json study = json::parse(response.body);
  EXPECT_EQ(study.at("study_uid"), "1.1");
  EXPECT_EQ(study.at("series").at(0).at("series_uid"), "1.1.1");
  EXPECT_EQ(study.at("series").at(0).at("calling_ae_title"), "CT01");
  EXPECT_EQ(study.at("revisions").at(0).at("state"), "routed");
  EXPECT_EQ(study.at("not_routed"), false);
  EXPECT_TRUE(study.at("revisions").at(0).at("verdicts").is_array());
  EXPECT_EQ(study.at("jobs").at(0).at("state"), "produced");
  EXPECT_EQ(study.at("jobs").at(0).at("summary"), "2 segments");
  EXPECT_EQ(study.at("jobs").at(0).at("priority"), "normal");
  EXPECT_EQ(study.at("jobs").at(0).at("revision"), 1);
  EXPECT_TRUE(study.at("jobs").at(0).at("superseded_by").is_null());
  EXPECT_EQ(study.at("deliveries").at(0).at("destination"), "pacs");
  EXPECT_EQ(study.at("deliveries").at(0).at("state"), "pending");
  EXPECT_FALSE(study.at("timeline").empty());
}

TEST_F(AdminApiTest, ShowsWhichResultsReplaceWhich) {
  const store::Job first = AddJob({"pacs"});
  ASSERT_TRUE(jobs->Produce(LeaseJob(), {}, "", At(4)).ok());
  const store::Job second = AddLateJob({"pacs"});
  ASSERT_TRUE(jobs->Produce(LeaseJob(), {}, "", At(5)).ok());
  const json list = json::parse(Get("/api/jobs").body).at("jobs");  // newest first
  EXPECT_EQ(list.at(0).at("supersedes"), json::array({first.id}));
  EXPECT_TRUE(list.at(0).at("superseded_by").is_null());
  EXPECT_EQ(list.at(1).at("superseded_by"), second.id);
}

TEST_F(AdminApiTest, NeverShowsThePatient) {
  store::NewInstance instance = MakeInstance("1.1", "1.1.1", "1.1.1.1", "a", 0);
  instance.header.attributes["PatientName"] = {"PN", {"Doe^Jane"}};
  ASSERT_TRUE(studies->AddInstance(instance).ok());
  EXPECT_THAT(Get("/api/studies/1.1").body, ::testing::Not(HasSubstr("Doe")));
}

TEST_F(AdminApiTest, RetriesOnlyAFailedJob) {
  const store::Job job = AddJob({"pacs"});
  int nudges = 0;
  providers.on_job_retried = [&] { ++nudges; };
  const std::string target = "/api/jobs/" + std::to_string(job.id) + "/retry";
  ExpectProblem(Post(target), 409);
  ASSERT_TRUE(
      jobs->LoseAttempt(LeaseJob(), Error(ErrorCode::kInvalidInput, "no"), false, At(4)).ok());
  EXPECT_EQ(json::parse(Get("/api/jobs").body).at("jobs").at(0).at("error").at("message"), "no");
  EXPECT_EQ(Post(target).status, 202);
  EXPECT_EQ(json::parse(Get("/api/jobs").body).at("count_by_state").at("queued"), 1);
  EXPECT_EQ(nudges, 1);
}

TEST_F(AdminApiTest, RetryOfAJobThatRanSendsWhatItOwes) {
  const store::Job job = AddJob({"pacs"});
  std::vector<std::string> owes = {"pacs"};
  providers.retry_deliveries = [&](std::int64_t id) -> Result<std::vector<std::string>> {
    EXPECT_EQ(id, job.id);
    return owes;
  };
  const std::string target = "/api/jobs/" + std::to_string(job.id) + "/retry";
  const Response response = Post(target);
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(json::parse(response.body).at("deliveries_to").at(0), "pacs");
  owes.clear();
  ExpectProblem(Post(target), 409);
}

TEST_F(AdminApiTest, ShowsWhatWasRefusedUntilAPersonRemovesIt) {
  const store::Job job = AddJob({"pacs"});
  std::vector<QuarantineView> kept = {{"1-1",
                                       "/results/quarantine/1-1",
                                       job.id,
                                       1,
                                       "1.1",
                                       "1.1.1",
                                       "model",
                                       "1",
                                       "lacks voxels \xff",
                                       At(4),
                                       {{"seg.dcm.refused", 12, true}}}};
  providers.quarantine = [&] { return kept; };
  providers.remove_quarantined = [&](const std::string& name) -> Status {
    if (std::erase_if(kept, [&](const auto& entry) { return entry.name == name; }) == 1) return {};
    return MakeError(ErrorCode::kNotFound, "nothing is quarantined under '{}'", name);
  };
  const json shown = json::parse(Get("/api/quarantine").body).at("quarantine").at(0);
  EXPECT_EQ(shown.at("job_id"), job.id);
  EXPECT_EQ(shown.at("reason"), "lacks voxels \xef\xbf\xbd");
  EXPECT_EQ(shown.at("at"), FormatTime(At(4)));
  EXPECT_EQ(shown.at("files").at(0).at("name"), "seg.dcm.refused");
  for (const char* target : {"/api/jobs", "/api/studies/1.1"})
    EXPECT_EQ(json::parse(Get(target).body).at("jobs").at(0).at("quarantined"),
              json::array({"1-1"}));

  const auto remove = [&](const std::string& name) {
    return Api().Handle({"DELETE", "/api/quarantine/" + name, ""});
  };
  ExpectProblem(remove("2-1"), 404);
  ExpectProblem(remove("..%2F1"), 404);
  ExpectProblem(Post("/api/quarantine/1-1"), 405);
  EXPECT_EQ(remove("1-1").status, 200);
  EXPECT_TRUE(json::parse(Get("/api/quarantine").body).at("quarantine").empty());
  EXPECT_TRUE(json::parse(Get("/api/jobs").body).at("jobs").at(0).at("quarantined").empty());
  providers = {};
  ExpectProblem(remove("1-1"), 404);
  EXPECT_TRUE(json::parse(Get("/api/quarantine").body).at("quarantine").empty());
}

TEST_F(AdminApiTest, ShowsRulesModelsWorkersAndDestinations) {
  config::RuleSpec rule;
  rule.name = "Chest CT, lungs";
  rule.when = {{"Modality", config::ConditionKind::kAnyOf, {"CT"}, 3}};
  rule.priority = config::Priority::kUrgent;
  providers.rules = [&] { return std::vector{rule}; };
  providers.models = [] {
    return std::vector<ModelView>{{"lungs", "1", "torchscript", "/m", true, "", {}}};
  };
  providers.workers = [] { return std::vector<WorkerView>{{"lungs", 42, "idle", 0}}; };
  providers.destinations = [] {
    DestinationView view;
    view.name = "pacs";
    view.state = "failing";
    view.refusals = {{"pacs", "seg", "1.2.3", "unsupported", "takes no such thing", 7}};
    return std::vector{view};
  };
  const json shown = json::parse(Get("/api/rules").body).at("rules").at(0);
  EXPECT_EQ(shown.at("priority"), "urgent");
  EXPECT_EQ(shown.at("when").at(0).at("kind"), "any_of");
  EXPECT_EQ(json::parse(Get("/api/models").body).at("models").at(0).at("name"), "lungs");
  EXPECT_EQ(json::parse(Get("/api/models").body).at("models").at(0).at("modalities"),
            json::array());
  EXPECT_EQ(json::parse(Get("/healthz").body).at("workers").at(0).at("pid"), 42);
  const json destination = json::parse(Get("/api/destinations").body).at("destinations").at(0);
  EXPECT_EQ(destination.at("state"), "failing");
  EXPECT_EQ(destination.at("refusals").at(0).at("sop_class_uid"), "1.2.3");
  EXPECT_EQ(destination.at("refusals").at(0).at("count"), 7);
  EXPECT_EQ(destination.at("refusals").at(0).at("error").at("message"), "takes no such thing");
  EXPECT_TRUE(destination.at("failing_since").is_null());
}

TEST_F(AdminApiTest, EchoesADestinationByItsDecodedName) {
  std::string asked;
  providers.echo_destination = [&](const std::string& name) -> Status {
    asked = name;
    if (name == "dead") return MakeError(ErrorCode::kUnavailable, "connection refused");
    if (name == "none") return MakeError(ErrorCode::kNotFound, "no such destination");
    return {};
  };
  EXPECT_TRUE(json::parse(Post("/api/destinations/my%20pacs/echo").body).at("ok").get<bool>());
  EXPECT_EQ(asked, "my pacs");
  const Response dead = Post("/api/destinations/dead/echo");
  EXPECT_EQ(dead.status, 200);
  EXPECT_EQ(json::parse(dead.body).at("error"), "unavailable: connection refused");
  ExpectProblem(Post("/api/destinations/none/echo"), 404);
}

TEST_F(AdminApiTest, AnswersProblemsAsRfc9457) {
  ExpectProblem(Get("/"), 404);
  ExpectProblem(Get("/api/nothing"), 404);
  ExpectProblem(Get("/api/studies/9.9.9"), 404);
  ExpectProblem(Get("/api/studies/not-a-uid"), 400);
  ExpectProblem(Get("/api/studies?limit=0"), 400);
  ExpectProblem(Get("/api/studies?limit=-1x"), 400);
  ExpectProblem(Get("/api/studies?limit=99999999999999999999"), 400);
  ExpectProblem(Get("%%%"), 400);
  ExpectProblem(Get(std::string("/api/\0/x", 8)), 404);
  ExpectProblem(Post("/api/jobs/abc/retry"), 400);
  ExpectProblem(Post("/api/jobs/77/retry"), 404);
  ExpectProblem(Post("/api/destinations/pacs/echo"), 404);
}

TEST_F(AdminApiTest, ShowsWhichAssociationsAreRefusedAndWhatWouldAdmitThem) {
  ExpectProblem(Get("/api/associations"), 404);
  providers.associations = [] {
    AssociationsView view{3, 256, {}};
    view.refused.push_back({"calling_ae_title", "AXIAL", "CT\\x1b", "10.0.0.1", "not in node.peers",
                            "", "node.peers", "- {ae_title: CT}", 7, FromMicros(1'000'000),
                            FromMicros(2'000'000)});
    return view;
  };
  const json answer = json::parse(Get("/api/associations").body);
  EXPECT_EQ(answer["open"], 3);
  EXPECT_EQ(answer["max_associations"], 256);
  const json& row = answer["refused"].at(0);
  EXPECT_EQ(row["calling_ae_title"], "CT\\x1b");
  EXPECT_EQ(row["configuration"], "- {ae_title: CT}");
  EXPECT_EQ(row["section"], "node.peers");
  EXPECT_TRUE(row["remedy"].is_null());
  EXPECT_EQ(row["count"], 7);
  EXPECT_EQ(row["last_at"], "1970-01-01T00:00:02.000000Z");
}

TEST_F(AdminApiTest, NamesTheAllowedMethods) {
  const Response response = Post("/healthz");
  ExpectProblem(response, 405);
  EXPECT_EQ(response.allow, "GET");
  EXPECT_EQ(Get("/api/jobs/1/retry").allow, "POST");
}

TEST_F(AdminApiTest, TurnsAThrowingProviderIntoAnAnswer) {
  providers.rules = []() -> std::vector<config::RuleSpec> { throw std::runtime_error("boom"); };
  ExpectProblem(Get("/api/rules"), 500);
}

TEST_F(AdminApiTest, BytesThatAreNoTextDoNotBreakTheJson) {
  providers.health = [] {
    return std::vector<HealthCheck>{{"disk", Health::kFailing, "bad \xff\xfe byte"}};
  };
  EXPECT_FALSE(
      json::parse(Get("/healthz").body, nullptr, /*allow_exceptions=*/false).is_discarded());
}

TEST_F(AdminApiTest, EveryRouteAnswersSomethingWithoutProviders) {
  for (const AdminApi::RouteName& route : AdminApi::Routes()) {
    const Response response = Api().Handle({route.method, route.pattern, ""});
    EXPECT_NE(response.status, 500) << route.pattern;
    EXPECT_NE(response.status, 405) << route.pattern;
  }
}

}  // namespace
}  // namespace axial::admin
