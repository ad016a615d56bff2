#include "tests/support/dicom_validators.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <sstream>

extern char** environ;

namespace axial::testing {
namespace {

std::vector<std::string> ErrorLines(const std::vector<std::string>& lines) {
  std::vector<std::string> errors;
  for (const std::string& line : lines)
    if (line.starts_with("Error")) errors.push_back(line);
  return errors;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string ReadAll(int descriptor) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = ::read(descriptor, buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(got));
  return text;
}

}  // namespace

bool HasProgram(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream stream(path == nullptr ? "" : path);
  for (std::string folder; std::getline(stream, folder, ':');)
    if (::access((std::filesystem::path(folder) / name).c_str(), X_OK) == 0) return true;
  return false;
}

std::vector<std::string> RunProgram(const std::string& program,
                                    const std::vector<std::string>& arguments, int* exit_status) {
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::array<int, 2> pipe_ends{};
  if (::pipe2(pipe_ends.data(), O_CLOEXEC) != 0) return {"Error - no pipe"};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDERR_FILENO);
  pid_t child = 0;
  const int spawned =
      ::posix_spawnp(&child, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe_ends[1]);
  if (spawned != 0) {
    ::close(pipe_ends[0]);
    return {"Error - cannot start " + program};
  }
  const std::string output = ReadAll(pipe_ends[0]);
  ::close(pipe_ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (exit_status != nullptr) *exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return Lines(output);
}

std::vector<std::string> IodErrors(const std::string& file) {
  return ErrorLines(RunProgram("dciodvfy", {file}));
}

std::vector<std::string> EntityErrors(const std::vector<std::string>& files) {
  return ErrorLines(RunProgram("dcentvfy", files));
}

bool HasReportValidator() {
  return HasProgram("java") && std::filesystem::exists("/usr/share/java/pixelmed.jar");
}

std::vector<std::string> ReportTemplateErrors(const std::string& file) {
  std::string class_path;
  for (const char* jar : {"pixelmed", "commons-codec", "commons-net", "hsqldb", "jmdns",
                          "slf4j-api", "slf4j-nop", "vecmath", "jaxb-api", "javax.json"})
    class_path += std::string("/usr/share/java/") + jar + ".jar:";
  const std::vector<std::string> lines =
      // It reads rules of 6 MB and runs them once: to compile them well takes longer than to run
      // them.
      RunProgram("java",
                 {"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Djdk.xml.xpathTotalOpLimit=0",
                  "-Djdk.xml.xpathExprOpLimit=0", "-Djdk.xml.xpathExprGrpLimit=0", "-Xss64m",
                  "-Xmx3g", "-cp", class_path, "com.pixelmed.validate.DicomSRValidator", file});
  if (std::find(lines.begin(), lines.end(), "IOD validation complete") == lines.end()) return lines;
  std::vector<std::string> errors = ErrorLines(lines);
  std::erase_if(errors, [](const std::string& error) {
    return error.find("context group 4031") != std::string::npos;
  });
  return errors;
}

}  // namespace axial::testing
