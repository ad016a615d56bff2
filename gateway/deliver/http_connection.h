#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "config/config.h"
#include "core/base/result.h"
#include "gateway/deliver/http_url.h"

namespace axial::deliver {

struct HttpAnswer {
  int status = 0;
  std::string body;  ///< at most 1 MiB
};

/// One HTTP/1.1 connection as client, over TLS 1.2 or 1.3 where the URL says https, used by one
/// thread. Every call ends within the time-out or soon after `interrupted` becomes true.
class HttpConnection {
 public:
  /// Connects; over TLS, the server's certificate must be signed by `tls.trusted` and name the
  /// host. Errors: Unavailable (also: a certificate that is not trusted, with the reason), Timeout.
  [[nodiscard]] static Result<std::unique_ptr<HttpConnection>> Open(
      const HttpUrl& url, const config::ClientTls& tls, std::chrono::seconds timeout,
      const std::atomic<bool>& interrupted);

  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  struct Request {
    std::string method;  ///< GET | POST
    std::string target;
    std::string accept;
    std::string authorization;  ///< "": none
    std::string content_type;   ///< of the body; "" when there is none
    std::string body;
  };
  /// `timeout`: from one progress of the request to the next, and for the whole answer; an answer
  /// that comes before the whole request went out counts. Errors: Unavailable, Timeout, Corrupt (no
  /// HTTP, or an answer beyond the limits). After an error, or when closed() is true, the
  /// connection is of no further use.
  [[nodiscard]] Result<HttpAnswer> Ask(Request request, std::chrono::seconds timeout);

  /// The other side ended it after its last answer.
  [[nodiscard]] bool closed() const;

 private:
  struct State;
  explicit HttpConnection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace axial::deliver
