#include "gateway/receive/association_request.h"

namespace axial::receive {
namespace {

constexpr std::size_t kFixedBytes = 74;  // up to the variable items
constexpr std::uint8_t kApplicationContextItem = 0x10;
constexpr std::uint8_t kPresentationContextItem = 0x20;
constexpr std::uint8_t kAbstractSyntaxItem = 0x30;
constexpr std::uint8_t kTransferSyntaxItem = 0x40;
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

/// Takes the front item off: type, reserved byte, length of two bytes, value.
Result<std::uint8_t> TakeItem(std::string_view& items, std::string_view& value) {
  if (items.size() < 4) return Broken("an item's head is cut off");
  const std::size_t length = Number16(items, 2);
  if (length > items.size() - 4) return Broken("an item is longer than what holds it");
  const std::uint8_t type = Byte(items, 0);
  value = items.substr(4, length);
  items.remove_prefix(4 + length);
  return type;
}

Status CheckUid(std::string_view value) {
  constexpr std::size_t kUidCharacters = 64;
  if (value.empty() || value.size() > kUidCharacters) return Broken("a UID's length is wrong");
  return {};
}

/// One abstract syntax and at least one transfer syntax (PS3.8 9.3.2.2); DCMTK loses memory over
/// anything else.
Status CheckPresentationContext(std::string_view context) {
  if (context.size() < 4) return Broken("a Presentation Context is cut off");
  std::string_view items = context.substr(4);  // after its ID and three reserved bytes
  int abstract_syntaxes = 0;
  int transfer_syntaxes = 0;
  while (!items.empty()) {
    std::string_view value;
    AXIAL_ASSIGN_OR_RETURN(const std::uint8_t type, TakeItem(items, value));
    AXIAL_RETURN_IF_ERROR(CheckUid(value));
    if (type == kAbstractSyntaxItem)
      ++abstract_syntaxes;
    else if (type == kTransferSyntaxItem)
      ++transfer_syntaxes;
    else
      return Broken("a Presentation Context holds an item that does not belong there");
  }
  if (abstract_syntaxes != 1 || transfer_syntaxes == 0)
    return Broken("a Presentation Context without its syntaxes");
  return {};
}

Status CheckUserInformation(std::string_view items) {
  while (!items.empty()) {
    std::string_view value;
    const Result<std::uint8_t> type = TakeItem(items, value);
    if (!type.ok()) return type.error();
  }
  return {};
}

Status CheckItems(std::string_view items) {
  int application_contexts = 0;
  int presentation_contexts = 0;
  int user_informations = 0;
  while (!items.empty()) {
    std::string_view value;
    AXIAL_ASSIGN_OR_RETURN(const std::uint8_t type, TakeItem(items, value));
    if (type == kApplicationContextItem) {
      AXIAL_RETURN_IF_ERROR(CheckUid(value));
      ++application_contexts;
    } else if (type == kPresentationContextItem) {
      AXIAL_RETURN_IF_ERROR(CheckPresentationContext(value));
      ++presentation_contexts;
    } else if (type == kUserInformationItem) {
      AXIAL_RETURN_IF_ERROR(CheckUserInformation(value));
      ++user_informations;
    }
  }
  if (application_contexts != 1 || presentation_contexts == 0 || user_informations != 1)
    return Broken("an item that must be there is missing or there twice");
  return {};
}

}  // namespace

bool IsAssociationRequest(std::string_view head) {
  constexpr std::uint8_t kAssociateRequest = 1;
  return !head.empty() && Byte(head, 0) == kAssociateRequest;
}

Result<std::size_t> AssociationRequestBytes(std::string_view head) {
  if (head.size() < kPduHeadBytes) return Broken("its head is cut off");
  if (!IsAssociationRequest(head))
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
  AXIAL_RETURN_IF_ERROR(CheckItems(pdu.substr(kFixedBytes)));
  constexpr std::size_t kCalledAt = 10;
  constexpr std::size_t kCallingAt = 26;
  AssociationRequest request{AeTitleAt(pdu, kCalledAt), AeTitleAt(pdu, kCallingAt)};
  if (request.called_ae_title.empty() || request.calling_ae_title.empty())
    return Broken("an AE Title is empty");
  return request;
}

std::string EncodeReject(const RejectReason& reason) {
  std::string pdu("\x03\x00\x00\x00\x00\x04\x00", 7);
  pdu += static_cast<char>(reason.result);
  pdu += static_cast<char>(reason.source);
  pdu += static_cast<char>(reason.reason);
  return pdu;
}

}  // namespace axial::receive
