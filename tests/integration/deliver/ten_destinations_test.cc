#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <set>

#include "gateway/deliver/delivery_stage.h"
#include "tests/integration/deliver/dicom_pacs.h"
#include "tests/integration/deliver/dicom_peers.h"
#include "tests/integration/deliver/web_peers.h"
#include "tests/unit/gateway/deliver/deliver_fixture.h"

namespace axial::deliver {
namespace {

using std::chrono::steady_clock;
using testing::DicomPacs;
using testing::FreePort;
using testing::kSegmentation;
using testing::ScriptedServer;
using testing::SilentServer;
using testing::StoreScp;

constexpr int kStudies = 20;  // below 25: study 2.25 would hold the UIDs of results
constexpr int kFast = 5;

/// Holds answers back until it is opened.
class Gate {
 public:
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    opened_.wait_for(lock, std::chrono::seconds(60), [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

class TenDestinationsTest : public DeliverTest {
 protected:
  static config::Destination Web(const std::string& url) {
    config::Destination destination;
    destination.kind = config::DestinationKind::kStow;
    destination.url = url;
    return destination;
  }

  /// One result of each study `<prefix>.<n>`, owed to all of them.
  void OweStudies(const std::string& prefix,
                  const std::map<std::string, config::Destination>& destinations) {
    std::vector<std::string> names;
    for (const auto& [name, destination] : destinations) names.push_back(name);
    for (int i = 1; i <= kStudies; ++i) {
      const std::string study = prefix + "." + std::to_string(i);
      Owe({testing::WriteArtifact(folder.File(study), kSegmentation, "2.25." + study)}, names,
          study);
    }
  }

  std::unique_ptr<DeliveryStage> MakeStage(
      const std::map<std::string, config::Destination>& destinations) {
    DeliverOptions options;
    options.metrics = &metrics;
    return std::make_unique<DeliveryStage>(*deliveries, destinations, "AXIAL", options);
  }

  double Count(const std::string& destination, const char* outcome) {
    return metrics
        .GetCounter("axial_deliver_deliveries_total", "Tries to deliver one artifact, by outcome",
                    {{"destination", destination}, {"outcome", outcome}})
        .Value();
  }

  /// Until the five fast ones have `wanted` results each.
  std::chrono::milliseconds TimeOfTheFast(DeliveryStage& stage, int wanted) {
    const auto start = steady_clock::now();
    EXPECT_TRUE(stage.Start().ok());
    EXPECT_TRUE(testing::WaitUntil([&] {
      for (int i = 0; i < kFast; ++i)
        if (Count("fast" + std::to_string(i), "confirmed") < wanted) return false;
      return true;
    }));
    return std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - start);
  }
};

TEST_F(TenDestinationsTest, FiveFinishAtFullSpeedWhileThreeAreDeadOneIsSlowAndOneRejects) {
  std::vector<std::unique_ptr<StoreScp>> fast;
  std::map<std::string, config::Destination> destinations;
  for (int i = 0; i < kFast; ++i) {
    const std::uint16_t port = FreePort();
    const std::string name = "fast" + std::to_string(i);
    fast.push_back(std::make_unique<StoreScp>(port, folder.File(name + "-scp")));
    ASSERT_TRUE(fast.back()->listening());
    destinations[name] = DicomPacs(port);
  }
  OweStudies("1", destinations);
  auto stage = MakeStage(destinations);
  const auto alone = TimeOfTheFast(*stage, kStudies);
  stage->Stop();

  SilentServer silent;                                  // dead: says nothing
  destinations["dead_closed"] = DicomPacs(FreePort());  // dead: not there
  destinations["dead_silent"] = DicomPacs(silent.port());
  const std::uint16_t rejecting_port = FreePort();
  const StoreScp no_association(rejecting_port, folder.File("no"), {"--refuse"});
  ASSERT_TRUE(no_association.listening());
  destinations["dead_refusing"] = DicomPacs(rejecting_port);  // dead: no Association
  Gate gate;
  ScriptedServer slow([&](const std::string&) {
    gate.Wait();
    return testing::Http("200 OK");
  });
  destinations["slow"] = Web(slow.url());
  ScriptedServer rejects([](const std::string&) {
    return testing::Http(
        "409 Conflict",
        R"({"00081198":{"vr":"SQ","Value":[{"00081197":{"vr":"US","Value":[49152]}}]}})");
  });
  destinations["rejects"] = Web(rejects.url());
  ASSERT_EQ(destinations.size(), 10U);
  OweStudies("2", destinations);
  stage = MakeStage(destinations);
  const auto together = TimeOfTheFast(*stage, 2 * kStudies);
  // All of it, while the slow one has not answered once and the silent one is still waited for.
  EXPECT_EQ(Count("slow", "stored") + Count("slow", "confirmed"), 0);
  EXPECT_EQ(Count("dead_silent", "postponed"), 0);
  for (int i = 0; i < kFast; ++i)
    EXPECT_EQ(Count("fast" + std::to_string(i), "postponed"), 0) << "tried in vain";
  std::cout << kStudies << " results to each of five: " << alone.count() << " ms alone, "
            << together.count() << " ms beside five that ail\n";

  EXPECT_TRUE(testing::WaitUntil([&] { return Count("rejects", "refused") == kStudies; }));
  gate.Open();
  EXPECT_TRUE(testing::WaitUntil([&] { return Count("slow", "confirmed") == kStudies; }));
  for (const DestinationStatus& status : stage->Statuses()) {
    SCOPED_TRACE(status.name);
    const bool dead = status.name.starts_with("dead");
    EXPECT_EQ(status.owed, dead ? kStudies : 0);
    EXPECT_EQ(status.refused, status.name == "rejects" ? kStudies : 0);
    if (status.name == "dead_closed" || status.name == "dead_refusing") {
      EXPECT_EQ(status.state, DestinationState::kFailing);
    }
  }
  stage->Stop();
}

/// Waits until all of `count` are there, then lets them go on: the next round begins.
class Rounds {
 public:
  explicit Rounds(int count) : count_(count) {}
  /// False: the others did not come in time.
  bool Meet() {
    std::unique_lock lock(mutex_);
    const int round = done_;
    if (++here_ == count_) {
      here_ = 0;
      ++done_;
      all_here_.notify_all();
      return true;
    }
    return all_here_.wait_for(lock, std::chrono::seconds(20), [&] { return done_ != round; });
  }
  int done() {
    const std::lock_guard lock(mutex_);
    return done_;
  }

 private:
  const int count_;
  std::mutex mutex_;
  std::condition_variable all_here_;
  int here_ = 0;
  int done_ = 0;
};

/// Each of the five answers its n-th result only when all five got theirs: whoever of them were
/// served after another, or after one that ails, would stop them all at the first round.
TEST_F(TenDestinationsTest, FiveAreServedAtOnceAtEachStepWhileFiveAil) {
  Rounds rounds(kFast);
  std::atomic<bool> held_up = false;
  std::map<std::string, config::Destination> destinations;
  std::vector<std::unique_ptr<ScriptedServer>> fast;
  for (int i = 0; i < kFast; ++i) {
    fast.push_back(std::make_unique<ScriptedServer>([&](const std::string&) {
      if (!held_up && !rounds.Meet()) held_up = true;
      return testing::Http("200 OK");
    }));
    config::Destination& web = destinations["fast" + std::to_string(i)] = Web(fast.back()->url());
    web.confirmation = config::Confirmation::kStatus;
  }
  SilentServer silent;
  destinations["dead_closed"] = DicomPacs(FreePort());
  destinations["dead_silent"] = DicomPacs(silent.port());
  destinations["dead_closed_web"] = Web("http://127.0.0.1:" + std::to_string(FreePort()));
  Gate gate;
  ScriptedServer slow([&](const std::string&) {
    gate.Wait();
    return testing::Http("200 OK");
  });
  destinations["slow"] = Web(slow.url());
  ScriptedServer rejects([](const std::string&) { return testing::Http("409 Conflict"); });
  destinations["rejects"] = Web(rejects.url());
  ASSERT_EQ(destinations.size(), 10U);
  OweStudies("4", destinations);
  const auto stage = MakeStage(destinations);
  const auto time = TimeOfTheFast(*stage, kStudies);
  EXPECT_EQ(rounds.done(), kStudies);
  EXPECT_FALSE(held_up);
  EXPECT_EQ(Count("slow", "stored") + Count("slow", "confirmed"), 0);
  std::cout << kStudies << " results to each of five, step by step: " << time.count() << " ms\n";
  gate.Open();
  stage->Stop();
}

/// Peak of Associations at once, counted by a server that holds each until enough are there.
TEST_F(TenDestinationsTest, SeveralConnectionsWorkAtOnceAndOneStudyGoesOverOneOfThem) {
  std::mutex mutex;
  std::set<std::string> under_way;
  std::size_t peak = 0;
  bool twice = false;
  Gate enough;
  ScriptedServer server(
      [&](const std::string& request) {
        const std::string study = request.substr(request.find("2.25.3.") + 7, 1);
        {
          const std::lock_guard lock(mutex);
          twice = twice || !under_way.insert(study).second;
          peak = std::max(peak, under_way.size());
          if (peak >= 4) enough.Open();
        }
        enough.Wait();
        const std::lock_guard lock(mutex);
        under_way.erase(study);
        return testing::Http("200 OK");
      },
      ScriptedServer::Clients::kManyAtOnce);
  config::Destination web = Web(server.url());
  web.connections = 4;
  web.confirmation = config::Confirmation::kStatus;
  for (int i = 1; i <= 8; ++i) {
    const std::string study = "3." + std::to_string(i);
    Owe({testing::WriteArtifact(folder.File(study + "a"), kSegmentation, "2.25." + study),
         testing::WriteArtifact(folder.File(study + "b"), kSegmentation, "2.25." + study + ".1")},
        {"web"}, study);
  }
  const auto stage = MakeStage({{"web", web}});
  ASSERT_TRUE(stage->Start().ok());
  EXPECT_TRUE(testing::WaitUntil([&] { return Count("web", "confirmed") == 16; }));
  enough.Open();
  stage->Stop();
  EXPECT_EQ(peak, 4U);
  EXPECT_FALSE(twice) << "two connections sent of one study at once";
}

}  // namespace
}  // namespace axial::deliver
