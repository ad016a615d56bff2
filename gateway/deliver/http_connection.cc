#include "gateway/deliver/http_connection.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <functional>
#include <optional>
#include <utility>

namespace axial::deliver {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::uint64_t kAnswerBytes = std::uint64_t{1024} * 1024;
constexpr auto kInterruptLatency = std::chrono::milliseconds(100);

Error NotAUrl(const std::string& text) {
  return MakeError(ErrorCode::kInvalidInput, "'{}' is no URL like http://host:8042/dicom-web",
                   text);
}

/// "host", "host:port", "[::1]:port".
std::optional<std::uint16_t> SplitPort(std::string& authority) {
  const std::size_t bracket = authority.find(']');
  const std::size_t colon = authority.find(':', bracket == std::string::npos ? 0 : bracket);
  std::uint16_t port = 80;
  if (colon != std::string::npos) {
    const char* const end = authority.data() + authority.size();
    const auto [stop, error] = std::from_chars(authority.data() + colon + 1, end, port);
    if (error != std::errc() || stop != end || port == 0) return std::nullopt;
    authority.resize(colon);
  }
  if (authority.starts_with('[')) {
    if (!authority.ends_with(']')) return std::nullopt;
    authority = authority.substr(1, authority.size() - 2);
  }
  if (authority.empty()) return std::nullopt;
  return port;
}

}  // namespace

Result<HttpUrl> HttpUrl::Parse(const std::string& text) {
  constexpr std::string_view kScheme = "http://";
  if (text.starts_with("https://"))
    return MakeError(ErrorCode::kUnsupported,
                     "{}: this version sends by plain http only; use http:// inside a protected "
                     "network, or kind: dicom",
                     text);
  if (!text.starts_with(kScheme)) return NotAUrl(text);
  const std::string rest = text.substr(kScheme.size());
  const std::size_t slash = rest.find('/');
  HttpUrl url;
  url.host = rest.substr(0, slash);
  if (url.host.find('@') != std::string::npos)
    return Error(ErrorCode::kUnsupported, "credentials in a URL are not supported");
  const auto port = SplitPort(url.host);
  if (!port) return NotAUrl(text);
  url.port = *port;
  if (slash != std::string::npos) url.path = rest.substr(slash);
  while (url.path.ends_with('/')) url.path.pop_back();
  for (const char c : url.host + url.path)
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f ||
        c == '?' || c == '#')
      return NotAUrl(text);
  return url;
}

struct HttpConnection::State {
  explicit State(const std::atomic<bool>& interrupted_in) : interrupted(interrupted_in) {}

  /// Runs the loop until `done` has an outcome, or an interrupt ends it.
  [[nodiscard]] Status Wait(const std::optional<error_code>& done) {
    while (!done) {
      if (interrupted) {
        stream.close();
        loop.stop();
        return MakeError(ErrorCode::kUnavailable, "interrupted: the gateway is stopping");
      }
      loop.restart();
      loop.run_one_for(kInterruptLatency);
    }
    if (!*done) return {};
    if (*done == beast::error::timeout) return MakeError(ErrorCode::kTimeout, "no answer in time");
    const bool no_http =
        done->category() == http::make_error_code(http::error::bad_method).category();
    return MakeError(no_http && *done != http::error::end_of_stream ? ErrorCode::kCorrupt
                                                                    : ErrorCode::kUnavailable,
                     "{}", done->message());
  }

  const std::atomic<bool>& interrupted;
  asio::io_context loop{1};
  tcp::resolver resolver{loop};
  beast::tcp_stream stream{loop};
  beast::flat_buffer buffer;
  std::string host;
  bool closed = false;
};

HttpConnection::HttpConnection(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpConnection::~HttpConnection() = default;

bool HttpConnection::closed() const { return state_->closed; }

Result<std::unique_ptr<HttpConnection>> HttpConnection::Open(const HttpUrl& url,
                                                             std::chrono::seconds timeout,
                                                             const std::atomic<bool>& interrupted) {
  auto state = std::make_unique<State>(interrupted);
  State& s = *state;
  s.host = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  s.host += ":" + std::to_string(url.port);
  // The outcome lives on this frame; a State that is interrupted never runs its loop again.
  std::optional<error_code> done;
  s.stream.expires_after(timeout);
  s.resolver.async_resolve(
      url.host, std::to_string(url.port),
      [&](const error_code& error, const tcp::resolver::results_type& endpoints) {
        if (error) {
          done = error;
          return;
        }
        s.stream.async_connect(
            endpoints, [&](const error_code& failed, const tcp::endpoint&) { done = failed; });
      });
  const Status connected = s.Wait(done);
  if (!connected.ok()) return connected.error().WithContext("no connection to {}", s.host);
  error_code ignored;
  s.stream.socket().set_option(tcp::no_delay(true), ignored);
  return std::unique_ptr<HttpConnection>(new HttpConnection(std::move(state)));
}

Result<HttpAnswer> HttpConnection::Ask(Request request, std::chrono::seconds timeout) {
  State& s = *state_;
  http::request<http::string_body> message;
  message.method_string(request.method);
  message.target(request.target);
  message.version(11);
  message.set(http::field::host, s.host);
  message.set(http::field::user_agent, "Axial");
  message.set(http::field::accept, request.accept);
  if (!request.content_type.empty()) message.set(http::field::content_type, request.content_type);
  message.body() = std::move(request.body);
  message.prepare_payload();
  http::response_parser<http::string_body> parser;
  parser.body_limit(kAnswerBytes);

  std::optional<error_code> done;
  http::request_serializer<http::string_body> serializer(message);
  // Piece by piece, so that the time-out is one of progress and not of the whole upload.
  const std::function<void()> write = [&] {
    s.stream.expires_after(timeout);
    http::async_write_some(s.stream, serializer, [&](const error_code& error, std::size_t) {
      if (error || serializer.is_done()) {
        done = error;
      } else {
        write();
      }
    });
  };
  write();
  AXIAL_RETURN_IF_ERROR(s.Wait(done));
  done.reset();
  s.stream.expires_after(timeout);
  http::async_read(s.stream, s.buffer, parser,
                   [&](const error_code& error, std::size_t) { done = error; });
  AXIAL_RETURN_IF_ERROR(s.Wait(done));
  s.closed = !parser.get().keep_alive();
  return HttpAnswer{static_cast<int>(parser.get().result_int()), std::move(parser.get().body())};
}

}  // namespace axial::deliver
