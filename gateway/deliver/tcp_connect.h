#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/base/result.h"
#include "gateway/deliver/dicom_association.h"

namespace axial::deliver {

/// A socket that is closed with its owner.
class OwnedSocket {
 public:
  OwnedSocket() = default;
  explicit OwnedSocket(int socket) : socket_(socket) {}
  ~OwnedSocket();
  OwnedSocket(OwnedSocket&& other) noexcept;
  OwnedSocket& operator=(OwnedSocket&& other) noexcept;
  OwnedSocket(const OwnedSocket&) = delete;
  OwnedSocket& operator=(const OwnedSocket&) = delete;

  [[nodiscard]] int get() const { return socket_; }  ///< -1: none

 private:
  int socket_ = -1;
};

/// Connects within `timeout` to the first of the host's addresses (IPv4 or IPv6) that answers; an
/// interrupt ends it. The socket blocks. Errors: Timeout, Unavailable.
[[nodiscard]] Result<OwnedSocket> ConnectTcp(const std::string& host, std::uint16_t port,
                                             std::chrono::seconds timeout, OpenSockets& sockets);

/// A listening socket on the loopback interface, and its port. Error: Unavailable.
struct LoopbackListener {
  OwnedSocket socket;
  std::uint16_t port = 0;
};
[[nodiscard]] Result<LoopbackListener> ListenOnLoopback();

}  // namespace axial::deliver
