#include "gateway/pipeline/row_writer.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <utility>

#include "core/base/crash_point.h"
#include "core/base/log.h"
#include "core/base/log_exceptions.h"

namespace axial::pipeline {
namespace {

/// A transaction costs as much as some rows, and nobody waits for one.
constexpr std::chrono::milliseconds kLinger{10};
constexpr std::size_t kEnoughForOne = RowWriter::kMaxWaiting / 2;
constexpr std::chrono::milliseconds kRetry{200};

}  // namespace

struct RowWriter::State {
  WriteAll write_all;
  std::function<void()> on_written;
  std::mutex mutex;
  std::condition_variable work;     ///< for the thread
  std::condition_variable written;  ///< for those who wait for room, or for their rows
  std::vector<AnsweredInstance> waiting;
  std::int64_t put = 0;   ///< ever
  std::int64_t done = 0;  ///< of these; what is being written is not
  Status failing;         ///< why what waits could not be written the last time
  bool hurry = false;     ///< somebody waits for it
  bool stopping = false;
  std::thread thread;

  void Run();
  void WriteWaiting(std::unique_lock<std::mutex>& lock);
};

/// Called, and returns, with `lock` held.
void RowWriter::State::WriteWaiting(std::unique_lock<std::mutex>& lock) {
  std::vector<AnsweredInstance> batch = std::exchange(waiting, {});
  hurry = false;
  lock.unlock();
  CrashPoint("answered");
  Status status = Error(ErrorCode::kUnavailable, "rows were not written");
  static_cast<void>(LogExceptions("rows", [&] { status = write_all(batch); }));
  const std::size_t count = batch.size();
  if (status.ok()) batch.clear();  // outside the lock: folders may be left with it
  lock.lock();
  if (status.ok()) {
    done += static_cast<std::int64_t>(count);
  } else {
    batch.insert(batch.end(), std::make_move_iterator(waiting.begin()),
                 std::make_move_iterator(waiting.end()));
    waiting = std::move(batch);
    if (failing.ok())
      Log(LogLevel::kError, "rows_not_written",
          {{"instances", waiting.size()}, {"reason", status.error().ToString()}});
  }
  if (status.ok() && !failing.ok()) Log(LogLevel::kInfo, "rows_written_again");
  failing = std::move(status);
  written.notify_all();
  if (!failing.ok()) return;
  lock.unlock();
  static_cast<void>(LogExceptions("rows", on_written));
  lock.lock();
}

void RowWriter::State::Run() {
  std::unique_lock lock(mutex);
  while (true) {
    work.wait(lock, [&] { return stopping || !waiting.empty(); });
    if (waiting.empty()) return;
    const bool last = stopping;
    if (failing.ok())
      work.wait_for(lock, kLinger,
                    [&] { return stopping || hurry || waiting.size() >= kEnoughForOne; });
    else
      work.wait_for(lock, kRetry, [&] { return stopping; });
    WriteWaiting(lock);
    if (last && !failing.ok()) return;
  }
}

RowWriter::RowWriter(WriteAll write_all, std::function<void()> on_written)
    : state_(std::make_unique<State>()) {
  state_->write_all = std::move(write_all);
  state_->on_written = std::move(on_written);
  state_->thread = std::thread([state = state_.get()] { state->Run(); });
}

RowWriter::~RowWriter() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->work.notify_all();
  state_->thread.join();
  if (!state_->waiting.empty())
    Log(LogLevel::kError, "rows_left_to_next_start", {{"instances", state_->waiting.size()}});
}

Status RowWriter::Put(AnsweredInstance instance) {
  std::unique_lock lock(state_->mutex);
  state_->written.wait(
      lock, [&] { return state_->waiting.size() < kMaxWaiting || !state_->failing.ok(); });
  if (!state_->failing.ok()) return state_->failing;
  state_->waiting.push_back(std::move(instance));
  ++state_->put;
  const std::size_t count = state_->waiting.size();
  lock.unlock();
  if (count == 1 || count == kEnoughForOne) state_->work.notify_one();
  return {};
}

bool RowWriter::Flush() {
  std::unique_lock lock(state_->mutex);
  const std::int64_t until = state_->put;
  if (state_->done >= until) return true;
  state_->hurry = true;
  state_->work.notify_one();
  state_->written.wait(lock, [&] { return state_->done >= until || !state_->failing.ok(); });
  return state_->done >= until;
}

Status RowWriter::Trouble() const {
  const std::lock_guard lock(state_->mutex);
  return state_->failing;
}

}  // namespace axial::pipeline
