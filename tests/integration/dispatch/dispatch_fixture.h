#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/metrics.h"
#include "gateway/dispatch/dispatcher.h"
#include "tests/support/repository_paths.h"
#include "tests/support/turned_clock.h"
#include "tests/unit/gateway/store/store_fixture.h"

namespace axial::dispatch {

/// A real store, real processes (axial-fake-worker) and a turned clock.
class DispatchTest : public store::StoreTest {
 protected:
  DispatchTest() {
    workers.processes = 1;
    workers.deadline = std::chrono::minutes(10);
    options.results_directory = folder.File("results");
    options.worker_binary = axial::testing::BinDir() + "/axial-fake-worker";
    options.metrics = &metrics;
    options.clock = &clock;
    options.on_produced = [this] { ++produced_calls; };
    options.startup_deadline = std::chrono::hours(1);
    options.stop_grace = std::chrono::seconds(20);
  }
  // Before the store and the clock go.
  ~DispatchTest() override { dispatcher.reset(); }

  /// A model folder whose worker behaves so.
  config::ModelCard AddModel(const std::string& name, const std::string& behaviour) {
    config::ModelCard card;
    card.folder = folder.File("models/" + name);
    card.name = name;
    card.version = "1";
    std::filesystem::create_directories(card.folder);
    std::ofstream(card.folder + "/model.yaml") << name;
    std::ofstream(card.folder + "/behaviour") << behaviour;
    cards.push_back(card);
    return card;
  }

  /// A queued Job for the model, on a study of its own. Returns its id.
  std::int64_t AddJobFor(const std::string& model,
                         const std::vector<std::string>& send_to = {"pacs"}) {
    const std::string study = "1.2." + std::to_string(++studies_added);
    const std::string series = study + ".1";
    EXPECT_TRUE(studies->AddInstance(MakeInstance(study, series, series + ".1", "a", 0)).ok());
    EXPECT_TRUE(
        studies->CloseRevision(studies->Revisions("open", 10)->front(), "quiet", At(1)).ok());
    const store::NewJob job{study, series, "rule", model, "1", 1, send_to};
    EXPECT_EQ(
        studies->RecordRouting(studies->Revisions("closed", 10)->front(), {}, {job}, At(2)).value(),
        1);
    return jobs->ListOfStudy(study)->front().id;
  }

  void StartDispatcher() {
    dispatcher = std::make_unique<Dispatcher>(*jobs, *reports, workers, cards, options);
    dispatcher->SetDestinations(destinations);
    dispatcher->Start();
  }

  store::Job JobRow(std::int64_t id) const {
    for (store::Job& job : jobs->List(1000).value())
      if (job.id == id) return std::move(job);
    ADD_FAILURE() << "no job " << id;
    return {};
  }

  /// Until the condition holds; false after the deadline of real time.
  [[nodiscard]] bool WaitFor(const std::function<bool()>& condition) const {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
      dispatcher->Nudge();
      ::poll(nullptr, 0, 2);
    }
    return true;
  }
  [[nodiscard]] bool WaitForState(std::int64_t id, store::JobState state) const {
    return WaitFor([&] { return JobRow(id).state == state; });
  }
  /// Until the worker of the model is in the state; its process id.
  [[nodiscard]] pid_t WaitForWorker(const std::string& model, const std::string& state) const {
    pid_t pid = 0;
    const bool reached = WaitFor([&] {
      for (const WorkerStatus& worker : dispatcher->Status().workers)
        if (worker.model == model && worker.state == state) pid = worker.pid;
      return pid != 0;
    });
    EXPECT_TRUE(reached) << model << " is never " << state;
    return pid;
  }
  /// Lets pauses pass each time the Job waits in the queue, until it has failed.
  [[nodiscard]] bool WaitForFailureAfterAllAttempts(std::int64_t id) {
    for (int attempt = 1; attempt < store::kMaxAttempts; ++attempt) {
      const bool lost = WaitFor([&] {
        const store::Job job = JobRow(id);
        return job.attempt == attempt && job.state == store::JobState::kQueued;
      });
      if (!lost) return false;
      clock.Advance(std::chrono::minutes(2));
    }
    return WaitForState(id, store::JobState::kFailed);
  }

  /// How many workers of the model were ever started.
  [[nodiscard]] int StartsOf(const std::string& model) const {
    std::ifstream file(folder.File("models/" + model) + "/starts");
    int starts = 0;
    for (std::string line; std::getline(file, line);) ++starts;
    return starts;
  }
  [[nodiscard]] double Attempts(const std::string& outcome) {
    return metrics.GetCounter("axial_dispatch_attempts_total", "", {{"outcome", outcome}}).Value();
  }

  testing::TurnedClock clock{At(100)};
  Metrics metrics;
  config::Workers workers;
  DispatchOptions options;
  std::vector<config::ModelCard> cards;
  std::map<std::string, config::Destination> destinations;
  std::atomic<int> produced_calls{0};
  int studies_added = 0;
  std::unique_ptr<Dispatcher> dispatcher;
};

}  // namespace axial::dispatch
