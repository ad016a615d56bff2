#pragma once

#include <chrono>
#include <deque>
#include <string>

#include "gateway/dispatch/line_splitter.h"
#include "gateway/dispatch/owned_fd.h"
#include "gateway/dispatch/worker_process.h"
#include "inference/protocol/framing.h"

namespace axial::dispatch {

/// What a child process was started with; our ends do not block.
struct WorkerPipes {
  pid_t pid = 0;
  OwnedFd pidfd;   ///< readable once the process is dead
  OwnedFd socket;  ///< the protocol
  OwnedFd stderr_pipe;
};

/// A WorkerProcess that is a child of this process.
class SpawnedWorker final : public WorkerProcess {
 public:
  SpawnedWorker(WorkerPipes pipes, std::string model);
  ~SpawnedWorker() override;

  [[nodiscard]] pid_t pid() const override { return pipes_.pid; }
  [[nodiscard]] Status Send(const protocol::Message& message) override;
  [[nodiscard]] std::optional<WorkerEvent> NextEvent() override;
  void Signal(int signal) override;
  void AppendPollDescriptors(std::vector<pollfd>& descriptors) const override;

 private:
  /// Upper bounds of what one NextEvent takes in, so that one loud worker does not starve others.
  static constexpr std::size_t kReadBytesAtOnce = 256u << 10;
  /// Lines of standard error logged per second; the rest is counted.
  static constexpr int kMaxLinesPerSecond = 200;
  /// A live process that closed its socket is of no use; it gets this long to end by itself.
  static constexpr std::chrono::seconds kEndAfterEof{1};

  void WriteOut();
  void ReadSocket();
  void ReadStderr();
  void LogLine(const std::string& line);
  /// Reaps the process if it is dead. True once reaped.
  bool Reap(bool wait);
  void Kill(std::string reason);

  WorkerPipes pipes_;
  std::string model_;
  protocol::FrameReader reader_;
  std::string outgoing_;
  std::size_t sent_ = 0;
  LineSplitter lines_;
  std::string last_line_;
  std::chrono::steady_clock::time_point line_window_{};
  int lines_in_window_ = 0;
  int lines_dropped_ = 0;
  std::string killed_for_;
  std::chrono::steady_clock::time_point eof_at_{};
  bool reaped_ = false;
  bool reported_ = false;
  int wait_status_ = -1;
};

}  // namespace axial::dispatch
