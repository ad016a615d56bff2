#include "core/dicom/attribute_values.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "core/dicom/tag_dictionary.h"
#include "core/dicom/vr_code.h"

namespace axial {
namespace {

bool IsText(std::string_view vr) {
  switch (VrCode(vr)) {
    case VrCode("AE"):
    case VrCode("AS"):
    case VrCode("CS"):
    case VrCode("DA"):
    case VrCode("DS"):
    case VrCode("DT"):
    case VrCode("IS"):
    case VrCode("LO"):
    case VrCode("LT"):
    case VrCode("PN"):
    case VrCode("SH"):
    case VrCode("ST"):
    case VrCode("TM"):
    case VrCode("UC"):
    case VrCode("UI"):
    case VrCode("UR"):
    case VrCode("UT"):
      return true;
    default:
      return false;
  }
}

bool IsSingleValued(std::string_view vr) {
  const unsigned code = VrCode(vr);
  return code == VrCode("LT") || code == VrCode("ST") || code == VrCode("UT") ||
         code == VrCode("UR");
}

/// Whose repertoire Specific Character Set extends.
bool HasOwnCharacterSet(std::string_view vr) {
  const unsigned code = VrCode(vr);
  return code == VrCode("LO") || code == VrCode("LT") || code == VrCode("PN") ||
         code == VrCode("SH") || code == VrCode("ST") || code == VrCode("UC") ||
         code == VrCode("UT");
}

std::string Trimmed(const std::string& text, bool keep_front) {
  constexpr std::string_view kPadding(" \0", 2);
  const std::size_t last = text.find_last_not_of(kPadding);
  if (last == std::string::npos) return "";
  const std::size_t first = keep_front ? 0 : text.find_first_not_of(' ');
  return text.substr(first, last + 1 - first);
}

/// AE, AS, CS, UI and the like never extend the default repertoire.
std::vector<std::string> SplitDefaultRepertoire(std::string_view bytes, bool multi_valued) {
  std::vector<std::string> values(1);
  for (const char byte : bytes) {
    if (byte == '\\' && multi_valued)
      values.emplace_back();
    else
      values.back() += static_cast<unsigned char>(byte) < 0x80 ? byte : '?';
  }
  return values;
}

std::vector<std::string> TextValues(std::string_view bytes, std::string_view vr,
                                    const CharacterSet& character_set) {
  const bool multi_valued = !IsSingleValued(vr);
  std::vector<std::string> values = HasOwnCharacterSet(vr)
                                        ? character_set.Decode(bytes, multi_valued, vr == "PN")
                                        : SplitDefaultRepertoire(bytes, multi_valued);
  for (std::string& value : values) value = Trimmed(value, !multi_valued);
  if (values.size() == 1 && values.front().empty()) values.clear();
  return values;
}

/// An unsigned integer of `size` bytes in the data set's byte order.
std::uint64_t Number(std::string_view bytes, bool big_endian) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char byte = bytes[big_endian ? i : bytes.size() - 1 - i];
    number = number << 8 | static_cast<unsigned char>(byte);
  }
  return number;
}

std::string FloatText(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

std::string NumberText(std::string_view vr, std::string_view bytes, bool big_endian) {
  if (vr == "AT")
    return fmt::format("({:04x},{:04x})", Number(bytes.substr(0, 2), big_endian),
                       Number(bytes.substr(2, 2), big_endian));
  const std::uint64_t number = Number(bytes, big_endian);
  if (vr == "SS") return std::to_string(static_cast<std::int16_t>(number));
  if (vr == "SL") return std::to_string(static_cast<std::int32_t>(number));
  if (vr == "SV") return std::to_string(static_cast<std::int64_t>(number));
  if (vr == "FL") {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(number));
    return std::isfinite(value) ? fmt::format("{}", value) : "";
  }
  if (vr == "FD") return FloatText(std::bit_cast<double>(number));
  return std::to_string(number);
}

/// Bytes per value of a binary VR; 0 for one that is not taken.
std::size_t NumberBytes(std::string_view vr) {
  if (vr == "US" || vr == "SS") return 2;
  if (vr == "UL" || vr == "SL" || vr == "FL" || vr == "AT") return 4;
  if (vr == "UV" || vr == "SV" || vr == "FD") return 8;
  return 0;
}

}  // namespace

bool ReadAttributeValue(const DataElement& element, const CharacterSet& character_set,
                        bool signed_pixels, std::string& keyword, AttributeValue& value) {
  DictionaryEntry known;
  if (element.group < 8 || !LookUpAttribute(element.group, element.element, known)) return false;
  const bool use_dictionary = element.vr.empty() || element.vr == "UN";
  std::string vr = use_dictionary ? known.vr : std::string(element.vr);
  if (vr == "xs") vr = signed_pixels ? "SS" : "US";
  if (vr == "up") vr = "UL";
  AttributeValue read{vr, {}};
  const std::size_t number_bytes = NumberBytes(vr);
  if (IsText(vr)) {
    read.values = TextValues(element.value, vr, character_set);
  } else if (number_bytes > 0) {
    const bool big_endian = element.big_endian && element.vr != "UN";
    for (std::size_t at = 0; at + number_bytes <= element.value.size(); at += number_bytes)
      read.values.push_back(NumberText(vr, element.value.substr(at, number_bytes), big_endian));
  } else {
    return false;
  }
  keyword = std::move(known.keyword);
  value = std::move(read);
  return true;
}

}  // namespace axial
