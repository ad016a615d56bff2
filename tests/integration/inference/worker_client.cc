#include "tests/integration/inference/worker_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "inference/protocol/framing.h"
#include "tests/support/repository_paths.h"

namespace axial::testing {

WorkerClient::WorkerClient(const std::string& model_folder, const std::vector<std::string>& more) {
  int fds[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) return;
  std::vector<std::string> arguments = {BinDir() + "/axial-worker", "--fd",
                                        fmt::format("{}", fds[1])};
  if (!model_folder.empty()) arguments.insert(arguments.end(), {"--model", model_folder});
  arguments.insert(arguments.end(), more.begin(), more.end());
  std::vector<char*> raw;
  for (std::string& argument : arguments) raw.push_back(argument.data());
  raw.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::close(fds[0]);
    ::execv(raw[0], raw.data());
    ::_exit(127);
  }
  ::close(fds[1]);
  fd_ = fds[0];
}

WorkerClient::~WorkerClient() {
  if (fd_ >= 0) ::close(fd_);
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

Result<protocol::Message> WorkerClient::Read() {
  pollfd descriptor = {fd_, POLLIN, 0};
  constexpr int kDeadlineMs = 240'000;  // workers are SCHED_IDLE: other tests go first
  if (::poll(&descriptor, 1, kDeadlineMs) != 1)
    return Error(ErrorCode::kTimeout, "the worker says nothing");
  return protocol::ReadFrame(fd_);
}

Result<protocol::Message> WorkerClient::Perform(const protocol::RunJob& job) {
  AXIAL_RETURN_IF_ERROR(protocol::WriteFrame(fd_, job));
  for (;;) {
    Result<protocol::Message> message = Read();
    if (!message.ok() || !std::holds_alternative<protocol::Progress>(*message)) return message;
  }
}

int WorkerClient::CloseAndWait() {
  ::close(fd_);
  fd_ = -1;
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace axial::testing
