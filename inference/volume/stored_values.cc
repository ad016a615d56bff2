#include "inference/volume/stored_values.h"

#include <cstring>

namespace axial {
namespace {

std::uint32_t CellAt(const std::vector<std::uint8_t>& bytes, std::size_t index, int bits) {
  if (bits == 8) return bytes[index];
  if (bits == 16) {
    std::uint16_t cell = 0;
    std::memcpy(&cell, bytes.data() + 2 * index, sizeof cell);
    return cell;
  }
  std::uint32_t cell = 0;
  std::memcpy(&cell, bytes.data() + 4 * index, sizeof cell);
  return cell;
}

}  // namespace

Status CheckSampleFormat(const SampleFormat& format) {
  if (format.bits_allocated != 8 && format.bits_allocated != 16 && format.bits_allocated != 32)
    return MakeError(ErrorCode::kUnsupported, "Bits Allocated {}", format.bits_allocated);
  if (format.samples != 1 && format.samples != 3)
    return MakeError(ErrorCode::kUnsupported, "Samples per Pixel {}", format.samples);
  if (format.bits_stored < 1 || format.bits_stored > format.bits_allocated ||
      format.high_bit + 1 < format.bits_stored || format.high_bit >= format.bits_allocated)
    return MakeError(ErrorCode::kInvalidInput,
                     "Bits Stored {} and High Bit {} do not fit into Bits Allocated {}",
                     format.bits_stored, format.high_bit, format.bits_allocated);
  return {};
}

std::int64_t StoredValue(std::uint32_t cell, const SampleFormat& format) {
  const int shift = format.high_bit + 1 - format.bits_stored;
  const std::uint64_t mask = (std::uint64_t{1} << format.bits_stored) - 1;
  const auto value = static_cast<std::int64_t>((std::uint64_t{cell} >> shift) & mask);
  if (!format.is_signed) return value;
  const std::int64_t sign = std::int64_t{1} << (format.bits_stored - 1);
  return (value ^ sign) - sign;
}

std::vector<std::int32_t> UnpackFrame(const std::vector<std::uint8_t>& bytes,
                                      const SampleFormat& format) {
  const std::size_t pixels = format.PixelCount();
  const auto samples = static_cast<std::size_t>(format.samples);
  std::vector<std::int32_t> values(pixels * samples);
  for (std::size_t s = 0; s < samples; ++s)
    for (std::size_t i = 0; i < pixels; ++i) {
      const std::size_t cell = format.planar ? s * pixels + i : i * samples + s;
      values[s * pixels + i] = static_cast<std::int32_t>(
          StoredValue(CellAt(bytes, cell, format.bits_allocated), format));
    }
  return values;
}

}  // namespace axial
