#include "gateway/commands/probe_worker.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

namespace axial::gateway {
namespace {

constexpr std::size_t kMaxAnswerBytes = std::size_t{64} * 1024;

/// Everything the process wrote up to its end, or up to the limit.
std::string ReadAll(int fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  while (text.size() < kMaxAnswerBytes) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

Result<std::string> RunProbe(const std::string& worker_binary, const std::string& model_folder) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    return MakeError(ErrorCode::kUnavailable, "no pipe: {}", std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::string program = worker_binary, probe = "--probe", model = "--model", folder = model_folder;
  std::array<char*, 5> arguments = {program.data(), probe.data(), model.data(), folder.data(),
                                    nullptr};
  pid_t pid = 0;
  const int failed =
      posix_spawn(&pid, worker_binary.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string text;
  if (failed == 0) {
    text = ReadAll(ends[0]);
    close(ends[0]);  // a worker that writes on gets SIGPIPE, not our patience
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return text;
  }
  close(ends[0]);
  return MakeError(ErrorCode::kUnavailable, "{}: {}", worker_binary, std::strerror(failed));
}

}  // namespace

Result<ModelProbe> ProbeModel(const std::string& worker_binary, const std::string& model_folder) {
  AXIAL_ASSIGN_OR_RETURN(const std::string text, RunProbe(worker_binary, model_folder));
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("loaded") || !json["loaded"].is_boolean())
    return MakeError(ErrorCode::kCorrupt,
                     "{} gave no answer about {}; it crashed, see its log above", worker_binary,
                     model_folder);
  ModelProbe probe;
  probe.loaded = json["loaded"].get<bool>();
  const auto text_of = [&](const char* key) {
    return json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : "";
  };
  probe.device = text_of("device");
  probe.error = text_of("error");
  if (json.contains("load_seconds") && json["load_seconds"].is_number())
    probe.load_seconds = json["load_seconds"].get<double>();
  return probe;
}

}  // namespace axial::gateway
