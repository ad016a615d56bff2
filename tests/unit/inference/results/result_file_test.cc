#include "inference/results/result_file.h"

#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temp_dir.h"

namespace axial::results {
namespace {

/// Larger than any buffer, so that a full disk is met while writing.
void Fill(DcmDataset& dataset) {
  const std::string text(4 << 20, 'x');
  ASSERT_TRUE(dataset.putAndInsertString(DCM_SOPClassUID, UID_SegmentationStorage).good());
  ASSERT_TRUE(dataset.putAndInsertString(DCM_SOPInstanceUID, "2.25.1").good());
  ASSERT_TRUE(dataset.putAndInsertString(DCM_TextValue, text.c_str()).good());
}

// The code decides whether the Job is tried again by itself.
TEST(SaveDataset, AFullDiskIsUnavailableNotInvalidInput) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "NOT CHECKED: no /dev/full";
  DcmDataset dataset;
  Fill(dataset);
  const Status saved = SaveDataset(dataset, "/dev/full", PixelCoding::kNative);
  ASSERT_FALSE(saved.ok());
  EXPECT_EQ(saved.error().code(), ErrorCode::kUnavailable) << saved.error().ToString();
}

TEST(SaveDataset, AFolderThatIsGoneIsUnavailable) {
  const testing::TempDir folder;
  DcmDataset dataset;
  Fill(dataset);
  const Status saved = SaveDataset(dataset, folder.File("gone") + "/sr.dcm", PixelCoding::kNative);
  ASSERT_FALSE(saved.ok());
  EXPECT_EQ(saved.error().code(), ErrorCode::kUnavailable) << saved.error().ToString();
}

}  // namespace
}  // namespace axial::results
