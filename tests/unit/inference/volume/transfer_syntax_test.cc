#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "inference/volume/frame_header.h"
#include "inference/volume/pixel_file.h"
#include "tests/support/shared_data.h"

namespace axial {
namespace {

Result<std::vector<float>> Decode(const std::string& file, int frame = 0) {
  AXIAL_ASSIGN_OR_RETURN(PixelFile pixels, PixelFile::Open(file));
  AXIAL_ASSIGN_OR_RETURN(DecodedFrame decoded, pixels.ReadFrame(frame, PixelMeaning::kModality));
  return std::move(decoded.values);
}

double LargestDifference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return 1e9;
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, static_cast<double>(std::abs(a[i] - b[i])));
  return largest;
}

/// Mean absolute difference: what a lossy codec changes.
double MeanDifference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return 1e9;
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  return sum / static_cast<double>(a.size());
}

/// How far a file of the matrix may be from the reference, on average: 0 for lossless syntaxes.
double AllowedMeanDifference(const std::string& file) {
  const std::pair<const char*, double> lossy[] = {
      {"1.2.4.91.dcm", 1}, {"1.2.4.81.dcm", 1}, {"1.2.4.51.dcm", 4},
      {"1.2.4.53.dcm", 4}, {"1.2.4.55.dcm", 4}, {"1.2.4.50.dcm", 20},  // 8 bits for 12-bit data
  };
  for (const auto& [ending, allowed] : lossy)
    if (file.ends_with(ending)) return allowed;
  return 0;
}

TEST(TransferSyntax, OneCtSliceInFifteenSyntaxes) {
  const testing::TempDir folder;
  const std::string matrix = testing::OpenSharedItem("ct-ts-matrix", folder);
  if (matrix.empty()) GTEST_SKIP() << "NO SAMPLE DATA: ct-ts-matrix";
  const std::vector<std::string> files = testing::FilesBelow(matrix);
  const Result<std::vector<float>> reference = Decode(matrix + "/CTImage.dcm");
  ASSERT_TRUE(reference.ok()) << reference.error().message();
  ASSERT_EQ(files.size(), 16u);
  for (const std::string& file : files) {
    const Result<std::vector<float>> decoded = Decode(file);
    ASSERT_TRUE(decoded.ok()) << file << ": " << decoded.error().message();
    EXPECT_LE(MeanDifference(*reference, *decoded), AllowedMeanDifference(file)) << file;
  }
}

TEST(TransferSyntax, NemaSamplesInLosslessSyntaxesAreExact) {
  const testing::TempDir folder;
  const std::string samples = testing::OpenSharedItem("wg04-ts-a", folder);
  if (samples.empty()) GTEST_SKIP() << "NO SAMPLE DATA: wg04-ts-a";
  int compared = 0;
  for (const std::string image : {"CT1", "MR3", "NM1"}) {
    const Result<std::vector<float>> reference = Decode(samples + "/REF/" + image + "_UNC");
    ASSERT_TRUE(reference.ok()) << reference.error().message();
    for (const std::string& file : testing::FilesBelow(samples)) {
      const std::string label = FileLabel(file);
      const bool lossless = label.ends_with("_RLE") || label.ends_with("_JPLL") ||
                            label.ends_with("_JLSL") || label.ends_with("_J2KR");
      if (!label.starts_with(image) || !lossless) continue;
      const Result<std::vector<float>> decoded = Decode(file);
      ASSERT_TRUE(decoded.ok()) << label << ": " << decoded.error().message();
      EXPECT_EQ(LargestDifference(*reference, *decoded), 0) << label;
      ++compared;
    }
  }
  EXPECT_EQ(compared, 12);
}

TEST(TransferSyntax, SmallMrInEverySyntaxIsExact) {
  const testing::TempDir folder;
  const std::string item = testing::OpenSharedItem("mr-small-ts", folder);
  if (item.empty()) GTEST_SKIP() << "NO SAMPLE DATA: mr-small-ts";
  const Result<std::vector<float>> reference = Decode(item + "/MR_small.dcm");
  ASSERT_TRUE(reference.ok()) << reference.error().message();
  for (const char* name : {"MR_small_RLE.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm",
                           "MR_small_padded.dcm", "MR_small_jp2klossless.dcm",
                           "MR_small_jpeg_ls_lossless.dcm", "MR_small_expb.dcm"}) {
    const Result<std::vector<float>> decoded = Decode(item + "/" + name);
    ASSERT_TRUE(decoded.ok()) << name << ": " << decoded.error().message();
    EXPECT_EQ(LargestDifference(*reference, *decoded), 0) << name;
  }
  EXPECT_FALSE(Decode(item + "/MR_truncated.dcm").ok());
}

TEST(TransferSyntax, Jpeg2000SignednessFollowsPixelRepresentation) {
  const testing::TempDir folder;
  const std::string item = testing::OpenSharedItem("mr-small-ts", folder);
  if (item.empty()) GTEST_SKIP() << "NO SAMPLE DATA: mr-small-ts";
  const Result<std::vector<float>> decoded = Decode(item + "/J2K_pixelrep_mismatch.dcm");
  ASSERT_TRUE(decoded.ok()) << decoded.error().message();
  EXPECT_LE(*std::min_element(decoded->begin(), decoded->end()), -1000) << "air around a CT";
  EXPECT_LE(*std::max_element(decoded->begin(), decoded->end()), 3100);
}

TEST(TransferSyntax, EnhancedMrInFiveSyntaxesFrameByFrame) {
  const testing::TempDir folder;
  const std::string item = testing::OpenSharedItem("mr-enhanced-ts", folder);
  if (item.empty()) GTEST_SKIP() << "NO SAMPLE DATA: mr-enhanced-ts";
  for (int frame = 0; frame < 10; ++frame) {
    const Result<std::vector<float>> reference = Decode(item + "/emri_small.dcm", frame);
    ASSERT_TRUE(reference.ok()) << reference.error().message();
    for (const char* name : {"emri_small_big_endian.dcm", "emri_small_jpeg_2k_lossless.dcm",
                             "emri_small_jpeg_ls_lossless.dcm", "emri_small_RLE.dcm"}) {
      const Result<std::vector<float>> decoded = Decode(item + "/" + name, frame);
      ASSERT_TRUE(decoded.ok()) << name << ": " << decoded.error().message();
      EXPECT_EQ(LargestDifference(*reference, *decoded), 0) << name << " frame " << frame + 1;
    }
  }
}

TEST(TransferSyntax, CutJpeg2000StreamIsAnError) {
  const testing::TempDir folder;
  const std::string item = testing::OpenSharedItem("mr-enhanced-ts", folder);
  if (item.empty()) GTEST_SKIP() << "NO SAMPLE DATA: mr-enhanced-ts";
  bool failed = false;
  for (int frame = 0; frame < 10; ++frame)
    failed = failed || !Decode(item + "/emri_small_jpeg_2k_lossless_too_short.dcm", frame).ok();
  EXPECT_TRUE(failed);
}

}  // namespace
}  // namespace axial
