// Stands in for axial-worker at the process boundary: speaks the protocol, and misbehaves as the
// file `behaviour` in its model folder says. Each start adds its process id to `starts` there. With
// --failure-reports instead of a model, the file `reporter` beside the results' folder says it.

#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <string>

#include "inference/protocol/framing.h"

namespace {

using namespace axial::protocol;
using Report = axial::config::ResultProfile::Report;

constexpr int kLoadFailed = 3;
constexpr int kConnectionLost = 4;

[[noreturn]] void HangForever() {
  while (true) pause();
}

std::string OpenDescriptors() {
  std::set<int> open;
  DIR* directory = opendir("/proc/self/fd");
  while (const dirent* entry = readdir(directory))
    if (entry->d_name[0] != '.') open.insert(std::atoi(entry->d_name));
  open.erase(dirfd(directory));
  closedir(directory);
  std::string text;
  for (const int fd : open) text += std::to_string(fd) + " ";
  return text;
}

class FakeWorker {
 public:
  FakeWorker(std::string folder, int fd) : folder_(std::move(folder)), fd_(fd) {
    if (folder_.empty()) return;  // a reporter, which is told by its first job
    std::ifstream(folder_ / "behaviour") >> behaviour_;
    std::ofstream(folder_ / "starts", std::ios::app) << getpid() << "\n";
  }

  int Run() {
    if (behaviour_ == "die_at_start") {
      std::cerr << "weights.pt: not a TorchScript archive" << std::endl;
      return kLoadFailed;
    }
    if (behaviour_ == "hang_at_start") HangForever();
    Hello hello;
    hello.version = behaviour_ == "wrong_version" ? kVersion + 1 : kVersion;
    hello.model = folder_.filename().string();
    hello.model_version = "1";
    if (!folder_.empty()) hello.model_digest = "digest-of-" + hello.model;
    hello.device = "cpu";
    hello.load_seconds = 0.25;
    Say(hello);
    if (behaviour_ == "hello_twice") Say(hello);
    while (true) {
      const axial::Result<Message> message = ReadFrame(fd_);
      if (!message.ok()) return kConnectionLost;
      if (std::holds_alternative<Shutdown>(*message)) return 0;
      if (const auto* job = std::get_if<RunJob>(&*message)) Work(*job);
    }
  }

 private:
  void Say(const Message& message) {
    if (!WriteFrame(fd_, message).ok()) std::exit(kConnectionLost);
  }

  void SayBytes(const std::string& bytes) {
    if (write(fd_, bytes.data(), bytes.size()) < 0) std::exit(kConnectionLost);
    HangForever();  // the gateway has to end it
  }

  void Work(const RunJob& job) {
    const std::filesystem::path results =
        std::filesystem::path(job.output_directory).parent_path().parent_path();
    if (folder_.empty()) std::ifstream(results.parent_path() / "reporter") >> behaviour_;
    const bool first = job.attempt == 1;
    if (behaviour_ == "crash" || (behaviour_ == "crash_once" && first)) std::raise(SIGKILL);
    if (behaviour_ == "hang_once" && !first) return Finish(job, "");
    if (behaviour_ == "hang" || behaviour_ == "hang_once") {
      Say(Progress{job.job, 0.25, "infer"});
      HangForever();
    }
    if (behaviour_ == "garbage") SayBytes(std::string("\0\0\0\5gar]}", 9));
    if (behaviour_ == "oversized") SayBytes("\xff\xff\xff\xff");
    if (behaviour_ == "wrong_job") Say(JobDone{job.job + 1, {}, ""});
    if (behaviour_ == "close_connection") {
      close(fd_);
      HangForever();
    }
    if (behaviour_ == "refuse")
      return Say(JobFailed{job.job, axial::ErrorCode::kUnsupported, "not one regular stack", true});
    if (behaviour_ == "refuse_own_result") {
      std::ofstream(job.output_directory + "/seg.dcm.refused") << "bytes";
      return Say(JobFailed{job.job, axial::ErrorCode::kCorrupt, "segmentation: lacks voxels"});
    }
    if (behaviour_ == "finish_on_shutdown") {
      (void)ReadFrame(fd_);
      Finish(job, "finished late");
      std::exit(0);
    }
    if (behaviour_ == "report_descriptors") return Finish(job, OpenDescriptors());
    if (job.failure)
      std::ofstream(results.parent_path() / "reported", std::ios::app) << DescribeFailure(job);
    Finish(job, behaviour_ == "report_run" ? DescribeRun(job) : "two lungs");
  }

