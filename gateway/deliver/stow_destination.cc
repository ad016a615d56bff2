#include "gateway/deliver/stow_destination.h"

#include <fmt/format.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "core/dicom/uid.h"
#include "gateway/deliver/http_connection.h"
#include "gateway/deliver/store_status.h"

namespace axial::deliver {
namespace {

using nlohmann::json;

constexpr const char* kDicomJson = "application/dicom+json";

Result<std::string> ReadArtifact(const store::Delivery& artifact) {
  std::error_code error;
  if (!std::filesystem::exists(artifact.path, error))
    return MakeError(ErrorCode::kNotFound, "the artifact's file {} is missing", artifact.path);
  std::ifstream in(artifact.path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (!in || bytes.empty())
    return MakeError(ErrorCode::kUnavailable, "cannot read {}", artifact.path);
  return bytes;
}

/// PS3.18 8.6.1.2: one part of type application/dicom.
HttpConnection::Request StoreRequest(const std::string& path, const store::Delivery& artifact,
                                     const std::string& bytes) {
  // A hash of the name will not come up in the bytes by chance.
  const std::string boundary = "axial-" + Sha256Hex(artifact.sop_instance_uid);
  HttpConnection::Request request;
  request.method = "POST";
  request.target = path + "/studies";
  request.accept = kDicomJson;
  request.content_type =
      fmt::format("multipart/related; type=\"application/dicom\"; boundary={}", boundary);
  request.body = "--" + boundary + "\r\nContent-Type: application/dicom\r\n\r\n";
  request.body += bytes;
  request.body += "\r\n--" + boundary + "--\r\n";
  return request;
}

/// The first value of an attribute in DICOM JSON (PS3.18 annex F); null when it is not there.
json FirstValue(const json& item, const char* tag) {
  const auto attribute = item.is_object() ? item.find(tag) : item.end();
  if (!item.is_object() || attribute == item.end() || !attribute->is_object()) return nullptr;
  const auto values = attribute->find("Value");
  if (values == attribute->end() || !values->is_array() || values->empty()) return nullptr;
  return values->front();
}

/// The Failure Reason of the one Instance sent, when the answer says that it failed.
std::optional<std::uint16_t> FailureReason(const HttpAnswer& answer) {
  json body = json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  if (body.is_array() && !body.empty()) body = json(body.front());
  const json failed = FirstValue(body, "00081198");  // Failed SOP Sequence
  if (failed.is_null()) return std::nullopt;
  const json reason = FirstValue(failed, "00081197");
  if (!reason.is_number_integer()) return std::uint16_t{0x0110};  // processing failure
  return static_cast<std::uint16_t>(reason.get<std::int64_t>() & 0xffff);
}

/// Answers that say something about the Destination, not about the artifact.
Status JudgeService(int status, const std::string& url) {
  if (status == 401 || status == 403)
    return MakeError(ErrorCode::kUnavailable, "{} answered {}: it wants credentials", url, status);
  if (status == 404 || status == 405 || status == 501)
    return MakeError(ErrorCode::kUnavailable, "{} answered {}: no STOW-RS there; correct url", url,
                     status);
  if (status >= 300 && status < 400)
    return MakeError(ErrorCode::kUnavailable, "{} answered {}: it moved; correct url", url, status);
  if (status == 502 || status == 503 || status == 504)
    return MakeError(ErrorCode::kUnavailable, "{} answered {}", url, status);
  return {};
}

SendResult JudgeArtifact(const HttpAnswer& answer, const std::string& sop_class_uid) {
  if (const auto reason = FailureReason(answer)) {
    SendResult judged = JudgeStoreStatus(*reason, "", sop_class_uid);
    // A failure with a reason that would mean success is still a failure.
    if (!judged.ok() || *reason == 0x0111) return judged;
    return MakeError(ErrorCode::kInvalidInput, "it refused the object, HTTP {}", answer.status);
  }
  if (answer.status == 202) return std::string("stored with a warning, HTTP 202");
  if (answer.status >= 200 && answer.status < 300) return std::string();
  const bool later = answer.status == 408 || answer.status == 429 || answer.status >= 500;
  return MakeError(later ? ErrorCode::kUnavailable : ErrorCode::kInvalidInput,
                   "it did not store the object, HTTP {}", answer.status);
}

class StowDestination final : public Destination {
 public:
  StowDestination(std::string text, HttpUrl url, DestinationOptions options)
      : text_(std::move(text)), url_(std::move(url)), options_(std::move(options)) {}

  SendReport Send(const std::vector<store::Delivery>& artifacts) override;
  Status Echo() override;
  void Interrupt() override { interrupted_ = true; }

 private:
  using Connection = std::unique_ptr<HttpConnection>;

  Result<Connection> Open() const {
    return HttpConnection::Open(url_, options_.connect_timeout, interrupted_);
  }
  /// Outer error: the Destination cannot be used now. `lost`: the answer never came.
  Result<SendResult> SendOne(Connection& connection, const store::Delivery& artifact, bool& lost);

  const std::string text_;
  const HttpUrl url_;
  const DestinationOptions options_;
  std::atomic<bool> interrupted_ = false;
};

Result<SendResult> StowDestination::SendOne(Connection& connection, const store::Delivery& artifact,
                                            bool& lost) {
  const Result<std::string> bytes = ReadArtifact(artifact);
  if (!bytes.ok()) return SendResult(bytes.error());
  if (!connection || connection->closed()) {
    AXIAL_ASSIGN_OR_RETURN(connection, Open());
  }
  const Result<HttpAnswer> answer =
      connection->Ask(StoreRequest(url_.path, artifact, *bytes), options_.response_timeout);
  if (!answer.ok()) {
    lost = true;
    // No HTTP at all is a matter of the Destination, and may be mended there.
    const bool corrupt = answer.error().code() == ErrorCode::kCorrupt;
    return SendResult(Error(corrupt ? ErrorCode::kUnavailable : answer.error().code(),
                            answer.error().WithContext("STOW-RS to {}", text_).message()));
  }
  AXIAL_RETURN_IF_ERROR(JudgeService(answer->status, text_));
  return JudgeArtifact(*answer, artifact.sop_class_uid);
}

SendReport StowDestination::Send(const std::vector<store::Delivery>& artifacts) {
  SendReport report;
  Connection connection;
  std::optional<Error> unusable;
  for (const store::Delivery& artifact : artifacts) {
    if (unusable) {
      report.results.emplace_back(unusable->WithContext("not tried"));
      continue;
    }
    bool lost = false;
    Result<SendResult> sent = SendOne(connection, artifact, lost);
    if (sent.ok()) {
      if (lost) unusable = sent->error();
      report.results.push_back(std::move(sent).value());
      continue;
    }
    unusable = sent.error();
    if (report.results.empty()) {
      report.reached = *unusable;
      return report;
    }
    report.results.emplace_back(*unusable);
  }
  return report;
}

Status StowDestination::Echo() {
  AXIAL_ASSIGN_OR_RETURN(const Connection connection, Open());
  // A search costs the server least of all that shows it speaks DICOMweb (PS3.18 10.6).
  HttpConnection::Request request;
  request.method = "GET";
  request.target = url_.path + "/studies?limit=1";
  request.accept = kDicomJson;
  AXIAL_ASSIGN_OR_RETURN(const HttpAnswer answer,
                         connection->Ask(std::move(request), options_.response_timeout));
  AXIAL_RETURN_IF_ERROR(JudgeService(answer.status, text_));
  if (answer.status >= 500)
    return MakeError(ErrorCode::kUnavailable, "{} answered {}", text_, answer.status);
  return {};
}

}  // namespace

Result<std::unique_ptr<Destination>> MakeStowDestination(const config::Destination& destination,
                                                         const DestinationOptions& options) {
  Result<HttpUrl> url = HttpUrl::Parse(destination.url);
  if (!url.ok()) return url.error().WithContext("destination '{}'", destination.name);
  return std::unique_ptr<Destination>(
      std::make_unique<StowDestination>(destination.url, std::move(url).value(), options));
}

}  // namespace axial::deliver
