#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/base/result.h"

/// What the gateway and a worker process say to each other over a socket pair: frames of a 4-byte
/// big-endian length and one JSON object, at most kMaxFrameBytes. The worker speaks first (Hello).
namespace axial::protocol {

inline constexpr int kVersion = 1;
inline constexpr std::size_t kMaxFrameBytes = 8u << 20;

/// Worker -> gateway, once, after the model is loaded and warm.
struct Hello {
  int version = kVersion;
  std::string model;
  std::string model_version;
  std::string model_digest;  ///< SHA-256 of card and weights
  std::string device;        ///< "cpu", "cuda:0"
  double load_seconds = 0;
};

/// Gateway -> worker: run the model on one Series' files. One at a time.
struct RunJob {
  std::int64_t job = 0;
  int attempt = 0;
  std::vector<std::string> input_files;  ///< absolute paths of Instances of one Series
  std::string output_directory;          ///< absolute, exists, empty
  int series_number_base = 9001;
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
  std::string kind;  ///< seg | sr
  std::string sop_class_uid;
  std::string series_instance_uid;
  std::string sop_instance_uid;
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
};

/// Gateway -> worker: end after the current message.
struct Shutdown {};

using Message = std::variant<Hello, RunJob, Progress, JobDone, JobFailed, Shutdown>;

/// JSON text of a message, without the length. Strings must be UTF-8.
[[nodiscard]] std::string Encode(const Message& message);

/// Errors: InvalidInput (not JSON, unknown type, missing or wrong member, too many entries).
[[nodiscard]] Result<Message> Decode(const std::string& json);

}  // namespace axial::protocol
