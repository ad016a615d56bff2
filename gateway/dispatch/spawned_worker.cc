#include "gateway/dispatch/spawned_worker.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "core/base/log.h"
#include "gateway/dispatch/exit_reason.h"

namespace axial::dispatch {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// Of the last line kept in the reason of a lost attempt.
constexpr std::size_t kMaxReasonBytes = 400;

}  // namespace

SpawnedWorker::SpawnedWorker(WorkerPipes pipes, std::string model)
    : pipes_(std::move(pipes)),
      model_(std::move(model)),
      lines_([this](const std::string& line) { LogLine(line); }) {}

SpawnedWorker::~SpawnedWorker() {
  Signal(SIGKILL);
  Reap(/*wait=*/true);
}

Status SpawnedWorker::Send(const protocol::Message& message) {
  std::string frame = protocol::EncodeFrame(message);
  if (frame.size() > protocol::kMaxFrameBytes)
    return MakeError(ErrorCode::kInvalidInput,
                     "a message of {} bytes to the worker is too long; at most {}", frame.size(),
                     protocol::kMaxFrameBytes);
  outgoing_ += frame;
  WriteOut();
  return {};
}

std::optional<WorkerEvent> SpawnedWorker::NextEvent() {
  if (reported_) return std::nullopt;
  WriteOut();
  // Looked at before reading: what a dead process sent is then all there to be read.
  const bool dead = Reap(/*wait=*/false);
  for (bool read = false; killed_for_.empty(); read = true) {
    Result<std::optional<protocol::Message>> message = reader_.Pop();
    if (!message.ok()) {
      Kill("it broke the protocol: " + message.error().message());
    } else if (*message) {
      return WorkerEvent(std::move(**message));
    } else if (read) {
      break;
    } else {
      ReadSocket();
    }
  }
  ReadStderr();
  if (!dead) {
    if (eof_at_ != SteadyClock::time_point{} && SteadyClock::now() - eof_at_ > kEndAfterEof)
      Kill("it closed its connection and went on running");
    return std::nullopt;
  }
  lines_.Flush();
  reported_ = true;
  return WorkerEvent(WorkerExited{ExitReason(wait_status_, killed_for_, last_line_)});
}

void SpawnedWorker::Signal(int signal) {
  // Not yet reaped, so the id still means this process.
  if (!reaped_) ::kill(pipes_.pid, signal);
}

void SpawnedWorker::AppendPollDescriptors(std::vector<pollfd>& descriptors) const {
  if (reported_) return;
  descriptors.push_back({pipes_.pidfd.get(), POLLIN, 0});
  if (pipes_.stderr_pipe.valid()) descriptors.push_back({pipes_.stderr_pipe.get(), POLLIN, 0});
  if (!pipes_.socket.valid() || !killed_for_.empty()) return;
  const bool waiting = sent_ < outgoing_.size();
  descriptors.push_back(
      {pipes_.socket.get(), static_cast<short>(waiting ? POLLIN | POLLOUT : POLLIN), 0});
}

void SpawnedWorker::WriteOut() {
  while (pipes_.socket.valid() && sent_ < outgoing_.size()) {
    const ssize_t sent = ::send(pipes_.socket.get(), outgoing_.data() + sent_,
                                outgoing_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (sent < 0) break;  // gone: reading will see the end of the stream
    sent_ += static_cast<std::size_t>(sent);
  }
  outgoing_.clear();
  sent_ = 0;
}

void SpawnedWorker::ReadSocket() {
  std::array<char, 64u << 10> bytes;
  for (std::size_t total = 0; pipes_.socket.valid() && (reaped_ || total < kReadBytesAtOnce);) {
    const ssize_t got = ::recv(pipes_.socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (got <= 0) {
      pipes_.socket.Reset();
      eof_at_ = SteadyClock::now();
      return;
    }
    reader_.Push({bytes.data(), static_cast<std::size_t>(got)});
    total += static_cast<std::size_t>(got);
  }
}

void SpawnedWorker::ReadStderr() {
  std::array<char, 16u << 10> bytes;
  for (std::size_t total = 0; pipes_.stderr_pipe.valid() && total < kReadBytesAtOnce;) {
    const ssize_t got = ::read(pipes_.stderr_pipe.get(), bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (got <= 0) return pipes_.stderr_pipe.Reset();
    lines_.Push({bytes.data(), static_cast<std::size_t>(got)});
    total += static_cast<std::size_t>(got);
  }
}

void SpawnedWorker::LogLine(const std::string& line) {
  last_line_ = line.substr(0, kMaxReasonBytes);
  // It goes into rows and JSON: printable ASCII only.
  std::replace_if(
      last_line_.begin(), last_line_.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  const auto now = SteadyClock::now();
  if (now - line_window_ > std::chrono::seconds(1)) {
    if (lines_dropped_ > 0)
      Log(LogLevel::kWarning, "worker_stderr_dropped",
          {{"model", model_}, {"pid", pipes_.pid}, {"lines", lines_dropped_}});
    line_window_ = now;
    lines_in_window_ = lines_dropped_ = 0;
  }
  if (++lines_in_window_ > kMaxLinesPerSecond) {
    ++lines_dropped_;
    return;
  }
  Log(LogLevel::kInfo, "worker_stderr", {{"model", model_}, {"pid", pipes_.pid}, {"line", line}});
}

bool SpawnedWorker::Reap(bool wait) {
  if (reaped_) return true;
  int status = 0;
  pid_t got = 0;
  do {
    got = ::waitpid(pipes_.pid, &status, wait ? 0 : WNOHANG);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return false;
  // Someone else reaped it (a host that ignores SIGCHLD): dead, but nobody knows how.
  wait_status_ = got == pipes_.pid ? status : -1;
  reaped_ = true;
  return true;
}

void SpawnedWorker::Kill(std::string reason) {
  if (killed_for_.empty()) killed_for_ = std::move(reason);
  Signal(SIGKILL);
}

}  // namespace axial::dispatch
