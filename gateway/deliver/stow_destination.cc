#include "gateway/deliver/stow_destination.h"

#include <fmt/format.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include "core/base/log.h"
#include "core/dicom/uid.h"
#include "gateway/deliver/http_connection.h"
#include "gateway/deliver/http_credentials.h"
#include "gateway/deliver/stow_answer.h"
#include "gateway/deliver/transcode.h"

namespace axial::deliver {
namespace {

constexpr const char* kDicomJson = "application/dicom+json";

/// PS3.18 8.6.1.2: one part of type application/dicom.
HttpConnection::Request EmptyStoreRequest(const std::string& path, const std::string& boundary) {
  HttpConnection::Request request;
  request.method = "POST";
  request.target = path + "/studies";
  request.accept = kDicomJson;
  request.content_type =
      fmt::format("multipart/related; type=\"application/dicom\"; boundary={}", boundary);
  request.body = "--" + boundary + "\r\nContent-Type: application/dicom\r\n\r\n";
  return request;
}

/// A hash of the name will not come up in the bytes by chance.
std::string BoundaryOf(const store::Delivery& artifact) {
  return "axial-" + Sha256Hex(artifact.sop_instance_uid);
}

Result<HttpConnection::Request> StoreRequest(const std::string& path,
                                             const store::Delivery& artifact) {
  std::error_code error;
  const auto size = std::filesystem::file_size(artifact.path, error);
  if (error == std::errc::no_such_file_or_directory)
    return MakeError(ErrorCode::kNotFound, "the artifact's file {} is missing", artifact.path);
  const std::string boundary = BoundaryOf(artifact);
  HttpConnection::Request request = EmptyStoreRequest(path, boundary);
  const std::string tail = "\r\n--" + boundary + "--\r\n";
  const std::size_t head = request.body.size();
  std::ifstream in(artifact.path, std::ios::binary);
  if (error || !in || size == 0)
    return MakeError(ErrorCode::kUnavailable, "cannot read {}", artifact.path);
  request.body.reserve(head + size + tail.size());
  request.body.resize(head + size);
  if (!in.read(request.body.data() + head, static_cast<std::streamsize>(size)))
    return MakeError(ErrorCode::kUnavailable, "cannot read {}", artifact.path);
  request.body += tail;
  return request;
}

/// The same without compression, for who does not take its Transfer Syntax.
Result<HttpConnection::Request> PlainStoreRequest(const std::string& path,
                                                  const store::Delivery& artifact) {
  AXIAL_ASSIGN_OR_RETURN(const std::string bytes, UncompressedBytes(artifact.path));
  const std::string boundary = BoundaryOf(artifact);
  HttpConnection::Request request = EmptyStoreRequest(path, boundary);
  request.body += bytes;
  request.body += "\r\n--" + boundary + "--\r\n";
  return request;
}

/// Answers that say something about the Destination, not about the artifact.
Status JudgeService(int status, const std::string& url, bool with_credentials) {
  if (status == 401)
    return MakeError(ErrorCode::kUnavailable, "{} answered 401: {}", url,
                     with_credentials ? "it does not accept our credentials; correct them"
                                      : "it wants credentials; name them under credentials");
  if (status == 403)
    return MakeError(ErrorCode::kUnavailable,
                     "{} answered 403: these credentials do not allow it; grant it there", url);
  if (status == 404 || status == 405 || status == 501)
    return MakeError(ErrorCode::kUnavailable, "{} answered {}: no DICOMweb there; correct url", url,
                     status);
  if (status >= 300 && status < 400)
    return MakeError(ErrorCode::kUnavailable, "{} answered {}: it moved; correct url", url, status);
  if (status == 429)
    return MakeError(ErrorCode::kExhausted, "{} answered 429: too many requests", url);
  if (status == 502 || status == 503 || status == 504)
    return MakeError(ErrorCode::kUnavailable, "{} answered {}", url, status);
  return {};
}

class StowDestination final : public Destination {
 public:
  StowDestination(const config::Destination& destination, HttpUrl url, DestinationOptions options)
      : destination_(destination), url_(std::move(url)), options_(std::move(options)) {}

  SendReport Send(const std::vector<store::Delivery>& artifacts) override;
  Status Echo() override;
  CheckReport Check(const std::vector<store::Delivery>& artifacts) override;
  void Interrupt() override { interrupted_ = true; }

 private:
  /// One connection and what is sent with each of its requests.
  struct Session {
    std::unique_ptr<HttpConnection> connection;
    std::string authorization;
  };

  Status OpenUnlessOpen(Session& session) const;
  Result<HttpAnswer> Ask(Session& session, HttpConnection::Request request) const;
  Result<HttpAnswer> Search(Session& session, const std::string& target) const;
  /// Outer error: the Destination cannot be used now. `lost`: the answer never came.
  Result<SendResult> SendOne(Session& session, const store::Delivery& artifact, bool& lost) const;

