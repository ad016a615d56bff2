#include "tests/support/hostile_dicom.h"

#include <fstream>
#include <iterator>

namespace axial::testing {
namespace {

void Put16(std::string& out, std::uint32_t number) {
  out += static_cast<char>(number & 0xff);
  out += static_cast<char>(number >> 8 & 0xff);
}

void Put32(std::string& out, std::uint32_t number) {
  Put16(out, number);
  Put16(out, number >> 16);
}

bool HasLongLength(std::string_view vr) {
  return vr[0] == 'O' || vr == "SQ" || vr == "UN" || vr == "UT" || vr == "UC" || vr == "UR";
}

constexpr std::uint32_t kUndefined = 0xffffffff;

}  // namespace

std::string ExplicitHead(std::uint16_t group, std::uint16_t element, std::string_view vr,
                         std::uint32_t length) {
  std::string out;
  Put16(out, group);
  Put16(out, element);
  out += vr;
  if (HasLongLength(vr)) {
    Put16(out, 0);
    Put32(out, length);
  } else {
    Put16(out, length);
  }
  return out;
}

std::string ExplicitElement(std::uint16_t group, std::uint16_t element, std::string_view vr,
                            std::string value) {
  if (value.size() % 2 != 0) value += vr == "UI" || vr[0] == 'O' ? '\0' : ' ';
  return ExplicitHead(group, element, vr, static_cast<std::uint32_t>(value.size())) + value;
}

std::string SmallDataSet(int number, std::string_view before_pixels) {
  const std::string study = "1.2.3." + std::to_string(number);
  const auto number16 = [](std::uint32_t value) {
    std::string bytes;
    Put16(bytes, value);
    return bytes;
  };
  std::string out = ExplicitElement(0x0008, 0x0016, "UI", "1.2.840.10008.5.1.4.1.1.7");
  out += ExplicitElement(0x0008, 0x0018, "UI", study + ".1.1");
  out += ExplicitElement(0x0008, 0x0060, "CS", "OT");
  out += ExplicitElement(0x0010, 0x0010, "PN", "Test^Object");
  out += ExplicitElement(0x0010, 0x0020, "LO", "T1");
  out += ExplicitElement(0x0020, 0x000d, "UI", study);
  out += ExplicitElement(0x0020, 0x000e, "UI", study + ".1");
  out += ExplicitElement(0x0028, 0x0002, "US", number16(1));
  out += ExplicitElement(0x0028, 0x0004, "CS", "MONOCHROME2");
  out += ExplicitElement(0x0028, 0x0010, "US", number16(8));
  out += ExplicitElement(0x0028, 0x0011, "US", number16(8));
  out += ExplicitElement(0x0028, 0x0100, "US", number16(8));
  out += ExplicitElement(0x0028, 0x0101, "US", number16(8));
  out += ExplicitElement(0x0028, 0x0102, "US", number16(7));
  out += ExplicitElement(0x0028, 0x0103, "US", number16(0));
  out += before_pixels;
  out += ExplicitElement(0x7fe0, 0x0010, "OB", std::string(64, '\x40'));
  return out;
}

std::string DicomFile(std::string_view data_set, std::string_view transfer_syntax_uid) {
  std::string meta = ExplicitElement(0x0002, 0x0001, "OB", std::string("\0\1", 2));
  meta += ExplicitElement(0x0002, 0x0002, "UI", "1.2.840.10008.5.1.4.1.1.7");
  meta += ExplicitElement(0x0002, 0x0003, "UI", "1.2.3.1.1.1");
  meta += ExplicitElement(0x0002, 0x0010, "UI", std::string(transfer_syntax_uid));
  meta += ExplicitElement(0x0002, 0x0012, "UI", "1.2.3.9");
  std::string length;
  Put32(length, static_cast<std::uint32_t>(meta.size()));
  return std::string(128, '\0') + "DICM" + ExplicitElement(0x0002, 0x0000, "UL", length) + meta +
         std::string(data_set);
}

std::string NestedSequences(int depth) {
  std::string level = ExplicitHead(0x0040, 0xa730, "SQ", kUndefined);  // Content Sequence
  Put16(level, 0xfffe);
  Put16(level, 0xe000);
  Put32(level, kUndefined);
  std::string out;
  out.reserve(level.size() * static_cast<std::size_t>(depth));
  for (int i = 0; i < depth; ++i) out += level;
  return out;
}

std::string ClosedNestedSequences(int depth) {
  std::string close;
  Put16(close, 0xfffe);
  Put16(close, 0xe00d);
  Put32(close, 0);
  Put16(close, 0xfffe);
  Put16(close, 0xe0dd);
  Put32(close, 0);
  std::string out = NestedSequences(depth);
  for (int i = 0; i < depth; ++i) out += close;
  return out;
}

void WriteWholeFile(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::string ReadWholeFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string DataSetOf(const std::string& file_bytes) {
  constexpr std::size_t kGroupLengthAt = 140;  // the value of (0002,0000), which comes first
  std::size_t length = 0;
  for (std::size_t i = 4; i > 0; --i)
    length = length << 8 | static_cast<unsigned char>(file_bytes.at(kGroupLengthAt + i - 1));
  return file_bytes.substr(kGroupLengthAt + 4 + length);
}

}  // namespace axial::testing
