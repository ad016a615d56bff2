#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace axial {

/// No real command set is near this size.
inline constexpr std::size_t kMaxCommandBytes = std::size_t{16} * 1024;

inline constexpr std::uint16_t kCStoreRequest = 0x0001;
inline constexpr std::uint16_t kCFindRequest = 0x0020;
inline constexpr std::uint16_t kCEchoRequest = 0x0030;
inline constexpr std::uint16_t kNEventReportRequest = 0x0100;
inline constexpr std::uint16_t kNGetRequest = 0x0110;
inline constexpr std::uint16_t kNSetRequest = 0x0120;
inline constexpr std::uint16_t kNActionRequest = 0x0130;
inline constexpr std::uint16_t kNCreateRequest = 0x0140;
inline constexpr std::uint16_t kNDeleteRequest = 0x0150;
/// What makes a request's Command Field the response's.
inline constexpr std::uint16_t kResponse = 0x8000;
inline constexpr std::uint16_t kCCancelRequest = 0x0fff;

/// The parts of a DIMSE command set (PS3.7 chapter 9) that Axial looks at.
struct DimseCommand {
  std::uint16_t command_field = 0;
  std::uint16_t message_id = 0;
  std::uint16_t responds_to = 0;  ///< Message ID Being Responded To
  std::uint16_t status = 0;       ///< of a response
  std::uint16_t type_id = 0;      ///< Action or Event Type ID
  bool has_data_set = false;
  std::string affected_sop_class_uid;
  std::string affected_sop_instance_uid;
  std::string requested_sop_class_uid;
  std::string requested_sop_instance_uid;
  std::string error_comment;  ///< of a response: printable ASCII, at most 64 characters
};

/// Reads a command set (Implicit VR Little Endian, group 0000 only, no sequences): by hand, because
/// DCMTK would parse nested sequences there with one stack frame for each. Error: InvalidInput.
[[nodiscard]] Result<DimseCommand> ParseDimseCommand(std::string_view bytes);

/// What a response says (PS3.7 9.3.1.2, 9.3.5.2). UIDs that are none are left out.
struct DimseResponse {
  std::uint16_t command_field = 0;
  std::uint16_t message_id = 0;  ///< of the request
  std::uint16_t status = 0;
  std::string affected_sop_class_uid;
  std::string affected_sop_instance_uid;
  std::string error_comment;   ///< VR LO; "": none
  std::uint16_t error_id = 0;  ///< 0: none
};

/// The command set, without a data set. By hand, because DCMTK answers only on Presentation
/// Contexts whose Transfer Syntax it knows.
[[nodiscard]] std::string EncodeDimseResponse(const DimseResponse& response);

}  // namespace axial
