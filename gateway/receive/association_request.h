#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace axial::receive {

/// The first bytes of an A-ASSOCIATE-RQ that tell its size (PS3.8 9.3.2).
inline constexpr std::size_t kPduHeadBytes = 6;
/// More than any real request: 128 Presentation Contexts with 64 Transfer Syntaxes each fit.
inline constexpr std::size_t kMaxAssociationRequestBytes = 1 << 20;

/// Who asks for an Association, and whom.
struct AssociationRequest {
  std::string called_ae_title;
  std::string calling_ae_title;
};

/// Whether a PDU with this head says that it is one.
[[nodiscard]] bool IsAssociationRequest(std::string_view head);

/// The whole PDU's size, from its first kPduHeadBytes bytes.
/// Errors: InvalidInput (another PDU type, too long or too short).
[[nodiscard]] Result<std::size_t> AssociationRequestBytes(std::string_view head);

/// Reads a whole A-ASSOCIATE-RQ, and checks that its items fit into each other, before DCMTK's
/// parser sees it. Error: InvalidInput.
[[nodiscard]] Result<AssociationRequest> ParseAssociationRequest(std::string_view pdu);

/// Why an Association is rejected (PS3.8 9.3.4): result, source, reason.
struct RejectReason {
  std::uint8_t result;
  std::uint8_t source;
  std::uint8_t reason;
};
inline constexpr RejectReason kCallingAeNotRecognised{1, 1, 3};
inline constexpr RejectReason kCalledAeNotRecognised{1, 1, 7};
inline constexpr RejectReason kLocalLimitExceeded{2, 3, 2};
inline constexpr RejectReason kTemporaryCongestion{2, 3, 1};

/// The A-ASSOCIATE-RJ PDU.
[[nodiscard]] std::string EncodeReject(const RejectReason& reason);

}  // namespace axial::receive
