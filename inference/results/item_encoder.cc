#include "inference/results/item_encoder.h"

#include <dcmtk/dcmdata/dctk.h>

#include <limits>

namespace axial::results {
namespace {

constexpr std::uint32_t kNotYetKnown = 0;

}  // namespace

void ItemEncoder::PutNumber(std::uint32_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i)
    bytes_->push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void ItemEncoder::PutTag(std::uint16_t group, std::uint16_t element) {
  PutNumber(group, 2);
  PutNumber(element, 2);
}

void ItemEncoder::PutHeader(const DcmTagKey& tag, std::string_view vr, std::size_t length) {
  if (length > std::numeric_limits<std::uint16_t>::max() && status_.ok())
    status_ = MakeError(ErrorCode::kInvalidInput, "attribute {} has {} bytes, more than it can",
                        tag.toString().c_str(), length);
  PutTag(tag.getGroup(), tag.getElement());
  bytes_->insert(bytes_->end(), vr.begin(), vr.end());
  PutNumber(static_cast<std::uint32_t>(length), 2);
}

void ItemEncoder::Put(const DcmTagKey& tag, std::string_view vr, std::string_view value) {
  PutHeader(tag, vr, value.size() + value.size() % 2);
  bytes_->insert(bytes_->end(), value.begin(), value.end());
  if (value.size() % 2 != 0) bytes_->push_back(vr == "UI" ? '\0' : ' ');
}

void ItemEncoder::PutUint16(const DcmTagKey& tag, std::uint16_t value) {
  PutHeader(tag, "US", 2);
  PutNumber(value, 2);
}

void ItemEncoder::PutUint32Array(const DcmTagKey& tag, std::span<const std::uint32_t> values) {
  PutHeader(tag, "UL", values.size() * 4);
  for (const std::uint32_t value : values) PutNumber(value, 4);
}

void ItemEncoder::PutCode(const DcmTagKey& tag, const CodedConcept& code) {
  AXIAL_INVARIANT(code.value.size() <= 16);  // none of ours is a Long Code Value
  PutItem(tag, [&](ItemEncoder& item) {
    item.Put(DCM_CodeValue, "SH", code.value);
    item.Put(DCM_CodingSchemeDesignator, "SH", code.scheme);
    item.Put(DCM_CodeMeaning, "LO", text_->Own(code.meaning, 64, code.value));
  });
}

std::size_t ItemEncoder::OpenSequence(const DcmTagKey& tag) {
  PutTag(tag.getGroup(), tag.getElement());
  for (const char c : {'S', 'Q', '\0', '\0'}) bytes_->push_back(static_cast<std::uint8_t>(c));
  PutNumber(kNotYetKnown, 4);
  return bytes_->size();
}

std::size_t ItemEncoder::OpenItem() {
  PutTag(0xFFFE, 0xE000);
  PutNumber(kNotYetKnown, 4);
  return bytes_->size();
}

void ItemEncoder::Close(std::size_t start) {
  const std::size_t length = bytes_->size() - start;
  if (length >= 0xFFFFFFFF && status_.ok())
    status_ =
        MakeError(ErrorCode::kUnsupported, "a sequence of {} bytes is more than 4 GiB", length);
  for (unsigned i = 0; i < 4; ++i)
    (*bytes_)[start - 4 + i] = static_cast<std::uint8_t>(length >> (8 * i));
}

}  // namespace axial::results
