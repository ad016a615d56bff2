#include "gateway/deliver/http_connection.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <functional>
#include <optional>
#include <utility>

#include "gateway/deliver/tls_client.h"

namespace axial::deliver {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::uint64_t kAnswerBytes = std::uint64_t{1024} * 1024;
constexpr std::uint32_t kAnswerHeaderBytes = std::uint32_t{64} * 1024;
constexpr auto kInterruptLatency = std::chrono::milliseconds(100);

Error Translate(const error_code& failed) {
  if (failed == beast::error::timeout) return MakeError(ErrorCode::kTimeout, "no answer in time");
  if (failed == http::error::body_limit || failed == http::error::header_limit ||
      failed == http::error::buffer_overflow)
    return MakeError(ErrorCode::kCorrupt, "its answer is too large to be one of DICOMweb");
  if (failed == http::error::end_of_stream || failed == asio::error::eof ||
      failed == asio::ssl::error::stream_truncated || failed == http::error::partial_message)
    return MakeError(ErrorCode::kUnavailable, "it closed the connection without a whole answer");
  const bool no_http =
      failed.category() == http::make_error_code(http::error::bad_method).category();
  if (no_http)
    return MakeError(ErrorCode::kCorrupt, "it does not speak HTTP ({})", failed.message());
  return Error(ErrorCode::kUnavailable, failed.message());
}

http::request<http::string_body> ToMessage(HttpConnection::Request request,
                                           const std::string& host) {
  http::request<http::string_body> message;
  message.method_string(request.method);
  message.target(request.target);
  message.version(11);
  message.set(http::field::host, host);
  message.set(http::field::user_agent, "Axial");
  message.set(http::field::accept, request.accept);
  if (!request.authorization.empty())
    message.set(http::field::authorization, request.authorization);
  if (!request.content_type.empty()) message.set(http::field::content_type, request.content_type);
  message.body() = std::move(request.body);
  message.prepare_payload();
  return message;
}

}  // namespace

struct HttpConnection::State {
  explicit State(const std::atomic<bool>& interrupted_in) : interrupted(interrupted_in) {}

  /// Runs the loop until `done` has an outcome, or an interrupt ends it.
  [[nodiscard]] Result<error_code> Wait(const std::optional<error_code>& done) {
    while (!done) {
      if (interrupted) {
        stream.close();
        loop.stop();
        return MakeError(ErrorCode::kUnavailable, "interrupted: the gateway is stopping");
      }
      loop.restart();
      loop.run_one_for(kInterruptLatency);
    }
    return *done;
  }

  Result<error_code> Connect(const HttpUrl& url, std::chrono::seconds timeout);
  Status Secure(const HttpUrl& url, const config::ClientTls& files, std::chrono::seconds timeout);
  Result<error_code> Write(const http::request<http::string_body>& message,
                           std::chrono::seconds timeout);
  Result<error_code> Read(http::response_parser<http::string_body>& parser,
                          std::chrono::seconds timeout);

  const std::atomic<bool>& interrupted;
  asio::io_context loop{1};
  tcp::resolver resolver{loop};
  beast::tcp_stream stream{loop};
  std::optional<asio::ssl::context> context;
  std::optional<asio::ssl::stream<beast::tcp_stream&>> tls;  ///< over `stream`
  beast::flat_buffer buffer{kAnswerHeaderBytes};
  std::string host;
  bool closed = false;
};