  /// What the gateway asked for, for tests of it.
  static std::string DescribeRun(const RunJob& job) {
    std::string text = "run " + std::to_string(job.run_of_study);
    text += ", files " + std::to_string(job.input_files.size());
    text += ", profiles " + std::to_string(job.profiles.size());
    for (const Predecessor& predecessor : job.predecessors)
      text += ", replaces " + predecessor.sop_instance_uid;
    return text;
  }

  /// One line for each failure report that the gateway asked for.
  static std::string DescribeFailure(const RunJob& job) {
    const axial::protocol::FailedModel& model = job.failure->model;
    return (job.failure->not_applicable ? "not applicable, " : "failed, ") + job.failure->reason +
           "; " + model.algorithm_name + " " + model.algorithm_version + " of " +
           model.algorithm_manufacturer + ", digest '" + model.digest + "'; " + DescribeRun(job) +
           "\n";
  }

  /// Positions of the profiles that want a kind.
  std::vector<int> WantedBy(const RunJob& job, const std::string& kind) const {
    if (behaviour_ == "wrong_profile") return {static_cast<int>(job.profiles.size())};
    std::vector<int> positions;
    for (std::size_t i = 0; i < job.profiles.size(); ++i) {
      const axial::config::ResultProfile& profile = job.profiles[i];
      const bool wants = kind == "seg"
                             ? profile.segmentation != decltype(profile.segmentation)::kNone
                             : profile.report != decltype(profile.report)::kNone;
      if (wants && behaviour_ != "no_artifacts") positions.push_back(static_cast<int>(i));
    }
    return positions;
  }

  /// SOP Class of the kind for the profile at `position`.
  std::string ClassFor(const RunJob& job, const std::string& kind, int position) const {
    if (kind == "seg") return "1.2.840.10008.5.1.4.1.1.66.4";
    const auto i = static_cast<std::size_t>(position);
    const auto report = i < job.profiles.size() ? job.profiles[i].report : Report::kComprehensive3d;
    const auto& classes = axial::config::kReportSopClasses;
    if (behaviour_ == "other_report")
      return std::string(NameOfEnum(
          classes, report == Report::kEnhanced ? Report::kComprehensive : Report::kEnhanced));
    return std::string(NameOfEnum(classes, report));
  }

  void Finish(const RunJob& job, const std::string& summary) {
    Say(Progress{job.job, 0.5, "infer"});
    std::cerr << "job " << job.job << " with " << job.input_files.size() << " files" << std::endl;
    JobDone done;
    done.job = job.job;
    done.summary = summary;
    // Another outcome is another object.
    const std::string uid_root =
        "2.25." + std::to_string(job.job) +
        (job.failure ? "." + std::to_string(job.failure->reason.size()) : "");
    for (const std::string kind : {"seg", "sr"}) {
      if (kind == "seg" ? job.failure.has_value() : behaviour_ == "no_report") continue;
      // One report for each SOP Class that is wanted, as the worker makes them.
      std::map<std::string, std::vector<int>> wanted_by;
      for (const int position : WantedBy(job, kind))
        wanted_by[ClassFor(job, kind, position)].push_back(position);
      if (behaviour_ == "two_reports" && kind == "sr")
        wanted_by[std::string(axial::config::kReportSopClasses[1])].push_back(0);
      for (const auto& [sop_class, profiles] : wanted_by) {
        const std::string number = std::to_string(done.artifacts.size() + 1);
        Artifact artifact;
        artifact.file = (behaviour_ == "escape" ? "../" : "") + kind +
                        (sop_class == wanted_by.begin()->first ? "" : "-2") + ".dcm";
        artifact.kind = kind;
        artifact.sop_class_uid = sop_class;
        artifact.series_instance_uid = uid_root + ".1" + number;
        artifact.sop_instance_uid = uid_root + ".2" + number;
        artifact.profiles = profiles;
        if (behaviour_ != "no_file")
          std::ofstream(std::filesystem::path(job.output_directory) / artifact.file) << "result";
        done.artifacts.push_back(artifact);
      }
    }
    Say(done);
  }

  std::filesystem::path folder_;
  int fd_;
  std::string behaviour_;
};

}  // namespace

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::map<std::string, std::string> arguments;
  for (int i = 1; i + 1 < argc; i += 2) arguments[argv[i]] = argv[i + 1];
  const bool reporter = std::string(argv[argc - 1]) == "--failure-reports";
  if (reporter) arguments["--model"] = "";
  for (const char* needed : {"--model", "--fd", "--threads", "--memory", "--device"}) {
    if (arguments.count(needed) == 0) {
      std::cerr << "missing " << needed << std::endl;
      return 2;
    }
  }
  return FakeWorker(arguments["--model"], std::stoi(arguments["--fd"])).Run();
}
