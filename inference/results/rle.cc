#include "inference/results/rle.h"

#include <algorithm>
#include <cstring>

namespace axial::results {
namespace {

constexpr std::size_t kHeaderBytes = 64;  // the number of segments and 15 offsets
constexpr std::size_t kLongest = 128;     // of a run, and of what is copied as it is

std::size_t RunLength(const std::uint8_t* bytes, std::size_t size) {
  const std::uint64_t pattern = std::uint64_t{bytes[0]} * 0x0101010101010101;
  std::size_t length = 1;
  for (; length + 8 <= size; length += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, bytes + length, 8);
    if (eight != pattern) break;
  }
  while (length < size && bytes[length] == bytes[0]) ++length;
  return length;
}

void AppendRun(std::uint8_t value, std::size_t length, std::vector<std::uint8_t>& out) {
  for (; length >= 2; length -= std::min(length, kLongest)) {
    out.push_back(static_cast<std::uint8_t>(257 - std::min(length, kLongest)));
    out.push_back(value);
  }
  if (length == 1) out.insert(out.end(), {0, value});
}

void AppendCopy(const std::uint8_t* bytes, std::size_t size, std::vector<std::uint8_t>& out) {
  while (size > 0) {
    const std::size_t piece = std::min(size, kLongest);
    out.push_back(static_cast<std::uint8_t>(piece - 1));
    out.insert(out.end(), bytes, bytes + piece);
    bytes += piece;
    size -= piece;
  }
}

void AppendRow(std::span<const std::uint8_t> row, std::vector<std::uint8_t>& out) {
  constexpr std::size_t kWorthARun = 3;  // shorter ones cost no less than a copy
  std::size_t copied = 0;                // before it, all is written
  for (std::size_t at = 0; at < row.size();) {
    const std::size_t run = RunLength(row.data() + at, row.size() - at);
    if (run >= kWorthARun) {
      AppendCopy(row.data() + copied, at - copied, out);
      AppendRun(row[at], run, out);
      copied = at + run;
    }
    at += run;
  }
  AppendCopy(row.data() + copied, row.size() - copied, out);
}

}  // namespace

void AppendRleFrame(std::span<const std::uint8_t> pixels, std::size_t columns,
                    std::size_t bytes_per_pixel, std::vector<std::uint8_t>& fragment) {
  const std::size_t start = fragment.size();
  fragment.resize(start + kHeaderBytes, 0);
  const auto put_header = [&](std::size_t position, std::size_t value) {
    for (std::size_t i = 0; i < 4; ++i)
      fragment[start + position * 4 + i] = static_cast<std::uint8_t>(value >> (8 * i));
  };
  put_header(0, bytes_per_pixel);
  const std::size_t rows = pixels.size() / (columns * bytes_per_pixel);
  std::vector<std::uint8_t> row(columns);
  for (std::size_t byte = 0; byte < bytes_per_pixel; ++byte) {
    put_header(byte + 1, fragment.size() - start);
    for (std::size_t r = 0; r < rows; ++r) {
      const std::uint8_t* from = pixels.data() + r * columns * bytes_per_pixel;
      if (bytes_per_pixel == 1) {
        AppendRow({from, columns}, fragment);
        continue;
      }
      for (std::size_t c = 0; c < columns; ++c)
        row[c] = from[c * bytes_per_pixel + (bytes_per_pixel - 1 - byte)];
      AppendRow(row, fragment);
    }
    if (fragment.size() % 2 != 0) fragment.push_back(0);
  }
}

}  // namespace axial::results