HttpConnection::HttpConnection(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpConnection::~HttpConnection() = default;

bool HttpConnection::closed() const { return state_->closed; }

// The outcomes of these live on their frames: a State that is interrupted never runs its loop
// again.

Result<error_code> HttpConnection::State::Connect(const HttpUrl& url,
                                                  std::chrono::seconds timeout) {
  std::optional<error_code> done;
  stream.expires_after(timeout);
  resolver.async_resolve(
      url.host, std::to_string(url.port),
      [&](const error_code& error, const tcp::resolver::results_type& endpoints) {
        if (error) {
          done = error;
          return;
        }
        stream.async_connect(
            endpoints, [&](const error_code& failed, const tcp::endpoint&) { done = failed; });
      });
  return Wait(done);
}

Status HttpConnection::State::Secure(const HttpUrl& url, const config::ClientTls& files,
                                     std::chrono::seconds timeout) {
  AXIAL_ASSIGN_OR_RETURN(context, MakeTlsContext(files));
  tls.emplace(stream, *context);
  AXIAL_RETURN_IF_ERROR(ExpectHost(tls->native_handle(), url.host, files));
  std::optional<error_code> done;
  stream.expires_after(timeout);
  tls->async_handshake(asio::ssl::stream_base::client, [&](const error_code& e) { done = e; });
  AXIAL_ASSIGN_OR_RETURN(const error_code failed, Wait(done));
  if (!failed) return {};
  if (failed == beast::error::timeout)
    return MakeError(ErrorCode::kTimeout, "no TLS in time; if it speaks plain http, correct url");
  return Error(ErrorCode::kUnavailable,
               WhyNoHandshake(tls->native_handle(), url.host, failed.message()));
}

Result<error_code> HttpConnection::State::Write(const http::request<http::string_body>& message,
                                                std::chrono::seconds timeout) {
  std::optional<error_code> done;
  http::request_serializer<http::string_body> serializer(message);
  // Piece by piece, so that the time-out is one of progress and not of the whole upload.
  std::function<void()> write;
  const auto written = [&](const error_code& error, std::size_t) {
    if (error || serializer.is_done())
      done = error;
    else
      write();
  };
  write = [&] {
    stream.expires_after(timeout);
    if (tls)
      http::async_write_some(*tls, serializer, written);
    else
      http::async_write_some(stream, serializer, written);
  };
  write();
  return Wait(done);
}

Result<error_code> HttpConnection::State::Read(http::response_parser<http::string_body>& parser,
                                               std::chrono::seconds timeout) {
  std::optional<error_code> done;
  const auto read = [&](const error_code& error, std::size_t) { done = error; };
  stream.expires_after(timeout);
  if (tls)
    http::async_read(*tls, buffer, parser, read);
  else
    http::async_read(stream, buffer, parser, read);
  return Wait(done);
}

Result<std::unique_ptr<HttpConnection>> HttpConnection::Open(const HttpUrl& url,
                                                             const config::ClientTls& tls,
                                                             std::chrono::seconds timeout,
                                                             const std::atomic<bool>& interrupted) {
  auto state = std::make_unique<State>(interrupted);
  state->host = url.Authority();
  const auto no_connection = [&](const Error& why) {
    return why.WithContext("no connection to {}", state->host);
  };
  const Result<error_code> connected = state->Connect(url, timeout);
  if (!connected.ok()) return no_connection(connected.error());
  if (*connected) return no_connection(Translate(*connected));
  error_code ignored;
  state->stream.socket().set_option(tcp::no_delay(true), ignored);
  if (url.secure) {
    const Status secured = state->Secure(url, tls, timeout);
    if (!secured.ok()) return no_connection(secured.error());
  }
  return std::unique_ptr<HttpConnection>(new HttpConnection(std::move(state)));
}

Result<HttpAnswer> HttpConnection::Ask(Request request, std::chrono::seconds timeout) {
  State& s = *state_;
  const http::request<http::string_body> message = ToMessage(std::move(request), s.host);
  http::response_parser<http::string_body> parser;
  parser.body_limit(kAnswerBytes);
  parser.header_limit(kAnswerHeaderBytes);
  AXIAL_ASSIGN_OR_RETURN(const error_code unsent, s.Write(message, timeout));
  if (unsent == beast::error::timeout) return Translate(unsent);
  // A server may answer and close before it has read all of a request that it does not want.
  AXIAL_ASSIGN_OR_RETURN(const error_code unread, s.Read(parser, timeout));
  if (unread) return Translate(unsent ? unsent : unread);
  s.closed = static_cast<bool>(unsent) || !parser.get().keep_alive();
  return HttpAnswer{static_cast<int>(parser.get().result_int()), std::move(parser.get().body())};
}

}  // namespace axial::deliver
