#include "inference/volume/stored_values.h"

#include <gtest/gtest.h>

namespace axial {
namespace {

TEST(StoredValues, SignIsExtendedFromBitsStored) {
  SampleFormat format{.bits_stored = 12, .high_bit = 11, .is_signed = true};
  EXPECT_EQ(StoredValue(0x0fff, format), -1);
  EXPECT_EQ(StoredValue(0x0800, format), -2048);
  EXPECT_EQ(StoredValue(0x07ff, format), 2047);
  EXPECT_EQ(StoredValue(0xf7ff, format), 2047) << "bits above High Bit are not part of the value";
}

TEST(StoredValues, HighBitShifts) {
  const SampleFormat format{.bits_stored = 12, .high_bit = 15};
  EXPECT_EQ(StoredValue(0xfff7, format), 0xfff);
}

TEST(StoredValues, ThirtyTwoBits) {
  const SampleFormat format{
      .bits_allocated = 32, .bits_stored = 32, .high_bit = 31, .is_signed = true};
  EXPECT_EQ(StoredValue(0xffffffffU, format), -1);
}

TEST(StoredValues, PlanarAndInterleavedColourGiveTheSame) {
  SampleFormat format{
      .rows = 1, .columns = 2, .samples = 3, .bits_allocated = 8, .bits_stored = 8, .high_bit = 7};
  const std::vector<std::int32_t> expected = {1, 4, 2, 5, 3, 6};
  EXPECT_EQ(UnpackFrame({1, 2, 3, 4, 5, 6}, format), expected);
  format.planar = true;
  EXPECT_EQ(UnpackFrame({1, 4, 2, 5, 3, 6}, format), expected);
}

TEST(StoredValues, RefusesWhatDoesNotFit) {
  EXPECT_FALSE(CheckSampleFormat({.bits_allocated = 1, .bits_stored = 1, .high_bit = 0}).ok());
  EXPECT_FALSE(CheckSampleFormat({.bits_stored = 17, .high_bit = 16}).ok());
  EXPECT_FALSE(CheckSampleFormat({.bits_stored = 12, .high_bit = 5}).ok());
  EXPECT_FALSE(CheckSampleFormat({.samples = 4}).ok());
  EXPECT_TRUE(CheckSampleFormat({.bits_stored = 12, .high_bit = 11}).ok());
}

}  // namespace
}  // namespace axial
