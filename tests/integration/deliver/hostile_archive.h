#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "tests/support/raw_scu.h"

namespace axial::testing {

/// An archive made of bare PDUs that accepts every Association, one after the other, and answers
/// each message with whatever bytes a test means to send.
class HostileArchive {
 public:
  struct Message {
    std::uint8_t context_id = 0;
    std::uint16_t message_id = 0;
    std::uint16_t command_field = 0;
  };
  /// Sends over the connection; false: ends it.
  using Answer = std::function<bool(RawScu& connection, const Message& message)>;

  explicit HostileArchive(Answer answer, std::string transfer_syntax_uid = "1.2.840.10008.1.2.1");
  ~HostileArchive();
  HostileArchive(const HostileArchive&) = delete;
  HostileArchive& operator=(const HostileArchive&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// The command set that answers a message.
  [[nodiscard]] static std::string Response(const Message& message, std::uint16_t status,
                                            bool has_data_set);
  /// The bytes in fragments of 64 KiB, the last of them marked so when `ends`.
  [[nodiscard]] static std::string Fragments(std::uint8_t context_id, bool command,
                                             std::string_view bytes, bool ends = true);

 private:
  void Serve();
  void ServeOne(RawScu connection) const;

  const Answer answer_;
  const std::string transfer_syntax_uid_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::thread thread_;
};

}  // namespace axial::testing
