#include "gateway/receive/file_meta_information.h"

#include <cstdint>

#include "core/dicom/uid.h"

namespace axial::receive {
namespace {

void PutNumber(std::string& out, std::size_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
}

void PutElement(std::string& out, std::uint16_t element, std::string_view vr,
                std::string_view value) {
  constexpr std::uint16_t kMetaGroup = 0x0002;
  const bool odd = value.size() % 2 != 0;
  PutNumber(out, kMetaGroup, 2);
  PutNumber(out, element, 2);
  out += vr;
  if (vr == "OB") PutNumber(out, 0, 2);
  PutNumber(out, value.size() + (odd ? 1 : 0), vr == "OB" ? 4 : 2);
  out += value;
  if (odd) out += '\0';
}

}  // namespace

std::string EncodeFileMetaInformation(std::string_view sop_class_uid,
                                      std::string_view sop_instance_uid,
                                      std::string_view transfer_syntax_uid) {
  static const std::string implementation = MakeDeterministicUid("implementation").str();
  std::string elements;
  PutElement(elements, 0x0001, "OB", std::string_view("\0\1", 2));
  PutElement(elements, 0x0002, "UI", sop_class_uid);
  PutElement(elements, 0x0003, "UI", sop_instance_uid);
  PutElement(elements, 0x0010, "UI", transfer_syntax_uid);
  PutElement(elements, 0x0012, "UI", implementation);
  constexpr std::size_t kPreambleBytes = 128;
  std::string out(kPreambleBytes, '\0');
  out += "DICM";
  std::string length;
  PutNumber(length, elements.size(), 4);
  PutElement(out, 0x0000, "UL", length);
  return out + elements;
}

}  // namespace axial::receive
