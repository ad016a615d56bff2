#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "core/base/result.h"

namespace axial::deliver {

/// "http://host:port/path", taken apart.
struct HttpUrl {
  std::string host;  ///< without the brackets of an IPv6 address
  std::uint16_t port = 80;
  std::string path;  ///< "" or "/dicom-web", without a trailing slash

  /// Errors: InvalidInput; Unsupported (https, credentials in the URL).
  [[nodiscard]] static Result<HttpUrl> Parse(const std::string& text);
};

struct HttpAnswer {
  int status = 0;
  std::string body;  ///< at most 1 MiB
};

/// One plain HTTP/1.1 connection as client, used by one thread. Every call ends within the time-out
/// or soon after `interrupted` becomes true.
class HttpConnection {
 public:
  /// Connects. Errors: Unavailable, Timeout.
  [[nodiscard]] static Result<std::unique_ptr<HttpConnection>> Open(
      const HttpUrl& url, std::chrono::seconds timeout, const std::atomic<bool>& interrupted);

  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  struct Request {
    std::string method;  ///< GET | POST
    std::string target;
    std::string accept;
    std::string content_type;  ///< of the body; "" when there is none
    std::string body;
  };
  /// `timeout`: from the last progress to the next. Errors: Unavailable, Timeout, Corrupt (no
  /// HTTP). After an error, or when closed() is true, the connection is of no further use.
  [[nodiscard]] Result<HttpAnswer> Ask(Request request, std::chrono::seconds timeout);

  /// The other side ended it after its last answer.
  [[nodiscard]] bool closed() const;

 private:
  struct State;
  explicit HttpConnection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace axial::deliver
