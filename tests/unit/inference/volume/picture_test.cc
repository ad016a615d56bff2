#include <gtest/gtest.h>

#include <set>

#include "inference/volume/pixel_file.h"
#include "tests/support/shared_data.h"
#include "tests/support/synthetic_series.h"

/// Frames as people see them.
namespace axial {
namespace {

class PictureTest : public ::testing::Test {
 protected:
  /// One row with the stored values 0, 1, 2 and so on.
  std::string File(const std::vector<std::pair<const char*, const char*>>& attributes) {
    testing::SyntheticSeries series;
    series.geometry = testing::AxialGeometry({1, 1, 5}, 0.5, 1.5, 1);
    series.intercept = 0;
    series.stored = [](int, int, int c) { return c; };
    std::string file = WriteSeries(series, folder_.path().string()).front();
    for (const auto& [keyword, value] : attributes) testing::EditFile(file, keyword, value);
    return file;
  }
  static std::vector<int> Greys(const std::string& file) {
    Result<PixelFile> opened = PixelFile::Open(file);
    if (!opened.ok()) return {};
    const Result<Picture> picture = opened->ReadPicture(0);
    EXPECT_TRUE(picture.ok()) << picture.error().ToString();
    std::vector<int> greys;
    if (!picture.ok()) return greys;
    for (std::size_t i = 0; i < picture->rgb.size(); i += 3) {
      greys.push_back(picture->rgb[i]);
      EXPECT_EQ(picture->rgb[i], picture->rgb[i + 1]);
      EXPECT_EQ(picture->rgb[i], picture->rgb[i + 2]);
    }
    return greys;
  }

  testing::TempDir folder_;
};

// PS3.3 C.11.2.1.2.1: ((x - (c - 0.5)) / (w - 1) + 0.5) * 255.
TEST_F(PictureTest, LinearWindow) {
  EXPECT_EQ(Greys(File({{"WindowCenter", "2.5\\90"}, {"WindowWidth", "5\\9"}})),
            (std::vector<int>{0, 64, 128, 191, 255}));
}

TEST_F(PictureTest, LinearExactWindow) {
  EXPECT_EQ(Greys(File(
                {{"WindowCenter", "2"}, {"WindowWidth", "2"}, {"VOILUTFunction", "LINEAR_EXACT"}})),
            (std::vector<int>{0, 0, 128, 255, 255}));
}

TEST_F(PictureTest, SigmoidWindow) {
  EXPECT_EQ(
      Greys(File({{"WindowCenter", "2"}, {"WindowWidth", "4"}, {"VOILUTFunction", "SIGMOID"}})),
      (std::vector<int>{30, 69, 128, 186, 225}));
}

TEST_F(PictureTest, WindowIsInModalityUnits) {
  EXPECT_EQ(Greys(File({{"RescaleSlope", "10"},
                        {"RescaleIntercept", "-1000"},
                        {"WindowCenter", "-979.5"},
                        {"WindowWidth", "41"}})),
            (std::vector<int>{0, 64, 128, 191, 255}));
}

TEST_F(PictureTest, Monochrome1IsInverted) {
  EXPECT_EQ(Greys(File({{"WindowCenter", "2.5"},
                        {"WindowWidth", "5"},
                        {"PhotometricInterpretation", "MONOCHROME1"}})),
            (std::vector<int>{255, 191, 128, 64, 0}));
}

TEST_F(PictureTest, WithoutAWindowItsOwnValuesMakeOne) {
  const std::vector<int> greys = Greys(File({{"WindowCenter", ""}, {"WindowWidth", ""}}));
  ASSERT_EQ(greys.size(), 5u);
  EXPECT_EQ(greys.front(), 0);
  EXPECT_EQ(greys.back(), 255);
  EXPECT_LT(greys[1], greys[2]);
}

TEST_F(PictureTest, PaddingIsBlackAndDoesNotWidenTheWindow) {
  EXPECT_EQ(Greys(File({{"PixelPaddingValue", "4"}, {"WindowCenter", ""}, {"WindowWidth", ""}})),
            Greys(File({{"PixelPaddingValue", "4"},
                        {"WindowCenter", "1"},
                        {"WindowWidth", "2"},
                        {"VOILUTFunction", "LINEAR_EXACT"}})));
}

TEST_F(PictureTest, BrokenWindowsAreNoWindows) {
  for (const char* width : {"0", "-3", "wide", "1e999"}) {
    const std::vector<int> greys = Greys(File({{"WindowCenter", "2"}, {"WindowWidth", width}}));
    ASSERT_EQ(greys.size(), 5u) << width;
    EXPECT_EQ(greys.back(), 255) << width;
  }
}

TEST_F(PictureTest, KnowsTheShapeOfItsPixels) {
  Result<PixelFile> opened = PixelFile::Open(File({}));
  ASSERT_TRUE(opened.ok());
  EXPECT_DOUBLE_EQ(opened->ReadPicture(0)->pixel_aspect, 3);
  EXPECT_FALSE(opened->ReadPicture(1).ok());
}

/// Pictures of real files of every pixel format: neither black, nor white, nor of few shades.
TEST(PictureOfRealFiles, HasContrast) {
  for (const char* item : {"dx-highdicom", "cr-mono1-nopreamble", "mg-siemens", "us-toshiba-rgb",
                           "us-cine-and-palette", "us-rle-ybr", "pt-ge", "ct-enhanced",
                           "mr-enhanced-ts", "ct-ts-matrix"}) {
    const testing::TempDir folder;
    const std::string at = testing::OpenSharedItem(item, folder);
    if (at.empty()) GTEST_SKIP() << "NO SAMPLE DATA: " << item;
    for (const std::string& file : testing::FilesBelow(at)) {
      if (file.find("too_short") != std::string::npos) continue;  // its stream is cut
      Result<PixelFile> opened = PixelFile::Open(file);
      ASSERT_TRUE(opened.ok()) << file << ": " << opened.error().ToString();
      const Result<Picture> picture = opened->ReadPicture(0);
      ASSERT_TRUE(picture.ok()) << file << ": " << picture.error().ToString();
      const std::set<std::uint8_t> shades(picture->rgb.begin(), picture->rgb.end());
      EXPECT_GT(shades.size(), 10u) << file;
    }
  }
}

}  // namespace
}  // namespace axial
