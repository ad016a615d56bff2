#include "inference/results/bit_packer.h"

#include <bit>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace axial::results {
namespace {

static_assert(std::endian::native == std::endian::little, "eight labels are read as one number");

/// Bit i is 1 where byte i of `eight` is the byte that `pattern` repeats.
unsigned EqualBits(std::uint64_t eight, std::uint64_t pattern) {
  constexpr std::uint64_t kLow7 = 0x7F7F7F7F7F7F7F7F;
  const std::uint64_t different = eight ^ pattern;
  const std::uint64_t high_where_zero = ~(((different & kLow7) + kLow7) | different | kLow7);
  // One bit per byte, gathered into the top byte: byte i's bit is multiplied to bit 56 + i.
  return static_cast<unsigned>(((high_where_zero >> 7) * 0x0102040810204080) >> 56);
}

#ifdef __SSE2__
/// The same for sixteen labels; every x86-64 has SSE2.
unsigned EqualBits16(const std::uint8_t* labels, std::uint8_t label) {
  const __m128i sixteen = _mm_loadu_si128(reinterpret_cast<const __m128i*>(labels));
  const __m128i pattern = _mm_set1_epi8(static_cast<char>(label));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(sixteen, pattern)));
}
#endif

}  // namespace

void BitPacker::Append(std::span<const std::uint8_t> labels, std::uint8_t label,
                       std::vector<std::uint8_t>& bytes) {
  const std::uint64_t pattern = std::uint64_t{label} * 0x0101010101010101;
  const std::size_t whole = labels.size() / 8;
  const std::size_t start = bytes.size();
  bytes.resize(start + whole);
  std::uint8_t* out = bytes.data() + start;
  unsigned waiting = waiting_;
  std::size_t i = 0;
#ifdef __SSE2__
  for (; i + 2 <= whole; i += 2) {
    waiting |= EqualBits16(labels.data() + i * 8, label) << waiting_bits_;
    out[i] = static_cast<std::uint8_t>(waiting);
    out[i + 1] = static_cast<std::uint8_t>(waiting >> 8);
    waiting >>= 16;
  }
#endif
  for (; i < whole; ++i) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, labels.data() + i * 8, 8);
    waiting |= EqualBits(eight, pattern) << waiting_bits_;
    out[i] = static_cast<std::uint8_t>(waiting);
    waiting >>= 8;
  }
  for (i = whole * 8; i < labels.size(); ++i) {
    waiting |= (labels[i] == label ? 1u : 0u) << waiting_bits_;
    if (++waiting_bits_ == 8) {
      bytes.push_back(static_cast<std::uint8_t>(waiting));
      waiting = 0;
      waiting_bits_ = 0;
    }
  }
  waiting_ = waiting;
}

void BitPacker::AppendZeros(std::size_t pixels, std::vector<std::uint8_t>& bytes) {
  const std::size_t bits = waiting_bits_ + pixels;
  if (bits >= 8) {
    bytes.push_back(static_cast<std::uint8_t>(waiting_));
    bytes.resize(bytes.size() + bits / 8 - 1, 0);
    waiting_ = 0;
  }
  waiting_bits_ = static_cast<unsigned>(bits % 8);
}

void BitPacker::Finish(std::vector<std::uint8_t>& bytes) {
  if (waiting_bits_ > 0) bytes.push_back(static_cast<std::uint8_t>(waiting_));
  waiting_ = 0;
  waiting_bits_ = 0;
}

}  // namespace axial::results
