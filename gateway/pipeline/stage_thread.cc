#include "gateway/pipeline/stage_thread.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "core/base/log.h"
#include "core/base/log_exceptions.h"

namespace axial::pipeline {
namespace {

/// Between two rounds: every Instance nudges, and hundreds come in a second.
constexpr std::chrono::milliseconds kRest{10};

}  // namespace

struct StageThread::State {
  std::string name;
  const Clock& clock;
  Duration tick;
  RunOnce run_once;
  std::mutex mutex;
  std::condition_variable wake;
  bool nudged = true;  // what an earlier process left must not wait for a nudge
  bool stopping = false;
  bool resting = false;  // it looks at `nudged` when it has rested
  std::thread thread;

  /// One round; how long to wait for the next one.
  Duration Round() {
    const TimePoint now = clock.Now();
    const Result<std::optional<TimePoint>> next = run_once(now);
    if (!next.ok()) {
      Log(LogLevel::kError, "stage_failed", {{"stage", name}, {"error", next.error().ToString()}});
      return tick;
    }
    if (!*next) return tick;
    return std::clamp(Duration(**next - clock.Now()), Duration(0), tick);
  }

  void Run() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      nudged = false;
      lock.unlock();
      Duration pause = tick;
      static_cast<void>(LogExceptions(name, [&] { pause = Round(); }));
      lock.lock();
      resting = true;
      wake.wait_for(lock, kRest, [&] { return stopping; });
      resting = false;
      wake.wait_for(lock, pause, [&] { return nudged || stopping; });
    }
  }
};

StageThread::StageThread(std::string name, const Clock& clock, Duration tick, RunOnce run_once)
    : state_(new State{
          std::move(name), clock, tick, std::move(run_once), {}, {}, true, false, false, {}}) {
  state_->thread = std::thread([state = state_.get()] { state->Run(); });
}

StageThread::~StageThread() { Stop(); }

void StageThread::Stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
}

void StageThread::Nudge() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->nudged = true;
    if (state_->resting) return;
  }
  state_->wake.notify_all();
}

}  // namespace axial::pipeline
