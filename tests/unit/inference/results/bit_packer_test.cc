#include "inference/results/bit_packer.h"

#include <gtest/gtest.h>

#include <random>

namespace axial::results {
namespace {

/// The standard's words, bit by bit (PS3.5 8.1.1).
std::vector<std::uint8_t> PackSlowly(const std::vector<std::vector<std::uint8_t>>& frames,
                                     std::uint8_t label) {
  std::vector<std::uint8_t> bytes;
  std::size_t bit = 0;
  for (const auto& frame : frames) {
    for (const std::uint8_t value : frame) {
      if (bit % 8 == 0) bytes.push_back(0);
      if (value == label) bytes.back() = static_cast<std::uint8_t>(bytes.back() | 1u << (bit % 8));
      ++bit;
    }
  }
  return bytes;
}

TEST(BitPacker, MatchesTheStandardForEverySizeAndLabel) {
  std::mt19937 random(7);
  for (std::size_t pixels = 1; pixels <= 70; ++pixels) {
    for (const int label : {1, 2, 127, 128, 255}) {
      std::vector<std::vector<std::uint8_t>> frames(5, std::vector<std::uint8_t>(pixels));
      for (auto& frame : frames)
        for (auto& value : frame)
          value = static_cast<std::uint8_t>(random() % 2 != 0 ? label : int(random() % 256));
      BitPacker packer;
      std::vector<std::uint8_t> bytes;
      for (const auto& frame : frames)
        packer.Append(frame, static_cast<std::uint8_t>(label), bytes);
      packer.Finish(bytes);
      ASSERT_EQ(bytes, PackSlowly(frames, static_cast<std::uint8_t>(label)))
          << pixels << " pixels, label " << label;
    }
  }
}

/// What is known to be empty need not be looked at, wherever in a byte it begins and ends.
TEST(BitPacker, AppendsZerosLikePixelsOfAnotherLabel) {
  for (std::size_t before = 0; before <= 17; ++before) {
    for (std::size_t zeros = 0; zeros <= 40; ++zeros) {
      const std::vector<std::uint8_t> ones(before, 1);
      BitPacker packer;
      std::vector<std::uint8_t> bytes;
      packer.Append(ones, 1, bytes);
      packer.AppendZeros(zeros, bytes);
      packer.Append(std::vector<std::uint8_t>{1, 0, 1}, 1, bytes);
      packer.Finish(bytes);
      ASSERT_EQ(bytes, PackSlowly({ones, std::vector<std::uint8_t>(zeros), {1, 0, 1}}, 1))
          << before << " ones, " << zeros << " zeros";
    }
  }
}

TEST(BitPacker, FirstPixelIsTheLowestBit) {
  BitPacker packer;
  std::vector<std::uint8_t> bytes;
  packer.Append(std::vector<std::uint8_t>{1, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 1, bytes);
  packer.Finish(bytes);
  EXPECT_EQ(bytes, (std::vector<std::uint8_t>{0x01, 0x02}));
}

TEST(BitPacker, StartsANewObjectAfterFinish) {
  BitPacker packer;
  std::vector<std::uint8_t> bytes;
  packer.Append(std::vector<std::uint8_t>{1, 1, 1}, 1, bytes);
  packer.Finish(bytes);
  packer.Append(std::vector<std::uint8_t>{0, 1, 0}, 1, bytes);
  packer.Finish(bytes);
  EXPECT_EQ(bytes, (std::vector<std::uint8_t>{0x07, 0x02}));
}

}  // namespace
}  // namespace axial::results
