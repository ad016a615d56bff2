#include "gateway/receive/association_request.h"

namespace axial::receive {
namespace {

constexpr std::size_t kFixedBytes = 74;  // up to the variable items
constexpr std::uint8_t kPresentationContextItem = 0x20;
constexpr std::uint8_t kUserInformationItem = 0x50;

std::uint8_t Byte(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

std::size_t Number16(std::string_view bytes, std::size_t at) {
  return static_cast<std::size_t>(Byte(bytes, at)) << 8 | Byte(bytes, at + 1);
}

Error Broken(std::string_view what) {
  return MakeError(ErrorCode::kInvalidInput, "broken A-ASSOCIATE-RQ: {}", what);
}

std::string AeTitleAt(std::string_view pdu, std::size_t at) {
  constexpr std::size_t kAeTitleBytes = 16;
  std::string_view text = pdu.substr(at, kAeTitleBytes);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return std::string(text);
}

/// Every item: type, reserved byte, length of two bytes, value.
Status CheckItems(std::string_view items, bool outer) {
  while (!items.empty()) {
    if (items.size() < 4) return Broken("an item's head is cut off");
    const std::size_t length = Number16(items, 2);
    if (length > items.size() - 4) return Broken("an item is longer than what holds it");
    std::string_view value = items.substr(4, length);
    const std::uint8_t type = Byte(items, 0);
    if (outer && (type == kPresentationContextItem || type == kUserInformationItem)) {
      if (type == kPresentationContextItem) {
        if (value.size() < 4) return Broken("a Presentation Context is cut off");
        value.remove_prefix(4);  // its ID and three reserved bytes
      }
      AXIAL_RETURN_IF_ERROR(CheckItems(value, false));
    }
    items.remove_prefix(4 + length);
  }
  return {};
}

}  // namespace

Result<std::size_t> AssociationRequestBytes(std::string_view head) {
  if (head.size() < kPduHeadBytes) return Broken("its head is cut off");
  constexpr std::uint8_t kAssociateRequest = 1;
  if (Byte(head, 0) != kAssociateRequest)
    return MakeError(ErrorCode::kInvalidInput, "PDU type {:02x} instead of an A-ASSOCIATE-RQ",
                     Byte(head, 0));
  const std::size_t size = (Number16(head, 2) << 16 | Number16(head, 4)) + kPduHeadBytes;
  if (size < kFixedBytes) return Broken("too short");
  if (size > kMaxAssociationRequestBytes) return Broken("longer than 1 MiB");
  return size;
}

Result<AssociationRequest> ParseAssociationRequest(std::string_view pdu) {
  AXIAL_ASSIGN_OR_RETURN(const std::size_t size, AssociationRequestBytes(pdu));
  if (pdu.size() != size) return Broken("its length is not its own");
  AXIAL_RETURN_IF_ERROR(CheckItems(pdu.substr(kFixedBytes), true));
  constexpr std::size_t kCalledAt = 10;
  constexpr std::size_t kCallingAt = 26;
  return AssociationRequest{AeTitleAt(pdu, kCalledAt), AeTitleAt(pdu, kCallingAt)};
}

std::string EncodeReject(const RejectReason& reason) {
  std::string pdu("\x03\x00\x00\x00\x00\x04\x00", 7);
  pdu += static_cast<char>(reason.result);
  pdu += static_cast<char>(reason.source);
  pdu += static_cast<char>(reason.reason);
  return pdu;
}

}  // namespace axial::receive
