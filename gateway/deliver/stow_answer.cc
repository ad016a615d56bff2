#include "gateway/deliver/stow_answer.h"

#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "gateway/deliver/store_status.h"

namespace axial::deliver {
namespace {

using nlohmann::json;

constexpr const char* kFailedSopSequence = "00081198";
constexpr const char* kReferencedSopSequence = "00081199";
constexpr const char* kReferencedSopInstanceUid = "00081155";
constexpr const char* kSopInstanceUid = "00080018";
constexpr const char* kFailureReason = "00081197";
constexpr const char* kWarningReason = "00081196";
constexpr std::uint16_t kProcessingFailure = 0x0110;
constexpr std::uint16_t kTransferSyntaxNotSupported = 0xc122;

// What a server answered is looked at where it lies: copying it recurses for each array inside
// another, and 1 MiB of them is more than the stack takes.

/// The values of an attribute in DICOM JSON (PS3.18 annex F); empty when it is not there.
const json& Values(const json& item, const char* tag) {
  static const json none = json::array();
  if (!item.is_object()) return none;
  const auto attribute = item.find(tag);
  if (attribute == item.end() || !attribute->is_object()) return none;
  const auto values = attribute->find("Value");
  return values == attribute->end() || !values->is_array() ? none : *values;
}

/// The item of a sequence that is about the artifact: the one that names it, else one that names
/// nothing; nullptr when there is none.
const json* ItemOf(const json& body, const char* sequence, const std::string& sop_instance_uid) {
  const json* unnamed = nullptr;
  for (const json& item : Values(body, sequence)) {
    const json& uids = Values(item, kReferencedSopInstanceUid);
    if (uids.empty())
      unnamed = &item;
    else if (uids.front() == sop_instance_uid)
      return &item;
  }
  return unnamed;
}

std::optional<std::uint16_t> Reason(const json& item, const char* tag) {
  const json& values = Values(item, tag);
  if (values.empty() || !values.front().is_number_integer()) return std::nullopt;
  return static_cast<std::uint16_t>(values.front().get<std::int64_t>() & 0xffff);
}

json ParseBody(const HttpAnswer& answer) {
  json body = json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  if (!body.is_array() || body.empty()) return body;
  json first = std::move(body.front());
  return first;
}

std::optional<std::uint16_t> FailureReason(const json& body, const store::Delivery& artifact) {
  const json* const failed = ItemOf(body, kFailedSopSequence, artifact.sop_instance_uid);
  if (failed == nullptr || failed->is_null()) return std::nullopt;
  return Reason(*failed, kFailureReason).value_or(kProcessingFailure);
}

SendResult JudgeHttpStatus(int status) {
  if (status >= 200 && status < 300) return std::string();
  if (status == 413)
    return MakeError(ErrorCode::kInvalidInput,
                     "the object is too large for it, HTTP 413; raise its limit and retry this "
                     "destination");
  const bool later = status == 408 || status >= 500;
  return MakeError(later ? ErrorCode::kUnavailable : ErrorCode::kInvalidInput,
                   "it did not store the object, HTTP {}{}", status,
                   status == 409 ? " without a reason" : "");
}

}  // namespace

Result<bool> JudgeSearchAnswer(const HttpAnswer& answer, const store::Delivery& artifact) {
  const int status = answer.status;
  if (status == 204) return false;
  if (status == 429) return Error(ErrorCode::kExhausted, "QIDO-RS answered 429: too many requests");
  if (status == 401 || status == 408 || status >= 502)
    return MakeError(ErrorCode::kUnavailable, "QIDO-RS answered {}", status);
  if (status != 200)
    return MakeError(ErrorCode::kUnsupported, "it has no QIDO-RS for Instances, HTTP {}", status);
  const json body = json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  if (!body.is_array())
    return Error(ErrorCode::kUnsupported, "its QIDO-RS does not answer in DICOM JSON");
  for (const json& instance : body) {
    const json& uids = Values(instance, kSopInstanceUid);
    if (!uids.empty() && uids.front() == artifact.sop_instance_uid) return true;
  }
  return false;
}

bool RefusesTransferSyntax(const HttpAnswer& answer, const store::Delivery& artifact) {
  if (answer.status == 415) return true;
  return FailureReason(ParseBody(answer), artifact) == kTransferSyntaxNotSupported;
}

SendResult JudgeStoreAnswer(const HttpAnswer& answer, const store::Delivery& artifact) {
  const json body = ParseBody(answer);
  if (const auto reason = FailureReason(body, artifact)) {
    SendResult judged = JudgeStoreStatus(*reason, "", artifact.sop_class_uid);
    // A failure with a reason that would mean success is still a failure.
    if (!judged.ok() || *reason == 0x0111) return judged;
    return MakeError(ErrorCode::kInvalidInput, "it refused the object, HTTP {}", answer.status);
  }
  SendResult judged = JudgeHttpStatus(answer.status);
  if (!judged.ok()) return judged;
  const json* const stored = ItemOf(body, kReferencedSopSequence, artifact.sop_instance_uid);
  const auto warning = stored != nullptr ? Reason(*stored, kWarningReason) : std::nullopt;
  if (warning) return fmt::format("stored with a warning, status {:04X}H", *warning);
  if (answer.status == 202) return std::string("stored with a warning, HTTP 202");
  return judged;
}

}  // namespace axial::deliver
