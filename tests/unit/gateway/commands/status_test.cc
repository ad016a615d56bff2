#include "gateway/commands/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "gateway/admin/admin_server.h"
#include "tests/support/temp_dir.h"

namespace axial::gateway {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

/// A running gateway's admin interface, and a configuration that names it.
class StatusTest : public ::testing::Test {
 protected:
  StatusTest() {
    providers_.associations = [] {
      admin::AssociationsView view{3, 256, {}};
      view.refused.push_back({"calling_ae_title", "AXIAL", "CT\\x1b[2J", "10.0.0.1",
                              "CT01 is not in node.peers", "if it may send, add it to node.peers",
                              "node.peers", "- {ae_title: CT01, address: 10.0.0.1}", 7,
                              FromMicros(1'000'000), FromMicros(2'000'000)});
      return view;
    };
    providers_.health = [this] {
      return std::vector<admin::HealthCheck>{{"disk", health_, "full of \x1b[2Jthings"}};
    };
    providers_.destinations = [] {
      admin::DestinationView pacs;
      pacs.name = "pacs";
      pacs.state = "failing";
      pacs.owed = 12;
      return std::vector<admin::DestinationView>{pacs};
    };
  }

  void Serve() {
    api_.emplace(studies_, jobs_, deliveries_, metrics_, Clock::System(), providers_);
    config::Admin admin;
    admin.port = 0;
    server_ = admin::AdminServer::Start(admin, *api_).value();
    WriteConfig(server_->port());
  }

  void WriteConfig(int port) {
    std::ofstream(folder_.File("axial.yaml"))
        << "storage: {directory: storage}\nadmin: {port: " << port << "}\n";
  }

  int Run(bool as_json = false) {
    out_.str("");
    err_.str("");
    return RunStatus({folder_.File("axial.yaml"), as_json}, out_, err_);
  }

  testing::TempDir folder_;
  admin::Health health_ = admin::Health::kOk;
  std::unique_ptr<store::Database> database_ =
      store::Database::Open(folder_.File("axial.db")).value();
  store::StudyStore studies_{*database_};
  store::JobStore jobs_{*database_};
  store::DeliveryStore deliveries_{*database_};
  Metrics metrics_;
  admin::AdminProviders providers_;
  std::optional<admin::AdminApi> api_;
  std::unique_ptr<admin::AdminServer> server_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(StatusTest, SaysHowTheGatewayIsAndWhomItRefusedWithTheLineThatAdmits) {
  Serve();
  EXPECT_EQ(Run(), 0) << err_.str();
  EXPECT_EQ(out_.str(),
            "gateway: ok\n"
            "associations: 3 open of 256\n"
            "refused associations since the start, the newest first:\n"
            "  \"CT\\x1b[2J\" from 10.0.0.1: calling_ae_title: CT01 is not in node.peers\n"
            "    7 times, from 1970-01-01T00:00:01.000000Z to 1970-01-01T00:00:02.000000Z\n"
            "    if it may send, add it to node.peers\n"
            "    in node.peers:\n"
            "      - {ae_title: CT01, address: 10.0.0.1}\n"
            "jobs: none\n"
            "destination pacs: failing, 12 results owed, 0 refused\n");
}

TEST_F(StatusTest, PrintsJsonForPrograms) {
  Serve();
  EXPECT_EQ(Run(/*as_json=*/true), 0);
  const json status = json::parse(out_.str());
  EXPECT_EQ(status["health"]["status"], "ok");
  EXPECT_EQ(status["associations"]["refused"].at(0)["count"], 7);
  EXPECT_TRUE(status["jobs"].contains("count_by_state"));
  EXPECT_EQ(status["destinations"]["destinations"].at(0)["name"], "pacs");
}

TEST_F(StatusTest, AGatewayThatFailsIsNoSuccess) {
  health_ = admin::Health::kFailing;
  Serve();
  EXPECT_EQ(Run(), 1);
  EXPECT_THAT(out_.str(), HasSubstr("gateway: failing\n  disk: full of \\x1b[2Jthings\n"));
}

TEST_F(StatusTest, LeavesOutWhatThisProcessDoesNotHave) {
  providers_.associations = nullptr;
  Serve();
  EXPECT_EQ(Run(), 0);
  EXPECT_THAT(out_.str(), ::testing::Not(HasSubstr("associations")));
}

TEST_F(StatusTest, SaysWhatToDoWhenNobodyAnswers) {
  Serve();
  server_.reset();
  EXPECT_EQ(Run(), 1);
  EXPECT_THAT(err_.str(), HasSubstr("does `axial serve` run with this configuration?"));
  WriteConfig(0);
  EXPECT_EQ(Run(), 1);
  EXPECT_THAT(err_.str(), HasSubstr("admin.port is 0"));
}

TEST(StatusText, SurvivesAnythingThatIsJson) {
  for (const char* text :
       {"{}", R"({"health": 1, "jobs": [], "destinations": null, "associations": "x"})",
        R"({"health": {"reasons": [1, {}]}, "jobs": {"count_by_state": 3}})",
        R"({"associations": {"refused": [1, null, {"calling_ae_title": {}}]}})",
        R"({"destinations": {"destinations": [[], {"owed": "\u001b[2J\u009b"}]}})"}) {
    const std::string shown = StatusText(json::parse(text));
    EXPECT_EQ(shown.find('\x1b'), std::string::npos) << shown;
    EXPECT_EQ(shown.find("\xc2\x9b"), std::string::npos) << shown;
  }
}

}  // namespace
}  // namespace axial::gateway
