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

}  // namespace axial::receive
