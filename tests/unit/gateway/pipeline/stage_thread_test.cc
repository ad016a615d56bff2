#include "gateway/pipeline/stage_thread.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

namespace axial::pipeline {
namespace {

/// Counts rounds and lets a test wait for the n-th.
class Rounds {
 public:
  void Count() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  bool WaitFor(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return count_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

TEST(StageThread, RunsAtStartAndOnANudge) {
  Rounds rounds;
  StageThread stage("test", Clock::System(), std::chrono::hours(1),
                    [&](TimePoint) -> Result<std::optional<TimePoint>> {
                      rounds.Count();
                      return std::optional<TimePoint>{};
                    });
  ASSERT_TRUE(rounds.WaitFor(1));
  stage.Nudge();
  ASSERT_TRUE(rounds.WaitFor(2));
}

/// It rests after a round, and looks then.
TEST(StageThread, ANudgeDuringARoundOrARestIsNotLost) {
  Rounds rounds;
  StageThread* self = nullptr;
  std::mutex made;
  std::unique_lock making(made);
  int left = 3;
  StageThread stage("test", Clock::System(), std::chrono::hours(1),
                    [&](TimePoint) -> Result<std::optional<TimePoint>> {
                      const std::lock_guard wait(made);
                      rounds.Count();
                      if (--left > 0) self->Nudge();
                      return std::optional<TimePoint>{};
                    });
  self = &stage;
  making.unlock();
  ASSERT_TRUE(rounds.WaitFor(3));
  stage.Nudge();  // rests most likely
  ASSERT_TRUE(rounds.WaitFor(4));
}

TEST(StageThread, RunsAgainWhenTheStageSaidItFallsDueAndAfterWhatWentWrong) {
  Rounds rounds;
  int calls = 0;
  StageThread stage("test", Clock::System(), std::chrono::milliseconds(20),
                    [&](TimePoint now) -> Result<std::optional<TimePoint>> {
                      rounds.Count();
                      if (++calls == 1) return Error(ErrorCode::kUnavailable, "on purpose");
                      if (calls == 2) throw std::runtime_error("on purpose");
                      return std::optional<TimePoint>(now + std::chrono::milliseconds(5));
                    });
  ASSERT_TRUE(rounds.WaitFor(4));
}

}  // namespace
}  // namespace axial::pipeline
