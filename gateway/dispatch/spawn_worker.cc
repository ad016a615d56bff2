#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "gateway/dispatch/owned_fd.h"
#include "gateway/dispatch/spawned_worker.h"
#include "gateway/dispatch/worker_process.h"

namespace axial::dispatch {
namespace {

/// The descriptor of the protocol in the child.
constexpr int kChildSocket = 3;
/// Descriptors meant for the child are moved above this one, so that no dup2 hits another of them.
constexpr int kFirstSafeFd = 10;
/// The kernel's out-of-memory killer takes a worker before the gateway.
constexpr const char* kOomScoreAdjustment = "500";

Error FromErrno(const char* what, int number) {
  const bool missing = number == ENOENT || number == EACCES || number == ENOEXEC;
  return MakeError(missing ? ErrorCode::kNotFound : ErrorCode::kExhausted, "{}: {}", what,
                   std::strerror(number));
}

/// Both ends of a socket pair or pipe, above kFirstSafeFd and closed on exec.
struct Ends {
  OwnedFd ours;
  OwnedFd childs;
};

Result<Ends> Lift(const std::array<int, 2>& pair) {
  const OwnedFd low_ours(pair[0]);
  const OwnedFd low_childs(pair[1]);
  Ends ends{OwnedFd(::fcntl(pair[0], F_DUPFD_CLOEXEC, kFirstSafeFd)),
            OwnedFd(::fcntl(pair[1], F_DUPFD_CLOEXEC, kFirstSafeFd))};
  if (!ends.ours.valid() || !ends.childs.valid()) return FromErrno("descriptor", errno);
  return ends;
}

Result<Ends> MakeSocketPair() {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
    return FromErrno("socketpair", errno);
  return Lift(pair);
}

Result<Ends> MakePipe() {
  std::array<int, 2> pair{};
  if (::pipe2(pair.data(), O_CLOEXEC) != 0) return FromErrno("pipe", errno);
  AXIAL_ASSIGN_OR_RETURN(Ends ends, Lift(pair));
  ::fcntl(ends.ours.get(), F_SETFL, O_NONBLOCK);
  return ends;
}

/// What happens in the child before exec: only its three standard descriptors and the socket stay
/// open (DCMTK's sockets are not closed on exec), and it is deaf to the terminal's signals.
class SpawnPlan {
 public:
  SpawnPlan(int socket, int stderr_pipe) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, stderr_pipe, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, stderr_pipe, STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, socket, kChildSocket);
    posix_spawn_file_actions_addclosefrom_np(&actions_, kChildSocket + 1);

    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGCHLD})
      sigaddset(&defaults, signal);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &defaults);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnPlan() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  [[nodiscard]] Result<pid_t> Spawn(std::vector<std::string> arguments) const {
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_t pid = 0;
    const int failed = posix_spawn(&pid, argv[0], &actions_, &attributes_, argv.data(), environ);
    if (failed != 0) return FromErrno(argv[0], failed);
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

}  // namespace

Result<std::unique_ptr<WorkerProcess>> SpawnWorker(const WorkerCommand& command) {
  AXIAL_ASSIGN_OR_RETURN(Ends socket, MakeSocketPair());
  AXIAL_ASSIGN_OR_RETURN(Ends errors, MakePipe());
  const SpawnPlan plan(socket.childs.get(), errors.childs.get());
  std::vector<std::string> arguments = {command.binary,
                                        "--fd",
                                        std::to_string(kChildSocket),
                                        "--threads",
                                        std::to_string(command.threads),
                                        "--memory",
                                        std::to_string(command.memory_bytes),
                                        "--device",
                                        command.device};
  if (command.model_folder.empty())
    arguments.emplace_back("--failure-reports");
  else
    arguments.insert(arguments.end(), {"--model", command.model_folder});
  AXIAL_ASSIGN_OR_RETURN(const pid_t pid, plan.Spawn(std::move(arguments)));
  WorkerPipes pipes;
  pipes.pid = pid;
  pipes.pidfd = OwnedFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const int pidfd_error = errno;
  pipes.socket = std::move(socket.ours);
  pipes.stderr_pipe = std::move(errors.ours);
  const bool watched = pipes.pidfd.valid();
  // From here on the process is owned: an early return kills and reaps it.
  auto worker = std::make_unique<SpawnedWorker>(std::move(pipes), command.model);
  if (!watched) return FromErrno("pidfd_open (Linux 5.3 or newer is needed)", pidfd_error);
  std::ofstream("/proc/" + std::to_string(pid) + "/oom_score_adj") << kOomScoreAdjustment;
  return std::unique_ptr<WorkerProcess>(std::move(worker));
}

std::string WorkerBinaryBesideExecutable() {
  std::error_code ignored;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  return (self.parent_path() / "axial-worker").string();
}

}  // namespace axial::dispatch
