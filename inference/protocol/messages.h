#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/result_profile.h"
#include "core/base/result.h"

/// What the gateway and a worker process say to each other over a socket pair: frames of a 4-byte
/// big-endian length and one JSON object, at most kMaxFrameBytes. The worker speaks first (Hello).
namespace axial::protocol {

inline constexpr int kVersion = 4;
inline constexpr std::size_t kMaxFrameBytes = 8u << 20;

/// Worker -> gateway, once, after the model is loaded and warm.
struct Hello {
  int version = kVersion;
  std::string model;  ///< "" from a worker that only writes failure reports
  std::string model_version;
  std::string model_digest;  ///< SHA-256 of card and weights
  std::string device;        ///< "cpu", "cuda:0"
  double load_seconds = 0;
};

/// The model of a failure report: all that the report says of it, so that writing one needs neither
/// the model's folder nor its weights.
struct FailedModel {
  std::string name;
  std::string version;
  std::string digest = {};  ///< as in Hello; "" when it was never loaded
  std::string algorithm_name = {};
  std::string algorithm_manufacturer = {};
  std::string algorithm_version = {};
};

/// Why a model did not run; becomes a document of its own, never to be read as "nothing found".
struct RunFailure {
  bool not_applicable = false;  ///< the Series is not what the model takes; else: it failed
  std::string reason;           ///< for radiologists: no patient data, no file of this machine
  FailedModel model = {};
};

/// A result object of an earlier revision that the new results replace.
struct Predecessor {
  std::string kind;  ///< as Artifact::kind
  std::string sop_class_uid;
  std::string series_instance_uid;
  std::string sop_instance_uid;
  /// Positions in RunJob::profiles whose Destinations got it; the results of others do not name it.
  std::vector<int> profiles = {0};
};

/// A run has this many Series Numbers of its own: results count up from its first, failure reports
/// down from the last.
inline constexpr int kSeriesNumbersPerRun = 20;

/// RunJob::run_of_study is at most this, so that every Series Number is an Integer String.
inline constexpr int kMaxRunOfStudy = 1'000'000;

/// Gateway -> worker: run the model on one Series' files, or, with `failure`, only report that it
/// could not be done. One at a time.
struct RunJob {
  std::int64_t job = 0;
  int attempt = 0;
  std::vector<std::string> input_files;  ///< absolute paths of Instances of one Series
  std::string output_directory;          ///< absolute, exists, empty
  /// How many runs the study had before this one, each with Series Numbers of its own.
  int run_of_study = 0;
  /// What is to be written: one entry per distinct wish of the Job's Destinations; at least one.
  std::vector<config::ResultProfile> profiles = {config::ResultProfile()};
  std::vector<Predecessor> predecessors = {};
  std::optional<RunFailure> failure = {};
};

/// Worker -> gateway, any number of times; at most a few per second.
struct Progress {
  std::int64_t job = 0;
  double fraction = 0;  ///< 0..1
  std::string stage;    ///< load | infer | encode | check
};

/// One result file.
struct Artifact {
  std::string file;  ///< name within the output directory
  std::string kind;  ///< a result kind's name: seg, sr, ...
  std::string sop_class_uid;
  std::string series_instance_uid;
  std::string sop_instance_uid;
  std::vector<int> profiles = {0};  ///< positions in RunJob::profiles that want it
};

/// Worker -> gateway: the job is done; every artifact has been written, synced, re-read and
/// checked.
struct JobDone {
  std::int64_t job = 0;
  std::vector<Artifact> artifacts;
  std::string summary;  ///< one line for the timeline, no patient data
};

/// Worker -> gateway: the job cannot be done. The worker stays usable.
struct JobFailed {
  std::int64_t job = 0;
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  /// The model never began, because the images are not what it takes or cannot be read.
  bool not_applicable = false;
};

/// Gateway -> worker: end after the current message.
struct Shutdown {};

using Message = std::variant<Hello, RunJob, Progress, JobDone, JobFailed, Shutdown>;

/// JSON text of a message, without the length. Strings must be UTF-8.
[[nodiscard]] std::string Encode(const Message& message);

/// Errors: InvalidInput (not JSON, unknown type, missing or wrong member, too many entries).
[[nodiscard]] Result<Message> Decode(const std::string& text);

}  // namespace axial::protocol
