#pragma once

#include <poll.h>
#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "inference/protocol/messages.h"

namespace axial::dispatch {

/// How one worker process is started.
struct WorkerCommand {
  std::string binary;        ///< absolute path of axial-worker
  std::string model;         ///< its name, for logs
  std::string model_folder;  ///< absolute; --model; "": no model, --failure-reports
  int threads = 1;           ///< --threads
  std::int64_t memory_bytes = std::int64_t{8} << 30;  ///< --memory
  std::string device = "auto";                        ///< --device
};

/// The process is gone (or never spoke the protocol and was killed for it); the last event.
struct WorkerExited {
  Error reason;  ///< Internal; says signal or status and the last line it wrote to standard error
};

using WorkerEvent = std::variant<protocol::Message, WorkerExited>;

/// One worker process, seen from the gateway. Never blocks. Not thread-safe: one thread starts,
/// drives and destroys it (the worker asks the kernel to die with the thread that started it).
class WorkerProcess {
 public:
  /// Kills the process if it lives, and reaps it.
  virtual ~WorkerProcess() = default;

  [[nodiscard]] virtual pid_t pid() const = 0;

  /// Queues a message; it is written as the worker reads. A worker that is gone is seen by
  /// NextEvent. Error: InvalidInput (longer than protocol::kMaxFrameBytes).
  [[nodiscard]] virtual Status Send(const protocol::Message& message) = 0;

  /// Writes, reads and logs what is ready; then the next event, or nullopt. Bytes that are no
  /// protocol kill the process. After WorkerExited, always nullopt.
  [[nodiscard]] virtual std::optional<WorkerEvent> NextEvent() = 0;

  /// Sends a signal (SIGTERM, SIGKILL) to this process alone; nothing when it is gone.
  virtual void Signal(int signal) = 0;

  /// Adds the descriptors to wait on before NextEvent can have news.
  virtual void AppendPollDescriptors(std::vector<pollfd>& descriptors) const = 0;
};

/// Starts one. Errors: NotFound (no such binary), Exhausted (descriptors, processes, memory).
using WorkerLauncher =
    std::function<Result<std::unique_ptr<WorkerProcess>>(const WorkerCommand& command)>;

/// The real launcher: a child process over a socket pair; it inherits no other descriptor of the
/// gateway. Its standard error goes line by line to our log as `worker_stderr`.
[[nodiscard]] Result<std::unique_ptr<WorkerProcess>> SpawnWorker(const WorkerCommand& command);

/// `axial-worker` in the folder of the running executable.
[[nodiscard]] std::string WorkerBinaryBesideExecutable();

}  // namespace axial::dispatch
