#include "core/dicom/character_set.h"

#include <iconv.h>

#include <array>
#include <map>
#include <string>

namespace axial {
namespace {

/// How the bytes of one coded character set become characters.
enum class Shape {
  kAscii,       ///< one byte below 0x80
  kSingleByte,  ///< one byte from 0x80
  kKatakana,    ///< JIS X 0201 half width, one byte from 0x80
  kDoubleLow,   ///< two bytes below 0x80: JIS X 0208 and 0212 after their escape sequence
  kDoubleHigh,  ///< two bytes from 0x80
  kUtf8,
  kGb18030,
};

struct CodedSet {
  std::string_view number;  ///< of the ISO registration, as in "ISO_IR 100" or "ISO 2022 IR 100"
  std::string_view escape;  ///< designates the set, without the ESC byte
  Shape shape;
  const char* iconv_name;
};

constexpr CodedSet kAscii{"6", "(B", Shape::kAscii, nullptr};
constexpr CodedSet kSets[] = {
    kAscii,
    {"14", "(J", Shape::kAscii, nullptr},
    {"13", ")I", Shape::kKatakana, nullptr},
    {"100", "-A", Shape::kSingleByte, "ISO-8859-1"},
    {"101", "-B", Shape::kSingleByte, "ISO-8859-2"},
    {"109", "-C", Shape::kSingleByte, "ISO-8859-3"},
    {"110", "-D", Shape::kSingleByte, "ISO-8859-4"},
    {"144", "-L", Shape::kSingleByte, "ISO-8859-5"},
    {"127", "-G", Shape::kSingleByte, "ISO-8859-6"},
    {"126", "-F", Shape::kSingleByte, "ISO-8859-7"},
    {"138", "-H", Shape::kSingleByte, "ISO-8859-8"},
    {"148", "-M", Shape::kSingleByte, "ISO-8859-9"},
    {"203", "-b", Shape::kSingleByte, "ISO-8859-15"},
    {"166", "-T", Shape::kSingleByte, "TIS-620"},
    {"87", "$B", Shape::kDoubleLow, "EUC-JP"},
    {"159", "$(D", Shape::kDoubleLow, "EUC-JP"},
    {"149", "$)C", Shape::kDoubleHigh, "EUC-KR"},
    {"58", "$)A", Shape::kDoubleHigh, "GB2312"},
    {"192", "", Shape::kUtf8, "UTF-8"},
    {"GB18030", "", Shape::kGb18030, "GB18030"},
};

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

const CodedSet& SetNamed(std::string_view term) {
  if (term == "GB18030" || term == "GBK") return kSets[std::size(kSets) - 1];
  for (const std::string_view prefix : {"ISO_IR ", "ISO 2022 IR ", "ISO-IR ", "ISO IR "})
    if (term.starts_with(prefix)) {
      term.remove_prefix(prefix.size());
      break;
    }
  for (const CodedSet& set : kSets)
    if (term == set.number) return set;
  return kAscii;
}

unsigned char Byte(char c) { return static_cast<unsigned char>(c); }

std::size_t Gb18030Length(std::string_view rest) {
  if (Byte(rest[0]) < 0x80 || rest.size() < 2) return 1;
  return rest.size() >= 4 && rest[1] >= '0' && rest[1] <= '9' ? 4 : 2;
}

std::size_t Utf8Length(std::string_view rest) {
  const unsigned char first = Byte(rest[0]);
  const std::size_t length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return length <= rest.size() ? length : 1;
}

/// What iconv_open answers when it cannot.
// NOLINTNEXTLINE(performance-no-int-to-ptr, misc-misplaced-const)
const iconv_t kNoConverter = reinterpret_cast<iconv_t>(-1);

}  // namespace

struct CharacterSet::State {
  const CodedSet* low = &kAscii;   ///< bytes below 0x80, at the start of each value (G0)
  const CodedSet* high = &kAscii;  ///< bytes from 0x80 (G1)
  std::map<std::string_view, iconv_t> converters;

  ~State() {
    for (const auto& [name, converter] : converters)
      if (converter != kNoConverter) iconv_close(converter);
  }

  /// Appends one character as UTF-8, or '?'.
  void Append(std::string& out, std::string_view bytes, const char* iconv_name) {
    auto [entry, is_new] = converters.try_emplace(iconv_name, nullptr);
    if (is_new) entry->second = iconv_open("UTF-8", iconv_name);
    std::array<char, 16> converted{};
    std::string copy(bytes);
    char* from = copy.data();
    char* to = converted.data();
    std::size_t from_left = copy.size();
    std::size_t to_left = converted.size();
    if (entry->second == kNoConverter ||
        iconv(entry->second, &from, &from_left, &to, &to_left) == static_cast<std::size_t>(-1) ||
        from_left != 0) {
      if (entry->second != kNoConverter) iconv(entry->second, nullptr, nullptr, nullptr, nullptr);
      out += '?';
      return;
    }
    out.append(converted.data(), converted.size() - to_left);
  }

