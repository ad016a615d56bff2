#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "core/base/content_digest.h"
#include "gateway/receive/receive_events.h"
#include "gateway/receive/spool_disk.h"

namespace axial::receive {

/// C-STORE response statuses (PS3.4 B.2.3).
inline constexpr std::uint16_t kStatusSuccess = 0x0000;
inline constexpr std::uint16_t kStatusSopClassNotSupported = 0x0122;
inline constexpr std::uint16_t kStatusOutOfResources = 0xa700;
inline constexpr std::uint16_t kStatusSopClassMismatch = 0xa900;
inline constexpr std::uint16_t kStatusCannotUnderstand = 0xc000;

/// The message as an Error Comment (0000,0902): at most 64 printable characters.
[[nodiscard]] std::string ErrorComment(const std::string& message);

/// What a C-STORE request said about the data set that follows.
struct StoreRequest {
  std::string sop_class_uid;
  std::string sop_instance_uid;
  std::string transfer_syntax_uid;
  bool sop_class_negotiated = true;  ///< the Presentation Context is of that SOP Class
};

struct StoreAnswer {
  std::uint16_t status = kStatusSuccess;
  std::string error_comment;  ///< at most 64 characters, nothing of the patient; "" with Success
  std::int64_t bytes = 0;
};

/// Takes one Instance from the first byte to the answer: file, durability, checks, row.
///
/// Whatever goes wrong, the data set can be written to the end and is then dropped, so that the
/// Association goes on. Destroyed before Finish, it leaves nothing. Not thread-safe.
class InstanceIntake {
 public:
  InstanceIntake(const AssociationInfo& association, const config::Storage& storage,
                 SpoolDisk& spool, ReceiveEvents& events, StoreRequest request);

  /// The data set's next bytes.
  void Write(std::string_view bytes);

  /// Call once, after the last byte. `study_instance_uid` is set with Success.
  [[nodiscard]] StoreAnswer Finish(std::string& study_instance_uid);

 private:
  void Open();
  void Append(std::string_view bytes);
  bool HasSpace();
  StoreAnswer Take(std::string& study_instance_uid);
  StoreAnswer Refuse(std::uint16_t status, const Error& error, const std::string& kept_at = "");
  StoreAnswer RefuseAndKeep(std::uint16_t status, const Error& error);
  Status CheckIdentity(const InstanceHeader& header, std::uint16_t& status) const;

  const AssociationInfo& association_;
  const config::Storage& storage_;
  SpoolDisk& spool_;
  ReceiveEvents& events_;
  StoreRequest request_;
  std::unique_ptr<SpoolFile> file_;
  std::optional<Error> failure_;
  std::uint16_t failure_status_ = kStatusOutOfResources;
  ContentDigest digest_;
  std::int64_t bytes_ = 0;
  std::int64_t next_space_check_ = 0;
};

}  // namespace axial::receive
