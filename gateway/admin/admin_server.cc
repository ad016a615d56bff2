#include "gateway/admin/admin_server.h"

#include <atomic>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/log.h"

namespace axial::admin {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

/// An Echo may block for many seconds; two threads always go on answering.
constexpr int kThreads = AdminApi::kMaxEchoes + 2;

/// One connection: reads a request, answers, and again while the client keeps it alive. All its
/// handlers run on one strand; it lives as long as one of them waits.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, const AdminApi& api, const ServerLimits& limits,
             std::atomic<int>& open)
      : stream_(std::move(socket)), api_(api), limits_(limits), open_(open) {}
  ~Connection() { --open_; }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Run() {
    asio::dispatch(stream_.get_executor(), [self = shared_from_this()] { self->Read(); });
  }

 private:
  void Read() {
    parser_.emplace();
    parser_->header_limit(limits_.header_bytes);
    parser_->body_limit(limits_.body_bytes);
    stream_.expires_after(limits_.read_timeout);
    http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code error, std::size_t) { self->OnRead(error); });
  }

  void OnRead(const error_code& error) {
    if (error == http::error::header_limit)
      return Answer(Refusal(431, "Request Header Fields Too Large"), /*keep_alive=*/false);
    if (error == http::error::body_limit)
      return Answer(Refusal(413, "Content Too Large"), /*keep_alive=*/false);
    if (error && error.category() == http::make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message)
      return Answer(Refusal(400, "Bad Request"), /*keep_alive=*/false);
    if (error) return Close();  // gone, or too slow
    const auto& request = parser_->get();
    const std::string method(request.method_string());
    const std::string target(request.target());
    head_ = request.method() == http::verb::head;
    Answer(api_.Handle({method, target, request.body()}), request.keep_alive());
  }

  static Response Refusal(int status, const char* title) {
    Response response;
    response.status = status;
    response.content_type = "application/problem+json";
    response.body = std::string(R"({"type":"about:blank","title":")") + title + R"(","status":)" +
                    std::to_string(status) + "}\n";
    return response;
  }

  void Answer(Response answer, bool keep_alive) {
    response_ = {};
    response_.version(11);
    response_.result(static_cast<unsigned>(answer.status));
    response_.set(http::field::content_type, answer.content_type);
    response_.set(http::field::cache_control, "no-store");
    response_.set("X-Content-Type-Options", "nosniff");
    if (!answer.allow.empty()) response_.set(http::field::allow, answer.allow);
    response_.keep_alive(keep_alive);
    response_.content_length(answer.body.size());
    if (!head_) response_.body() = std::move(answer.body);
    stream_.expires_after(limits_.write_timeout);
    http::async_write(stream_, response_,
                      [self = shared_from_this(), keep_alive](error_code error, std::size_t) {
                        if (error || !keep_alive) return self->Close();
                        self->Read();
                      });
  }

  void Close() {
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  beast::tcp_stream stream_;
  const AdminApi& api_;
  const ServerLimits& limits_;
  std::atomic<int>& open_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  bool head_ = false;
};

Error FromBoost(const error_code& error, const config::Admin& config) {
  return MakeError(ErrorCode::kUnavailable,
                   "admin: cannot listen on {}:{}: {}; stop the program that does, or change "
                   "admin.port or admin.bind",
                   config.bind, config.port, error.message());
}

}  // namespace

struct AdminServer::State {
  State(const AdminApi& api_in, const ServerLimits& limits_in) : api(api_in), limits(limits_in) {}

  [[nodiscard]] Status Listen(const config::Admin& config);
  void Accept();
  void OnAccept(const error_code& error, tcp::socket socket);

  const AdminApi& api;
  const ServerLimits limits;
  std::atomic<int> open = 0;
  asio::io_context loop{kThreads};
  tcp::acceptor acceptor{asio::make_strand(loop)};
  asio::steady_timer pause{acceptor.get_executor()};
  std::uint16_t port = 0;
  std::vector<std::thread> threads;
};

Status AdminServer::State::Listen(const config::Admin& config) {
  error_code error;
  const auto address = asio::ip::make_address(config.bind, error);
  if (error)
    return MakeError(ErrorCode::kInvalidInput, "admin.bind '{}' is no IP address", config.bind);
  const tcp::endpoint endpoint(address, config.port);
  if (acceptor.open(endpoint.protocol(), error)) return FromBoost(error, config);
  if (acceptor.set_option(tcp::acceptor::reuse_address(true), error))
    return FromBoost(error, config);
  if (acceptor.bind(endpoint, error)) return FromBoost(error, config);
  if (acceptor.listen(tcp::acceptor::max_listen_connections, error))
    return FromBoost(error, config);
  port = acceptor.local_endpoint(error).port();
  if (error) return FromBoost(error, config);
  return {};
}

void AdminServer::State::Accept() {
  acceptor.async_accept(asio::make_strand(loop), [this](error_code error, tcp::socket socket) {
    OnAccept(error, std::move(socket));
  });
}

void AdminServer::State::OnAccept(const error_code& error, tcp::socket socket) {
  if (error == asio::error::operation_aborted) return;
  if (error) {
    // Out of descriptors, most likely: asking again at once would spin.
    pause.expires_after(std::chrono::milliseconds(100));
    pause.async_wait([this](error_code stopped) {
      if (!stopped) Accept();
    });
    return;
  }
  // Above the limit the socket just closes: a scraper tries again, a flood costs nothing.
  if (++open > limits.connections) {
    --open;
  } else {
    std::make_shared<Connection>(std::move(socket), api, limits, open)->Run();
  }
  Accept();
}

AdminServer::AdminServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<AdminServer>> AdminServer::Start(const config::Admin& config,
                                                        const AdminApi& api,
                                                        const ServerLimits& limits) {
  auto state = std::make_unique<State>(api, limits);
  AXIAL_RETURN_IF_ERROR(state->Listen(config));
  state->Accept();
  for (int i = 0; i < kThreads; ++i)
    state->threads.emplace_back([loop = &state->loop] { loop->run(); });
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(state)));
}

AdminServer::~AdminServer() {
  state_->loop.stop();
  for (std::thread& thread : state_->threads) thread.join();
}

std::uint16_t AdminServer::port() const { return state_->port; }

}  // namespace axial::admin
