#include "inference/results/attribute_writer.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace axial::results {

void AttributeWriter::Note(const DcmTagKey& tag, const OFCondition& condition) {
  if (condition.good() || !status_->ok()) return;
  *status_ = MakeError(ErrorCode::kInternal, "attribute {} cannot be written: {}",
                       tag.toString().c_str(), condition.text());
}

void AttributeWriter::Put(const DcmTagKey& tag, const std::string& value) {
  Note(tag, item_->putAndInsertOFStringArray(tag, value.c_str()));
}

void AttributeWriter::PutUint16(const DcmTagKey& tag, std::uint16_t value) {
  Note(tag, item_->putAndInsertUint16(tag, value));
}

void AttributeWriter::PutUint16Array(const DcmTagKey& tag,
                                     const std::vector<std::uint16_t>& values) {
  Note(tag, item_->putAndInsertUint16Array(tag, values.data(), values.size()));
}

void AttributeWriter::PutUint32Array(const DcmTagKey& tag,
                                     const std::vector<std::uint32_t>& values) {
  auto element = std::make_unique<DcmUnsignedLong>(tag);
  Note(tag, element->putUint32Array(values.data(), values.size()));
  Note(tag, item_->insert(element.get(), OFTrue));
  static_cast<void>(element.release());
}

void AttributeWriter::PutSint32Array(const DcmTagKey& tag,
                                     const std::vector<std::int32_t>& values) {
  auto element = std::make_unique<DcmSignedLong>(tag);
  Note(tag, element->putSint32Array(values.data(), values.size()));
  Note(tag, item_->insert(element.get(), OFTrue));
  static_cast<void>(element.release());
}

void AttributeWriter::PutFloat32Array(const DcmTagKey& tag, const std::vector<float>& values) {
  Note(tag, item_->putAndInsertFloat32Array(tag, values.data(), values.size()));
}

AttributeWriter AttributeWriter::AddItem(const DcmTagKey& sequence) {
  DcmItem* added = nullptr;
  Note(sequence, item_->findOrCreateSequenceItem(sequence, added, -2));
  AXIAL_INVARIANT(added != nullptr);  // memory aside, DCMTK cannot refuse a sequence's tag
  return {*added, *text_, *status_};
}

AttributeWriter AttributeWriter::AddCode(const DcmTagKey& sequence, const CodedConcept& code) {
  AttributeWriter item = AddItem(sequence);
  // PS3.3 8.8: a code longer than 16 characters goes into Long Code Value.
  item.Put(code.value.size() <= 16 ? DCM_CodeValue : DCM_LongCodeValue, code.value);
  item.Put(DCM_CodingSchemeDesignator, code.scheme);
  item.Put(DCM_CodeMeaning, text_->Own(code.meaning, 64, code.value));
  return item;
}

std::string FormatDecimal(double value) {
  constexpr std::size_t kDecimalStringCharacters = 16;
  for (int digits = 15;; --digits) {
    std::string text = fmt::format("{:.{}g}", value, digits);
    if (text.size() <= kDecimalStringCharacters) return text;
  }
}

std::string FormatMeasuredValue(double value) {
  const double magnitude = std::abs(value);
  if (magnitude == 0) return "0";
  if (magnitude < 1e-4 || magnitude >= 1e14) return FormatDecimal(value);
  constexpr int kSignificantDigits = 6;
  const int decimals =
      std::max(0, kSignificantDigits - 1 - static_cast<int>(std::floor(std::log10(magnitude))));
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (decimals > 0) text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace axial::results
