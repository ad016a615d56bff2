#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/base/result.h"
#include "inference/protocol/messages.h"

namespace axial::testing {

/// A real axial-worker process and the gateway's end of its socket. Killed at the end of the scope.
class WorkerClient {
 public:
  /// Starts `axial-worker --fd N --model <folder> <more>`; an empty folder leaves out --model.
  WorkerClient(const std::string& model_folder, const std::vector<std::string>& more = {});
  ~WorkerClient();
  WorkerClient(const WorkerClient&) = delete;
  WorkerClient& operator=(const WorkerClient&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] pid_t pid() const { return pid_; }

  /// The next message; Timeout when none comes within a minute.
  [[nodiscard]] Result<protocol::Message> Read();
  /// Sends the job and reads until its answer, skipping progress.
  [[nodiscard]] Result<protocol::Message> Perform(const protocol::RunJob& job);
  /// Closes our end and waits; the exit status, or -1 when a signal ended it.
  int CloseAndWait();

 private:
  int fd_ = -1;
  pid_t pid_ = -1;
};

}  // namespace axial::testing
