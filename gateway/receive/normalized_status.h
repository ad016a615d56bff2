#pragma once

#include <cstdint>

namespace axial::receive {

/// Statuses of N- services (PS3.7 annex C).
inline constexpr std::uint16_t kStatusInvalidAttributeValue = 0x0106;
inline constexpr std::uint16_t kStatusProcessingFailure = 0x0110;
inline constexpr std::uint16_t kStatusDuplicateInstance = 0x0111;
inline constexpr std::uint16_t kStatusNoSuchInstance = 0x0112;
inline constexpr std::uint16_t kStatusNoSuchEventType = 0x0113;
inline constexpr std::uint16_t kStatusInvalidArgument = 0x0115;
inline constexpr std::uint16_t kStatusNoSuchClass = 0x0118;
inline constexpr std::uint16_t kStatusMissingAttribute = 0x0120;
inline constexpr std::uint16_t kStatusNoSuchAction = 0x0123;
inline constexpr std::uint16_t kStatusUnrecognizedOperation = 0x0211;
inline constexpr std::uint16_t kStatusResourceLimitation = 0x0213;

/// Error ID (0000,0903) beside kStatusProcessingFailure: the step has ended (PS3.4 F.7.2.2.4).
inline constexpr std::uint16_t kErrorIdStepHasEnded = 0xa710;

}  // namespace axial::receive
