#include "core/dicom/dimse_command.h"

#include "core/dicom/uid.h"

namespace axial {
namespace {

constexpr std::uint16_t kNoDataSet = 0x0101;  // Command Data Set Type

std::string LittleEndian(std::size_t number, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
  return out;
}

/// Group 0000, Implicit VR Little Endian.
void PutElement(std::string& out, std::uint16_t element, std::string value, char padding) {
  if (value.size() % 2 != 0) value += padding;
  out += LittleEndian(0, 2) + LittleEndian(element, 2) + LittleEndian(value.size(), 4) + value;
}

void PutNumber(std::string& out, std::uint16_t element, std::uint16_t number) {
  PutElement(out, element, LittleEndian(number, 2), '\0');
}

std::uint32_t Number(std::string_view bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = bytes.size(); i > 0; --i)
    number = number << 8 | static_cast<unsigned char>(bytes[i - 1]);
  return number;
}

/// A comment of the other side, for people: printable ASCII, at most 64 characters (VR LO).
std::string CommentText(std::string_view value) {
  constexpr std::size_t kMaxCharacters = 64;
  std::string comment(value.substr(0, kMaxCharacters));
  while (!comment.empty() && (comment.back() == '\0' || comment.back() == ' ')) comment.pop_back();
  for (char& c : comment)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
  return comment;
}

std::string UidText(std::string_view value) {
  while (!value.empty() && (value.back() == '\0' || value.back() == ' ')) value.remove_suffix(1);
  return std::string(value);
}

Error Broken(std::string_view what) {
  return MakeError(ErrorCode::kInvalidInput, "broken DIMSE command: {}", what);
}

}  // namespace

Result<DimseCommand> ParseDimseCommand(std::string_view bytes) {
  constexpr std::size_t kHeadBytes = 8;
  DimseCommand command;
  bool has_field = false;
  while (!bytes.empty()) {
    if (bytes.size() < kHeadBytes) return Broken("an element's head is cut off");
    if (Number(bytes.substr(0, 2)) != 0) return Broken("an element is not of group 0000");
    const std::uint32_t element = Number(bytes.substr(2, 2));
    const std::uint32_t length = Number(bytes.substr(4, 4));
    bytes.remove_prefix(kHeadBytes);
    if (length > bytes.size()) return Broken("an element is longer than the command");
    const std::string_view value = bytes.substr(0, length);
    bytes.remove_prefix(length);
    const auto number = static_cast<std::uint16_t>(Number(value.substr(0, 2)));
    if (element == 0x0002) command.affected_sop_class_uid = UidText(value);
    if (element == 0x1000) command.affected_sop_instance_uid = UidText(value);
    if (element == 0x0003) command.requested_sop_class_uid = UidText(value);
    if (element == 0x1001) command.requested_sop_instance_uid = UidText(value);
    if (element == 0x0110) command.message_id = number;
    if (element == 0x0120) command.responds_to = number;
    if (element == 0x0900) command.status = number;
    if (element == 0x1002 || element == 0x1008) command.type_id = number;
    if (element == 0x0902) command.error_comment = CommentText(value);
    if (element == 0x0800) command.has_data_set = number != kNoDataSet;
    if (element == 0x0100) {
      command.command_field = number;
      has_field = true;
    }
  }
  if (!has_field) return Broken("it has no Command Field");
  return command;
}

std::string EncodeDimseResponse(const DimseResponse& response) {
  std::string elements;
  if (Uid::Parse(response.affected_sop_class_uid).ok())
    PutElement(elements, 0x0002, response.affected_sop_class_uid, '\0');
  PutNumber(elements, 0x0100, response.command_field);
  PutNumber(elements, 0x0120, response.message_id);
  PutNumber(elements, 0x0800, kNoDataSet);
  PutNumber(elements, 0x0900, response.status);
  if (!response.error_comment.empty()) PutElement(elements, 0x0902, response.error_comment, ' ');
  if (response.error_id != 0) PutNumber(elements, 0x0903, response.error_id);
  if (Uid::Parse(response.affected_sop_instance_uid).ok())
    PutElement(elements, 0x1000, response.affected_sop_instance_uid, '\0');
  std::string command;
  PutElement(command, 0x0000, LittleEndian(elements.size(), 4), '\0');
  return command + elements;
}

}  // namespace axial
