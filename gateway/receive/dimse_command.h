#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace axial::receive {

/// No real command set is near this size.
inline constexpr std::size_t kMaxCommandBytes = std::size_t{16} * 1024;

inline constexpr std::uint16_t kCStoreRequest = 0x0001;
inline constexpr std::uint16_t kCEchoRequest = 0x0030;
/// What makes a request's Command Field the response's.
inline constexpr std::uint16_t kResponse = 0x8000;
inline constexpr std::uint16_t kCCancelRequest = 0x0fff;

/// The parts of a DIMSE command set (PS3.7 chapter 9) that reception looks at.
struct DimseCommand {
  std::uint16_t command_field = 0;
  std::uint16_t message_id = 0;
  bool has_data_set = false;
  std::string affected_sop_class_uid;
  std::string affected_sop_instance_uid;
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
  std::string error_comment;  ///< VR LO; "": none
};

/// The command set, without a data set. By hand, because DCMTK answers only on Presentation
/// Contexts whose Transfer Syntax it knows.
[[nodiscard]] std::string EncodeDimseResponse(const DimseResponse& response);

}  // namespace axial::receive
