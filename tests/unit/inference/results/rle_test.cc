#include "inference/results/rle.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/unit/inference/results/rle_decoder.h"

namespace axial::results {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes Encode(const Bytes& pixels, std::size_t columns, std::size_t bytes_per_pixel = 1) {
  Bytes fragment;
  AppendRleFrame(pixels, columns, bytes_per_pixel, fragment);
  return fragment;
}

/// What follows the header.
Bytes Code(const Bytes& row) {
  const Bytes fragment = Encode(row, row.size());
  return {fragment.begin() + 64, fragment.end()};
}

Bytes Counting(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i);
  return bytes;
}

TEST(Rle, HeaderSaysWhereTheSegmentsAre) {
  Bytes expected(64, 0);
  expected[0] = 1;
  expected[4] = 64;
  expected.insert(expected.end(), {0xFD, 7});  // 4 times 7
  EXPECT_EQ(Encode({7, 7, 7, 7}, 4), expected);
}

TEST(Rle, ReplicateRunsAreOneMinusTheirLength) {
  EXPECT_EQ(Code(Bytes(3, 9)), (Bytes{0xFE, 9}));
  EXPECT_EQ(Code(Bytes(128, 9)), (Bytes{0x81, 9}));
  EXPECT_EQ(Code(Bytes(129, 9)), (Bytes{0x81, 9, 0, 9})) << "the longest run is 128";
  EXPECT_EQ(Code(Bytes(130, 9)), (Bytes{0x81, 9, 0xFF, 9}));
  EXPECT_EQ(Code(Bytes(256, 0)), (Bytes{0x81, 0, 0x81, 0}));
}

TEST(Rle, LiteralRunsAreTheirLengthMinusOne) {
  EXPECT_EQ(Code({5}), (Bytes{0, 5}));
  EXPECT_EQ(Code({5, 6}), (Bytes{1, 5, 6, 0})) << "padded to an even length";
  EXPECT_EQ(Code({5, 5, 6}), (Bytes{2, 5, 5, 6})) << "two alike cost no less as a run";
  Bytes longest = Counting(128);
  longest.insert(longest.begin(), 127);
  longest.push_back(0);
  EXPECT_EQ(Code(Counting(128)), longest);
  const Bytes more = Code(Counting(129));
  EXPECT_EQ(more[0], 127);
  EXPECT_EQ(more[129], 0) << "the 129th begins a run of its own";
  EXPECT_EQ(more[130], 128);
}

TEST(Rle, NoRunCrossesARow) {
  const Bytes fragment = Encode(Bytes(10, 4), 5);
  EXPECT_EQ((Bytes{fragment.begin() + 64, fragment.end()}), (Bytes{0xFC, 4, 0xFC, 4}));
}

TEST(Rle, TwoBytesAreTwoSegmentsTheMostSignificantFirst) {
  const auto decoded = testing::DecodeRle(Encode({0x34, 0x12, 0x56, 0x12, 0x78, 0x12}, 3, 2), 3);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->segments, (std::vector<Bytes>{{0x12, 0x12, 0x12}, {0x34, 0x56, 0x78}}));
}

TEST(Rle, AppendsBehindWhatIsThere) {
  Bytes fragment = {1, 2, 3, 4};
  AppendRleFrame(Bytes(4, 7), 4, 1, fragment);
  EXPECT_EQ((Bytes{fragment.begin() + 4, fragment.end()}), Encode(Bytes(4, 7), 4));
}

/// Runs of every length that matters, one after the other, in rows of every length around them.
TEST(Rle, AnyFrameComesBack) {
  std::mt19937 random(7);
  const std::size_t lengths[] = {1, 1, 1, 2, 3, 7, 8, 9, 127, 128, 129, 255, 256, 257};
  for (const std::size_t columns : {1, 2, 3, 17, 127, 128, 129, 130, 255, 257, 512, 1001}) {
    for (const std::size_t wide : {1, 2}) {
      SCOPED_TRACE(::testing::Message() << columns << " columns of " << wide);
      const std::size_t size = columns * 5;
      std::vector<Bytes> planes(wide);
      for (Bytes& plane : planes) {
        while (plane.size() < size)
          plane.insert(plane.end(), lengths[random() % std::size(lengths)],
                       static_cast<std::uint8_t>(random() % 3));
        plane.resize(size);
      }
      Bytes pixels;
      for (std::size_t i = 0; i < size; ++i)
        for (std::size_t byte = wide; byte > 0; --byte) pixels.push_back(planes[byte - 1][i]);
      const auto decoded = testing::DecodeRle(Encode(pixels, columns, wide), size);
      ASSERT_TRUE(decoded.has_value());
      EXPECT_EQ(decoded->segments, planes);
    }
  }
}

}  // namespace
}  // namespace axial::results
