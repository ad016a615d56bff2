#include "inference/protocol/messages.h"

#include <nlohmann/json.hpp>

namespace axial::protocol {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxInputFiles = 200'000;
constexpr std::size_t kMaxArtifacts = 1'000;

/// Reads members one after the other and remembers the first that is missing or wrong.
class MemberReader {
 public:
  explicit MemberReader(const json& object) : object_(object) {}

  void Read(const char* name, std::string& to) {
    if (const json* member = Find(name, json::value_t::string)) to = member->get<std::string>();
  }
  void Read(const char* name, double& to) {
    const json* member = Find(name);
    if (member && !member->is_number()) return Fail(name);
    if (member) to = member->get<double>();
  }
  void Read(const char* name, std::int64_t& to) {
    const json* member = Find(name);
    if (member && !member->is_number_integer()) return Fail(name);
    if (member) to = member->get<std::int64_t>();
  }
  void Read(const char* name, int& to) {
    std::int64_t wide = to;
    Read(name, wide);
    if (wide < INT32_MIN || wide > INT32_MAX) return Fail(name);
    to = static_cast<int>(wide);
  }
  void Read(const char* name, std::vector<std::string>& to) {
    const json* member = Find(name, json::value_t::array);
    if (!member) return;
    if (member->size() > kMaxInputFiles) return Fail(name);
    for (const json& entry : *member) {
      if (!entry.is_string()) return Fail(name);
      to.push_back(entry.get<std::string>());
    }
  }
  const json* Array(const char* name, std::size_t limit) {
    const json* member = Find(name, json::value_t::array);
    if (!member || member->size() <= limit) return member;
    Fail(name);
    return nullptr;
  }
  void Fail(const char* name) {
    if (wrong_.empty()) wrong_ = name;
  }
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  const json* Find(const char* name) {
    const auto found = object_.find(name);
    if (found != object_.end()) return &*found;
    Fail(name);
    return nullptr;
  }
  const json* Find(const char* name, json::value_t type) {
    const json* member = Find(name);
    if (!member || member->type() == type) return member;
    Fail(name);
    return nullptr;
  }

  const json& object_;
  std::string wrong_;
};

json ToJson(const Hello& m) {
  return {{"type", "hello"},
          {"version", m.version},
          {"model", m.model},
          {"model_version", m.model_version},
          {"model_digest", m.model_digest},
          {"device", m.device},
          {"load_seconds", m.load_seconds}};
}
json ToJson(const RunJob& m) {
  return {{"type", "run_job"},
          {"job", m.job},
          {"attempt", m.attempt},
          {"input_files", m.input_files},
          {"output_directory", m.output_directory},
          {"series_number_base", m.series_number_base}};
}
json ToJson(const Progress& m) {
  return {{"type", "progress"}, {"job", m.job}, {"fraction", m.fraction}, {"stage", m.stage}};
}
json ToJson(const JobDone& m) {
  json artifacts = json::array();
  for (const Artifact& a : m.artifacts)
    artifacts.push_back({{"file", a.file},
                         {"kind", a.kind},
                         {"sop_class_uid", a.sop_class_uid},
                         {"series_instance_uid", a.series_instance_uid},
                         {"sop_instance_uid", a.sop_instance_uid}});
  return {{"type", "job_done"}, {"job", m.job}, {"artifacts", artifacts}, {"summary", m.summary}};
}
json ToJson(const JobFailed& m) {
  return {{"type", "job_failed"},
          {"job", m.job},
          {"code", ErrorCodeName(m.code)},
          {"message", m.message}};
}
json ToJson(const Shutdown&) { return {{"type", "shutdown"}}; }

void Read(MemberReader& from, Hello& m) {
  from.Read("version", m.version);
  from.Read("model", m.model);
  from.Read("model_version", m.model_version);
  from.Read("model_digest", m.model_digest);
  from.Read("device", m.device);
  from.Read("load_seconds", m.load_seconds);
}
void Read(MemberReader& from, RunJob& m) {
  from.Read("job", m.job);
  from.Read("attempt", m.attempt);
  from.Read("input_files", m.input_files);
  from.Read("output_directory", m.output_directory);
  from.Read("series_number_base", m.series_number_base);
}
void Read(MemberReader& from, Progress& m) {
  from.Read("job", m.job);
  from.Read("fraction", m.fraction);
  from.Read("stage", m.stage);
}
void Read(MemberReader& from, JobDone& m) {
  from.Read("job", m.job);
  from.Read("summary", m.summary);
  const json* artifacts = from.Array("artifacts", kMaxArtifacts);
  if (!artifacts) return;
  for (const json& entry : *artifacts) {
    if (!entry.is_object()) return from.Fail("artifacts");
    MemberReader members(entry);
    Artifact artifact;
    members.Read("file", artifact.file);
    members.Read("kind", artifact.kind);
    members.Read("sop_class_uid", artifact.sop_class_uid);
    members.Read("series_instance_uid", artifact.series_instance_uid);
    members.Read("sop_instance_uid", artifact.sop_instance_uid);
    if (!members.wrong().empty()) return from.Fail("artifacts");
    m.artifacts.push_back(std::move(artifact));
  }
}
void Read(MemberReader& from, JobFailed& m) {
  from.Read("job", m.job);
  from.Read("message", m.message);
  std::string code;
  from.Read("code", code);
  const std::optional<ErrorCode> known = ErrorCodeFromName(code);
  if (!known) return from.Fail("code");
  m.code = *known;
}
void Read(MemberReader&, Shutdown&) {}

template <typename T>
Result<Message> ReadMessage(const json& object) {
  T message;
  MemberReader members(object);
  Read(members, message);
  if (!members.wrong().empty())
    return MakeError(ErrorCode::kInvalidInput, "member \"{}\" is missing or wrong",
                     members.wrong());
  return Message(std::move(message));
}

}  // namespace

std::string Encode(const Message& message) {
  return std::visit([](const auto& m) { return ToJson(m); }, message)
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<Message> Decode(const std::string& text) {
  if (text.size() > kMaxFrameBytes)
    return MakeError(ErrorCode::kInvalidInput, "message of {} bytes is too long", text.size());
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return Error(ErrorCode::kInvalidInput, "message is no JSON object");
  const auto type = object.find("type");
  if (type == object.end() || !type->is_string())
    return Error(ErrorCode::kInvalidInput, "message without type");
  if (*type == "hello") return ReadMessage<Hello>(object);
  if (*type == "run_job") return ReadMessage<RunJob>(object);
  if (*type == "progress") return ReadMessage<Progress>(object);
  if (*type == "job_done") return ReadMessage<JobDone>(object);
  if (*type == "job_failed") return ReadMessage<JobFailed>(object);
  if (*type == "shutdown") return ReadMessage<Shutdown>(object);
  return Error(ErrorCode::kInvalidInput, "unknown message type");
}

}  // namespace axial::protocol
