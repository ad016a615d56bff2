#include "inference/volume/load_series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "inference/volume/vector3.h"
#include "tests/support/shared_data.h"
#include "tests/support/synthetic_series.h"

namespace axial {
namespace {

using testing::AxialGeometry;
using testing::EditFile;
using ::testing::HasSubstr;
using testing::SyntheticSeries;

/// Writes, loads, and compares every voxel and the geometry with what was written.
void ExpectRoundTrip(const SyntheticSeries& series) {
  const testing::TempDir folder;
  const Result<LoadedVolume> loaded = LoadVolume(WriteSeries(series, folder.path().string()));
  ASSERT_TRUE(loaded.ok()) << loaded.error().message();
  const Geometry& g = loaded->volume.geometry;
  ASSERT_EQ(g.size, series.geometry.size);
  const Vector3 corner = series.geometry.At(g.size.slices - 1, g.size.rows - 1, g.size.columns - 1);
  EXPECT_LT(Length(g.origin - series.geometry.origin), 1e-6);
  EXPECT_LT(Length(g.At(g.size.slices - 1, g.size.rows - 1, g.size.columns - 1) - corner), 1e-4);
  std::size_t wrong = 0;
  std::size_t i = 0;
  for (int s = 0; s < g.size.slices; ++s)
    for (int r = 0; r < g.size.rows; ++r)
      for (int c = 0; c < g.size.columns; ++c, ++i)
        if (std::abs(loaded->volume.voxels[i] -
                     (series.stored(s, r, c) * series.slope + series.intercept)) > 1e-3)
          ++wrong;
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(loaded->source.frames.size(), static_cast<std::size_t>(g.size.slices));
  EXPECT_TRUE(loaded->left_out.empty());
}

TEST(LoadVolume, AxialWithShuffledInstanceNumbersAndOddSize) {
  SyntheticSeries series;
  series.geometry = AxialGeometry({9, 101, 103}, 0.7, 0.8, 2.5);
  series.shuffle_instance_numbers = true;
  ExpectRoundTrip(series);
}

TEST(LoadVolume, SagittalSignedWithSlope) {
  SyntheticSeries series;
  series.modality = "MR";
  series.geometry = {{7, 12, 11}, {5, 6, 7}, {0, 0.9, 0}, {0, 0, -1.1}, {-1.3, 0, 0}};
  series.is_signed = true;
  series.slope = 2.5;
  series.intercept = 10;
  series.stored = [](int s, int r, int c) { return s * 10 + r - 3 * c - 50; };
  ExpectRoundTrip(series);
}

TEST(LoadVolume, ObliqueStack) {
  const double a = 0.3;
  const Vector3 row = {std::cos(a), std::sin(a), 0};
  const Vector3 column = {-std::sin(a) * std::cos(a), std::cos(a) * std::cos(a), -std::sin(a)};
  SyntheticSeries series;
  series.geometry = {{5, 8, 9}, {1, 2, 3}, 0.6 * row, 0.6 * column, 3.0 * Cross(row, column)};
  ExpectRoundTrip(series);
}

TEST(LoadVolume, GantryTiltOf28Slices) {
  SyntheticSeries series;
  const double tilt = -0.32;
  series.geometry = {{28, 6, 6},
                     {0, 0, 0},
                     {0.5, 0, 0},
                     {0, 0.5 * std::cos(tilt), 0.5 * std::sin(tilt)},
                     {0, 0, 2.5}};
  ExpectRoundTrip(series);
}

TEST(LoadVolume, SixteenBitUnsigned) {
  SyntheticSeries series;
  series.geometry = AxialGeometry({3, 5, 5}, 1, 1, 1);
  series.bits_stored = 16;
  series.stored = [](int s, int r, int c) { return 40000 + s * 100 + r * 10 + c; };
  ExpectRoundTrip(series);
}

TEST(LoadVolume, PaddingOfCtBecomesTheSmallestRealValue) {
  SyntheticSeries series;
  series.geometry = AxialGeometry({3, 4, 4}, 1, 1, 1);
  series.is_signed = true;
  series.intercept = 0;
  series.bits_stored = 16;
  series.stored = [](int, int r, int c) { return r == 0 && c == 0 ? -2000 : -1000 + r * 4 + c; };
  const testing::TempDir folder;
  const std::vector<std::string> files = WriteSeries(series, folder.path().string());
  for (const std::string& file : files) EditFile(file, "PixelPaddingValue", "-2000");
  const Result<LoadedVolume> loaded = LoadVolume(files);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message();
  EXPECT_EQ(loaded->volume.voxels[0], -999.0F);
  EXPECT_EQ(loaded->volume.voxels[1], -999.0F);
}

TEST(LoadVolume, RefusesSeveralSeriesDuplicatesAndNoFiles) {
  SyntheticSeries series;
  series.geometry = AxialGeometry({3, 4, 4}, 1, 1, 1);
  const testing::TempDir folder;
  std::vector<std::string> files = WriteSeries(series, folder.path().string());
  EXPECT_FALSE(LoadVolume({}).ok());
  std::vector<std::string> twice = files;
  twice.push_back(files[0]);
  EXPECT_THAT(LoadVolume(twice).error().message(), HasSubstr("SOP Instance UID twice"));
  EditFile(files[1], "SeriesInstanceUID", "1.2.3.4");
  EXPECT_THAT(LoadVolume(files).error().message(), HasSubstr("more than one Series"));
}

TEST(LoadVolume, LimitsAreCheckedBeforeMemoryIsTaken) {
  SyntheticSeries series;
  series.geometry = AxialGeometry({3, 8, 8}, 1, 1, 1);
  const testing::TempDir folder;
  const std::vector<std::string> files = WriteSeries(series, folder.path().string());
  const Result<LoadedVolume> loaded = LoadVolume(files, {.max_voxel_bytes = 700});
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().code(), ErrorCode::kExhausted);
}

TEST(LoadVolume, CutFilesAreErrorsWhereverTheyAreCut) {
  SyntheticSeries series;
  series.geometry = AxialGeometry({1, 8, 8}, 1, 1, 1);
  const testing::TempDir folder;
  const std::string file = WriteSeries(series, folder.path().string()).front();
  std::ifstream in(file, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  for (std::size_t size = 0; size < bytes.size(); size += 37) {
    std::ofstream(file, std::ios::binary | std::ios::trunc)
        .write(bytes.data(), static_cast<std::streamsize>(size));
    EXPECT_FALSE(LoadVolume({file}).ok()) << size << " of " << bytes.size();
  }
}

/// The message of the refusal of one folder of the sample data, "" when it is loaded.
std::string RefusalOf(const std::string& folder) {
  const Result<LoadedVolume> loaded = LoadVolume(testing::FilesBelow(folder));
  return loaded.ok() ? "" : loaded.error().message();
}

TEST(LoadVolume, RefusesOddSeriesByName) {
  const testing::TempDir folder;
  const std::string odd = testing::OpenSharedItem("ct-geometry-odd", folder);
  if (odd.empty()) GTEST_SKIP() << "NO SAMPLE DATA: ct-geometry-odd";
  EXPECT_THAT(RefusalOf(odd + "/sliceincrement"), HasSubstr("irregular_gap"));
  EXPECT_THAT(RefusalOf(odd + "/notavolume"), HasSubstr("duplicate_position"));
  EXPECT_THAT(RefusalOf(odd + "/sliceorientation"), HasSubstr("mixed_orientation"));
  EXPECT_EQ(RefusalOf(odd + "/gantrytilting"), "");
}

TEST(LoadVolume, RefusesFourDimensionsAndMosaics) {
  const testing::TempDir folder;
  const std::string fmri = testing::OpenSharedItem("mr-4d-ge-fmri", folder);
  if (fmri.empty()) GTEST_SKIP() << "NO SAMPLE DATA: mr-4d-ge-fmri";
  EXPECT_THAT(RefusalOf(fmri), HasSubstr("duplicate_position"));
  const std::string xa10 = testing::OpenSharedItem("mr-enhanced-siemens-xa10", folder);
  EXPECT_THAT(RefusalOf(xa10), HasSubstr("duplicate_position"));
  const std::string mosaic = testing::OpenSharedItem("mr-epi-siemens-skyra", folder);
  const std::vector<std::string> files = testing::FilesBelow(mosaic);
  const Result<LoadedVolume> loaded = LoadVolume({files.front()});
  ASSERT_FALSE(loaded.ok());
  EXPECT_THAT(loaded.error().message(), HasSubstr("(mosaic)"));
}

TEST(LoadVolume, RealGantryTilt) {
  const testing::TempDir folder;
  const std::string study = testing::OpenSharedItem("ct-head-philips-tilt-study", folder);
  if (study.empty()) GTEST_SKIP() << "NO SAMPLE DATA: ct-head-philips-tilt-study";
  const Result<LoadedVolume> loaded = LoadVolume(testing::FilesBelow(study + "/S2010"));
  ASSERT_TRUE(loaded.ok()) << loaded.error().message();
  EXPECT_EQ(loaded->volume.geometry.size, (GridSize{54, 512, 512}));
  EXPECT_NEAR(loaded->volume.geometry.SliceGapMm(), 2.5 * 0.9483237, 1e-4);
  EXPECT_NEAR(loaded->volume.geometry.slice_step[2], 2.5, 1e-4);
  EXPECT_NEAR(loaded->volume.geometry.slice_step[1], 0, 1e-4);
  EXPECT_THAT(RefusalOf(study + "/S4010"), HasSubstr("not one regular stack"));
}

TEST(LoadVolume, ForeignSopClassInTheSeriesIsLeftOut) {
  SyntheticSeries series;
  series.geometry = AxialGeometry({6, 4, 4}, 1, 1, 2);
  const testing::TempDir folder;
  const std::vector<std::string> files = WriteSeries(series, folder.path().string());
  EditFile(files[5], "SOPClassUID", "1.2.840.10008.5.1.4.1.1.7");
  EditFile(files[5], "ImagePositionPatient", "");
  const Result<LoadedVolume> loaded = LoadVolume(files);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message();
  EXPECT_EQ(loaded->volume.geometry.size.slices, 5);
  ASSERT_EQ(loaded->left_out.size(), 1u);
  EXPECT_THAT(loaded->left_out[0], HasSubstr("1 of 6 frames left out"));
}

TEST(LoadVolume, KeepsTheUnitsOfPetOnlyWhereAllImagesAgree) {
  SyntheticSeries series;
  series.geometry = AxialGeometry({3, 4, 5}, 1, 1, 2);
  const testing::TempDir folder;
  const std::vector<std::string> files = WriteSeries(series, folder.path().string());
  EXPECT_EQ(LoadVolume(files)->source.units, "");
  for (const std::string& file : files) {
    EditFile(file, "Units", "GML");
    EditFile(file, "SUVType", "LBM");
  }
  const auto agreed = LoadVolume(files);
  ASSERT_TRUE(agreed.ok()) << agreed.error().message();
  EXPECT_EQ(agreed->source.units, "GML");
  EXPECT_EQ(agreed->source.suv_type, "LBM");
  for (const std::string& file : {files.front(), files.back()}) {
    EditFile(file, "Units", "BQML");
    EXPECT_EQ(LoadVolume(files)->source.units, "");
    EXPECT_EQ(LoadVolume(files)->source.suv_type, "");
    EditFile(file, "Units", "GML");
  }
}

}  // namespace
}  // namespace axial
