#include "inference/volume/lookup_table.h"

#include <algorithm>
#include <cmath>

namespace axial {
namespace {

/// Descriptors are US or SS, by the pixels' sign.
std::optional<Uint16> DescriptorValue(DcmItem& item, const DcmTagKey& tag, unsigned long position) {
  Uint16 without = 0;
  if (item.findAndGetUint16(tag, without, position).good()) return without;
  Sint16 with_sign = 0;
  if (item.findAndGetSint16(tag, with_sign, position).good()) return static_cast<Uint16>(with_sign);
  return std::nullopt;
}

}  // namespace

std::uint16_t LookupTable::At(double input) const {
  const double last = static_cast<double>(values.size()) - 1;
  return values[static_cast<std::size_t>(std::clamp(std::round(input) - first, 0.0, last))];
}

float LookupTable::ByteAt(double input) const {
  const std::uint16_t value = At(input);
  if (bits >= 8) return static_cast<float>(value >> (bits - 8));
  return static_cast<float>(value) * 255.0F / static_cast<float>((1U << bits) - 1U);
}

std::optional<LookupTable> ReadLookupTable(DcmItem& item, const DcmTagKey& descriptor,
                                           const DcmTagKey& data, bool is_signed) {
  const auto entries = DescriptorValue(item, descriptor, 0);
  const auto first = DescriptorValue(item, descriptor, 1);
  const auto bits = DescriptorValue(item, descriptor, 2);
  const Uint16* words = nullptr;
  unsigned long count = 0;
  if (!entries || !first || !bits || *bits < 1 || *bits > 16 ||
      item.findAndGetUint16Array(data, words, &count).bad() || words == nullptr)
    return std::nullopt;
  const std::size_t size = *entries == 0 ? 65536 : *entries;
  const bool packed_bytes = *bits <= 8 && count * 2 >= size && count < size;
  if (!packed_bytes && count < size) return std::nullopt;
  LookupTable table;
  table.first = is_signed ? static_cast<std::int16_t>(*first) : *first;
  table.bits = *bits;
  table.values.resize(size);
  for (std::size_t i = 0; i < size; ++i)
    table.values[i] = packed_bytes
                          ? static_cast<std::uint16_t>((words[i / 2] >> (8 * (i % 2))) & 0xFFU)
                          : words[i];
  return table;
}

}  // namespace axial
