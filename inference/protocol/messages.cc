#include "inference/protocol/messages.h"

#include "inference/protocol/member_reader.h"
#include "inference/protocol/result_profile_json.h"

namespace axial::protocol {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxArtifacts = 5'000;  // a Secondary Capture Series has one per slice
constexpr std::size_t kMaxProfiles = 100;

json ToJson(const Hello& m) {
  return {{"type", "hello"},
          {"version", m.version},
          {"model", m.model},
          {"model_version", m.model_version},
          {"model_digest", m.model_digest},
          {"device", m.device},
          {"load_seconds", m.load_seconds}};
}
json ToJson(const Predecessor& m) {
  return {{"kind", m.kind},
          {"sop_class_uid", m.sop_class_uid},
          {"series_instance_uid", m.series_instance_uid},
          {"sop_instance_uid", m.sop_instance_uid},
          {"profiles", m.profiles}};
}
json ToJson(const RunFailure& m) {
  return {{"not_applicable", m.not_applicable},
          {"reason", m.reason},
          {"model", m.model.name},
          {"model_version", m.model.version},
          {"model_digest", m.model.digest},
          {"algorithm_name", m.model.algorithm_name},
          {"algorithm_manufacturer", m.model.algorithm_manufacturer},
          {"algorithm_version", m.model.algorithm_version}};
}
json ToJson(const Artifact& m) {
  return {{"file", m.file},
          {"kind", m.kind},
          {"sop_class_uid", m.sop_class_uid},
          {"series_instance_uid", m.series_instance_uid},
          {"sop_instance_uid", m.sop_instance_uid},
          {"profiles", m.profiles}};
}
json ToJson(const config::ResultProfile& m) { return ResultProfileToJson(m); }
template <typename T>
json ToJson(const std::vector<T>& entries) {
  json list = json::array();
  for (const T& entry : entries) list.push_back(ToJson(entry));
  return list;
}
json ToJson(const RunJob& m) {
  json object = {{"type", "run_job"},
                 {"job", m.job},
                 {"attempt", m.attempt},
                 {"input_files", m.input_files},
                 {"output_directory", m.output_directory},
                 {"run_of_study", m.run_of_study},
                 {"profiles", ToJson(m.profiles)},
                 {"predecessors", ToJson(m.predecessors)}};
  if (m.failure) object["failure"] = ToJson(*m.failure);
  return object;
}
json ToJson(const Progress& m) {
  return {{"type", "progress"}, {"job", m.job}, {"fraction", m.fraction}, {"stage", m.stage}};
}
json ToJson(const JobDone& m) {
  return {{"type", "job_done"},
          {"job", m.job},
          {"artifacts", ToJson(m.artifacts)},
          {"summary", m.summary}};
}
json ToJson(const JobFailed& m) {
  return {{"type", "job_failed"},
          {"job", m.job},
          {"code", ErrorCodeName(m.code)},
          {"message", m.message},
          {"not_applicable", m.not_applicable}};
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
/// Member "profiles": positions in RunJob::profiles.
void ReadPositions(MemberReader& from, std::vector<int>& to) {
  const json* profiles = from.Array("profiles", kMaxProfiles);
  if (!profiles) return;
  to.clear();
  for (const json& entry : *profiles) {
    if (!entry.is_number_unsigned() || entry.get<std::uint64_t>() >= kMaxProfiles)
      return from.Fail("profiles");
    to.push_back(entry.get<int>());
  }
}
void Read(MemberReader& from, Predecessor& m) {
  from.Read("kind", m.kind);
  from.Read("sop_class_uid", m.sop_class_uid);
  from.Read("series_instance_uid", m.series_instance_uid);
  from.Read("sop_instance_uid", m.sop_instance_uid);
  ReadPositions(from, m.profiles);
}
void Read(MemberReader& from, RunFailure& m) {
  from.Read("not_applicable", m.not_applicable);
  from.Read("reason", m.reason);
  from.Read("model", m.model.name);
  from.Read("model_version", m.model.version);
  from.Read("model_digest", m.model.digest);
  from.Read("algorithm_name", m.model.algorithm_name);
  from.Read("algorithm_manufacturer", m.model.algorithm_manufacturer);
  from.Read("algorithm_version", m.model.algorithm_version);
}
void Read(MemberReader& from, Artifact& m) {
  from.Read("file", m.file);
  from.Read("kind", m.kind);
  from.Read("sop_class_uid", m.sop_class_uid);
  from.Read("series_instance_uid", m.series_instance_uid);
  from.Read("sop_instance_uid", m.sop_instance_uid);
  ReadPositions(from, m.profiles);
}
void Read(MemberReader& from, config::ResultProfile& m) { ReadResultProfile(from, m); }
/// Whether all members of `object` could be read.
template <typename T>
bool ReadObject(const json& object, T& to) {
  if (!object.is_object()) return false;
  MemberReader members(object);
  Read(members, to);
  return members.wrong().empty();
}
template <typename T>
void ReadList(MemberReader& from, const char* name, std::size_t limit, std::vector<T>& to) {
  const json* list = from.Array(name, limit);
  if (!list) return;
  to.clear();
  for (const json& entry : *list)
    if (!ReadObject(entry, to.emplace_back())) return from.Fail(name);
}
void Read(MemberReader& from, RunJob& m) {
  from.Read("job", m.job);
  from.Read("attempt", m.attempt);
  from.Read("input_files", m.input_files);
  from.Read("output_directory", m.output_directory);
  from.Read("run_of_study", m.run_of_study);
  if (m.run_of_study < 0 || m.run_of_study > kMaxRunOfStudy) from.Fail("run_of_study");
  ReadList(from, "profiles", kMaxProfiles, m.profiles);
  if (m.profiles.empty()) from.Fail("profiles");
  ReadList(from, "predecessors", kMaxArtifacts, m.predecessors);
  if (const json* failure = from.Optional("failure"))
    if (!ReadObject(*failure, m.failure.emplace())) from.Fail("failure");
}
void Read(MemberReader& from, Progress& m) {
  from.Read("job", m.job);
  from.Read("fraction", m.fraction);
  from.Read("stage", m.stage);
}
void Read(MemberReader& from, JobDone& m) {
  from.Read("job", m.job);
  from.Read("summary", m.summary);
  ReadList(from, "artifacts", kMaxArtifacts, m.artifacts);
}
void Read(MemberReader& from, JobFailed& m) {
  from.Read("job", m.job);
  from.Read("message", m.message);
  from.Read("not_applicable", m.not_applicable);
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
