#include "core/base/printable.h"

#include <fmt/format.h>

namespace axial {
namespace {

bool IsPrintableAscii(unsigned char c) { return c >= 0x20 && c < 0x7f; }

void AppendEscaped(std::string& text, unsigned char c) { text += fmt::format("\\x{:02x}", c); }

}  // namespace

std::string Printable(std::string_view text) {
  std::string printable;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\')
      printable += "\\\\";
    else if (IsPrintableAscii(byte))
      printable += c;
    else
      AppendEscaped(printable, byte);
  }
  return printable;
}

std::string WithoutControls(std::string_view text) {
  std::string clean;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : '\0');
    const bool c1_control = byte == 0xc2 && next >= 0x80 && next < 0xa0;  // U+0080 to U+009F
    if (c1_control) {
      AppendEscaped(clean, next);
      ++i;
    } else if (byte < 0x20 || byte == 0x7f) {
      AppendEscaped(clean, byte);
    } else {
      clean += text[i];
    }
  }
  return clean;
}

}  // namespace axial
