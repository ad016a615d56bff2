#include "inference/results/result_text.h"

#include <dcmtk/dcmdata/dctk.h>

#include <algorithm>
#include <cstdint>

#include "inference/results/composite_context.h"

namespace axial::results {
namespace {

/// Length of the UTF-8 sequence that starts with `lead`; 0 when none does.
std::size_t SequenceLength(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

bool SecondByteFits(unsigned char lead, unsigned char second) {
  switch (lead) {
    case 0xE0:
      return second >= 0xA0;
    case 0xED:
      return second <= 0x9F;
    case 0xF0:
      return second >= 0x90;
    case 0xF4:
      return second <= 0x8F;
    default:
      return true;
  }
}

bool HasText(DcmElement& element) { return element.isaString() && element.getLengthField() > 0; }

/// Calls `visit` with the raw bytes of every text element in the tree.
template <typename Visit>
void VisitText(DcmElement& element, const Visit& visit) {
  if (!element.isLeaf()) {
    DcmStack stack;
    while (element.nextObject(stack, OFTrue).good()) {
      auto* leaf = dynamic_cast<DcmElement*>(stack.top());
      char* bytes = nullptr;
      if (leaf != nullptr && leaf->isLeaf() && HasText(*leaf) && leaf->getString(bytes).good() &&
          bytes != nullptr)
        visit(std::string_view(bytes, leaf->getLengthField()));
    }
    return;
  }
  char* bytes = nullptr;
  if (HasText(element) && element.getString(bytes).good() && bytes != nullptr)
    visit(std::string_view(bytes));
}

bool CardIsAscii(const config::ModelCard& card) {
  bool ascii = IsAscii(card.name) && IsAscii(card.version) && IsAscii(card.algorithm.name) &&
               IsAscii(card.algorithm.manufacturer) && IsAscii(card.algorithm.version) &&
               IsAscii(card.algorithm.notice);
  for (const config::SegmentSpec& segment : card.segments)
    ascii = ascii && IsAscii(segment.name) && IsAscii(segment.type.meaning) &&
            IsAscii(segment.category.meaning) &&
            (!segment.modifier || IsAscii(segment.modifier->meaning)) &&
            (!segment.anatomic_region || IsAscii(segment.anatomic_region->meaning));
  for (const config::ClassificationSpec& question : card.classifications) {
    ascii = ascii && IsAscii(question.concept_name.meaning);
    for (const auto& answer : question.classes) ascii = ascii && IsAscii(answer.value.meaning);
  }
  return ascii;
}

std::string Clean(std::string_view utf8, std::size_t characters, bool long_text, bool unicode) {
  std::string clean;
  std::size_t written = 0;
  for (std::size_t at = 0; at < utf8.size() && written < characters; ++written) {
    const auto lead = static_cast<unsigned char>(utf8[at]);
    const std::size_t length = std::max<std::size_t>(1, SequenceLength(lead));
    if (lead >= 0x80) {
      if (unicode)
        clean += utf8.substr(at, length);
      else
        clean += '?';
    } else if (lead == '\\') {
      clean += long_text ? '\\' : '/';
    } else if (lead == '\n' && long_text) {
      clean += "\r\n";
    } else if (lead >= 0x20 && lead != 0x7F) {
      clean += static_cast<char>(lead);
    } else {
      clean += ' ';
    }
    at += length;
  }
  return clean;
}

}  // namespace

bool IsAscii(std::string_view bytes) {
  // ESC starts an ISO 2022 designation: such text is not ASCII although its bytes may be.
  return std::all_of(bytes.begin(), bytes.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80 && c != '\x1b'; });
}

bool IsUtf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[at]);
    const std::size_t length = SequenceLength(lead);
    if (length == 0 || at + length > bytes.size()) return false;
    for (std::size_t i = 1; i < length; ++i)
      if ((static_cast<unsigned char>(bytes[at + i]) & 0xC0) != 0x80) return false;
    if (length > 1 && !SecondByteFits(lead, static_cast<unsigned char>(bytes[at + 1])))
      return false;
    at += length;
  }
  return true;
}

ResultText ResultText::For(DcmItem& source, const config::ModelCard& card) {
  ResultText text;
  OFString character_set;
  if (source.findAndGetOFStringArray(DCM_SpecificCharacterSet, character_set).good())
    text.character_set_ = character_set.c_str();

  bool copied_ascii = true;
  bool copied_utf8 = true;
  for (DcmElement* element : CompositeContextElements(source)) {
    VisitText(*element, [&](std::string_view bytes) {
      copied_ascii = copied_ascii && IsAscii(bytes);
      copied_utf8 = copied_utf8 && IsUtf8(bytes);
    });
  }
  const bool card_ascii = CardIsAscii(card);
  constexpr std::string_view kUtf8 = "ISO_IR 192";
  if (text.character_set_ == kUtf8) {
    // A source that claims UTF-8 and is not: its bytes stay, ours must be read right either way.
    text.unicode_ = copied_utf8;
  } else if (copied_ascii && !card_ascii) {
    text.character_set_ = kUtf8;
    text.unicode_ = true;
  }
  text.own_unicode_ = text.unicode_ && !card_ascii;
  return text;
}

std::string ResultText::Own(std::string_view utf8, std::size_t characters,
                            std::string_view fallback) const {
  const bool fits = IsAscii(utf8) || (unicode_ && IsUtf8(utf8));
  const bool use_fallback = !fits && !fallback.empty();
  return Clean(use_fallback ? fallback : utf8, characters, false,
               unicode_ && IsUtf8(use_fallback ? fallback : utf8));
}

std::string ResultText::OwnLong(std::string_view utf8, std::size_t characters) const {
  return Clean(utf8, characters, true, unicode_ && IsUtf8(utf8));
}

}  // namespace axial::results
