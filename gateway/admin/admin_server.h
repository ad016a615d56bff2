#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "config/config.h"
#include "core/base/result.h"
#include "gateway/admin/admin_api.h"

namespace axial::admin {

/// Bounds on what one client, or all of them, can take.
struct ServerLimits {
  std::uint32_t header_bytes = 16 * 1024;
  std::uint64_t body_bytes = std::uint64_t{1024} * 1024;
  int connections = 64;  ///< further ones are closed at once
  std::chrono::milliseconds read_timeout{30'000};
  std::chrono::milliseconds write_timeout{30'000};
};

/// A plain HTTP/1.1 server around AdminApi on threads of its own. Thread-safe.
class AdminServer {
 public:
  /// Listens when it returns. `api` outlives the server. Errors: InvalidInput (bind is no address),
  /// Unavailable (port taken, address not of this machine).
  [[nodiscard]] static Result<std::unique_ptr<AdminServer>> Start(const config::Admin& config,
                                                                  const AdminApi& api,
                                                                  const ServerLimits& limits = {});

  /// Closes every connection and joins the threads.
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  /// The port listened on, also when the configuration said 0.
  [[nodiscard]] std::uint16_t port() const;

 private:
  struct State;
  explicit AdminServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace axial::admin