  const config::Destination destination_;
  const HttpUrl url_;
  const DestinationOptions options_;
  std::atomic<bool> interrupted_ = false;
};

Status StowDestination::OpenUnlessOpen(Session& session) const {
  if (session.connection && !session.connection->closed()) return {};
  session.authorization.clear();
  if (destination_.credentials) {
    AXIAL_ASSIGN_OR_RETURN(session.authorization, MakeAuthorization(*destination_.credentials));
  }
  AXIAL_ASSIGN_OR_RETURN(
      session.connection,
      HttpConnection::Open(url_, destination_.tls, options_.connect_timeout, interrupted_));
  return {};
}

Result<HttpAnswer> StowDestination::Ask(Session& session, HttpConnection::Request request) const {
  request.authorization = session.authorization;
  Result<HttpAnswer> answer =
      session.connection->Ask(std::move(request), options_.response_timeout);
  if (answer.ok()) return answer;
  session.connection.reset();
  // No HTTP at all is a matter of the Destination, and may be mended there.
  const bool corrupt = answer.error().code() == ErrorCode::kCorrupt;
  return Error(corrupt ? ErrorCode::kUnavailable : answer.error().code(),
               answer.error().WithContext("{}", destination_.url).message());
}

/// QIDO-RS; `target` below the DICOMweb root.
Result<HttpAnswer> StowDestination::Search(Session& session, const std::string& target) const {
  AXIAL_RETURN_IF_ERROR(OpenUnlessOpen(session));
  HttpConnection::Request request;
  request.method = "GET";
  request.target = url_.path + target;
  request.accept = kDicomJson;
  return Ask(session, std::move(request));
}

CheckReport StowDestination::Check(const std::vector<store::Delivery>& artifacts) {
  CheckReport report;
  Session session;
  for (const store::Delivery& artifact : artifacts) {
    const Result<HttpAnswer> answer =
        Search(session,
               fmt::format("/instances?StudyInstanceUID={}&SeriesInstanceUID={}&SOPInstanceUID={}",
                           artifact.study_uid, artifact.series_uid, artifact.sop_instance_uid));
    Result<bool> found = answer.ok() ? JudgeSearchAnswer(*answer, artifact) : answer.error();
    if (!found.ok() && report.results.empty()) {
      report.reached = found.error();
      return report;
    }
    if (!answer.ok()) {  // those behind are asked later
      report.results.resize(artifacts.size(), answer.error());
      return report;
    }
    report.results.push_back(std::move(found));
  }
  return report;
}

Result<SendResult> StowDestination::SendOne(Session& session, const store::Delivery& artifact,
                                            bool& lost) const {
  Result<HttpConnection::Request> request = StoreRequest(url_.path, artifact);
  if (!request.ok()) return SendResult(request.error());
  AXIAL_RETURN_IF_ERROR(OpenUnlessOpen(session));
  Result<HttpAnswer> answer = Ask(session, std::move(request).value());
  if (answer.ok() && RefusesTransferSyntax(*answer, artifact)) {
    request = PlainStoreRequest(url_.path, artifact);
    if (request.ok()) {
      AXIAL_RETURN_IF_ERROR(OpenUnlessOpen(session));
      answer = Ask(session, std::move(request).value());
    }
  }
  if (!answer.ok()) {
    lost = true;
    return SendResult(answer.error());
  }
  AXIAL_RETURN_IF_ERROR(
      JudgeService(answer->status, destination_.url, destination_.credentials.has_value()));
  return JudgeStoreAnswer(*answer, artifact);
}

SendReport StowDestination::Send(const std::vector<store::Delivery>& artifacts) {
  SendReport report;
  Session session;
  for (const store::Delivery& artifact : artifacts) {
    bool lost = false;
    Result<SendResult> sent = SendOne(session, artifact, lost);
    if (sent.ok()) {
      report.results.push_back(std::move(sent).value());
      if (lost) return report;
      continue;
    }
    if (report.results.empty())
      report.reached = sent.error();
    else
      report.results.emplace_back(sent.error());
    return report;
  }
  return report;
}

Status StowDestination::Echo() {
  Session session;
  // A search costs the server least of all that shows it speaks DICOMweb (PS3.18 10.6).
  AXIAL_ASSIGN_OR_RETURN(const HttpAnswer answer, Search(session, "/studies?limit=1"));
  AXIAL_RETURN_IF_ERROR(
      JudgeService(answer.status, destination_.url, destination_.credentials.has_value()));
  if (answer.status >= 500)
    return MakeError(ErrorCode::kUnavailable, "{} answered {}", destination_.url, answer.status);
  return {};
}

}  // namespace

Result<std::unique_ptr<Destination>> MakeStowDestination(const config::Destination& destination,
                                                         const DestinationOptions& options) {
  Result<HttpUrl> url = HttpUrl::Parse(destination.url);
  if (!url.ok()) return url.error().WithContext("destination '{}'", destination.name);
  const bool loopback =
      url->host == "localhost" || url->host == "::1" || url->host.starts_with("127.");
  if (destination.credentials && !url->secure && !loopback)
    Log(LogLevel::kWarning, "credentials_in_clear_text",
        {{"destination", destination.name}, {"remedy", "use https in its url"}});
  return std::unique_ptr<Destination>(
      std::make_unique<StowDestination>(destination, std::move(url).value(), options));
}

}  // namespace axial::deliver
