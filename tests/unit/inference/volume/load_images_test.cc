#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "inference/volume/load_series.h"
#include "tests/support/shared_data.h"
#include "tests/support/synthetic_series.h"

namespace axial {
namespace {

TEST(LoadImages, Monochrome1IsInverted) {
  testing::SyntheticSeries series;
  series.geometry = testing::AxialGeometry({1, 2, 2}, 1, 1, 1);
  series.intercept = 0;
  series.stored = [](int, int r, int c) { return r * 2 + c; };
  const testing::TempDir folder;
  const std::vector<std::string> files = WriteSeries(series, folder.path().string());
  testing::EditFile(files[0], "PhotometricInterpretation", "MONOCHROME1");
  const Result<LoadedImages> loaded = LoadImages(files);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message();
  EXPECT_EQ(loaded->images[0].pixels, (std::vector<float>{4095, 4094, 4093, 4092}));
}

TEST(LoadImages, NeedsNoGeometry) {
  testing::SyntheticSeries series;
  series.geometry = testing::AxialGeometry({2, 3, 4}, 1, 1, 1);
  const testing::TempDir folder;
  const std::vector<std::string> files = WriteSeries(series, folder.path().string());
  for (const std::string& file : files)
    for (const char* keyword : {"ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"})
      testing::EditFile(file, keyword, "");
  const Result<LoadedImages> loaded = LoadImages(files);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message();
  EXPECT_EQ(loaded->images.size(), 2u);
  EXPECT_EQ(loaded->images[1].columns, 4);
}

/// Loads the first file of a sample item; the range of its first frame.
void ExpectImage(const std::string& item, std::size_t frames) {
  const testing::TempDir folder;
  const std::string at = testing::OpenSharedItem(item, folder);
  if (at.empty()) GTEST_SKIP() << "NO SAMPLE DATA: " << item;
  for (const std::string& file : testing::FilesBelow(at)) {
    const Result<LoadedImages> loaded = LoadImages({file});
    ASSERT_TRUE(loaded.ok()) << file << ": " << loaded.error().message();
    if (frames != 0) {
      EXPECT_EQ(loaded->images.size(), frames);
    }
    const auto [low, high] =
        std::minmax_element(loaded->images[0].pixels.begin(), loaded->images[0].pixels.end());
    EXPECT_LT(*low, *high) << file;
  }
}

TEST(LoadImages, RealDigitalRadiograph) { ExpectImage("dx-highdicom", 1); }
TEST(LoadImages, RealComputedRadiographsInThreeTransferSyntaxes) { ExpectImage("cr-wg04-rg2", 1); }
TEST(LoadImages, RealMammogramJpegLossless) { ExpectImage("mg-siemens", 1); }
TEST(LoadImages, UltrasoundRgb) { ExpectImage("us-toshiba-rgb", 1); }
TEST(LoadImages, UltrasoundCineAndPalette) { ExpectImage("us-cine-and-palette", 0); }
TEST(LoadImages, UltrasoundRleYbr) { ExpectImage("us-rle-ybr", 0); }

}  // namespace
}  // namespace axial