  /// Appends the character at the front of `rest` and returns how many bytes it took.
  std::size_t AppendNext(std::string& out, std::string_view rest, const CodedSet& now_low,
                         const CodedSet& now_high) {
    const bool is_low = Byte(rest[0]) < 0x80;
    const CodedSet& set = is_low ? now_low : now_high;
    switch (set.shape) {
      case Shape::kAscii:
        out += is_low ? rest[0] : '?';
        return 1;
      case Shape::kSingleByte:
        if (is_low)
          out += rest[0];
        else
          Append(out, rest.substr(0, 1), set.iconv_name);
        return 1;
      case Shape::kKatakana: {
        const unsigned code = 0xff61 + (Byte(rest[0]) - 0xa1u);
        if (Byte(rest[0]) < 0xa1 || Byte(rest[0]) > 0xdf) {
          out += '?';
        } else {
          out += static_cast<char>(0xe0 | code >> 12);
          out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
          out += static_cast<char>(0x80 | (code & 0x3f));
        }
        return 1;
      }
      case Shape::kDoubleLow: {
        if (Byte(rest[0]) <= 0x20 || rest.size() < 2) {
          out += rest[0];
          return 1;
        }
        std::string euc = set.number == "159" ? "\x8f" : "";
        euc += static_cast<char>(Byte(rest[0]) | 0x80);
        euc += static_cast<char>(Byte(rest[1]) | 0x80);
        Append(out, euc, set.iconv_name);
        return 2;
      }
      case Shape::kDoubleHigh:
        if (rest.size() < 2 || Byte(rest[1]) < 0x80) {
          out += '?';
          return 1;
        }
        Append(out, rest.substr(0, 2), set.iconv_name);
        return 2;
      case Shape::kUtf8:
      case Shape::kGb18030: {
        const std::size_t length =
            set.shape == Shape::kUtf8 ? Utf8Length(rest) : Gb18030Length(rest);
        Append(out, rest.substr(0, length), set.iconv_name);
        return length;
      }
    }
    return 1;
  }
};

CharacterSet::CharacterSet() : state_(std::make_unique<State>()) {}
CharacterSet::~CharacterSet() = default;
CharacterSet::CharacterSet(CharacterSet&&) noexcept = default;
CharacterSet& CharacterSet::operator=(CharacterSet&&) noexcept = default;

CharacterSet::CharacterSet(std::string_view attribute) : CharacterSet() {
  // Further values only announce which escape sequences may come; those name their set themselves.
  const CodedSet& first = SetNamed(Trimmed(attribute.substr(0, attribute.find('\\'))));
  if (first.shape == Shape::kDoubleLow) return;  // needs its escape sequence even as first value
  state_->high = &first;
}

std::vector<std::string> CharacterSet::Decode(std::string_view bytes, bool multi_valued,
                                              bool person_name) const {
  std::vector<std::string> values(1);
  const CodedSet* low = state_->low;
  const CodedSet* high = state_->high;
  const auto reset = [&] {
    low = state_->low;
    high = state_->high;
  };
  while (!bytes.empty()) {
    const char next = bytes[0];
    if (next == '\x1b') {
      const CodedSet* designated = nullptr;
      for (const CodedSet& set : kSets)
        if (!set.escape.empty() && bytes.substr(1).starts_with(set.escape)) designated = &set;
      if (designated != nullptr) {
        const bool is_low =
            designated->shape == Shape::kAscii || designated->shape == Shape::kDoubleLow;
        (is_low ? low : high) = designated;
        bytes.remove_prefix(1 + designated->escape.size());
      } else {
        values.back() += '?';
        bytes.remove_prefix(1);
      }
      continue;
    }
    const bool inside_double = low->shape == Shape::kDoubleLow && Byte(next) > 0x20;
    if (!inside_double) {
      if (next == '\\' && multi_valued) {
        values.emplace_back();
        reset();
        bytes.remove_prefix(1);
        continue;
      }
      const bool line_end = next == '\r' || next == '\n' || next == '\f' || next == '\t';
      if (line_end || (person_name && (next == '^' || next == '='))) reset();
    }
    bytes.remove_prefix(state_->AppendNext(values.back(), bytes, *low, *high));
  }
  return values;
}

}  // namespace axial
