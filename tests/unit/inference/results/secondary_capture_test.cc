#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

#include <cmath>

#include "inference/results/write_results.h"
#include "tests/support/synthetic_results.h"
#include "tests/support/temp_dir.h"

namespace axial::testing {
namespace {

class SecondaryCaptureTest : public ::testing::Test {
 protected:
  Result<std::vector<protocol::Artifact>> Write(const Findings& findings,
                                                const config::ModelCard& card) {
    ResultOptions options{.model_digest = "digest", .gateway_version = "0.1.0", .now = {}};
    options.profiles.front().also = {config::ExtraResult::kSecondaryCapture};
    options.profiles.front().captured_slices = slices_;
    Result<std::vector<protocol::Artifact>> all =
        WriteResults(findings, card, options, out_.path());
    if (all.ok())
      std::erase_if(*all,
                    [](const auto& artifact) { return artifact.kind != "secondary_capture"; });
    return all;
  }

  config::ResultProfile::Slices slices_ = config::ResultProfile::Slices::kKey;
  TempDir in_;
  TempDir out_;
};

TEST_F(SecondaryCaptureTest, IsOneInstancePerSliceInOneSeries) {
  slices_ = config::ResultProfile::Slices::kEvery;
  const SourceSeries source = WriteSource({.slices = 5}, in_.path());
  const auto written = Write(LungFindings(source, LungCard()), LungCard());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  ASSERT_EQ(written->size(), 5u);
  EXPECT_EQ((*written)[0].file, "secondary_capture_0001.dcm");
  EXPECT_EQ((*written)[4].file, "secondary_capture_0005.dcm");
  EXPECT_EQ((*written)[0].series_instance_uid, (*written)[4].series_instance_uid);
  EXPECT_NE((*written)[0].sop_instance_uid, (*written)[4].sop_instance_uid);
}

TEST_F(SecondaryCaptureTest, ShowsAtMostTwelveKeySlices) {
  const SourceSeries source = WriteSource({.slices = 40}, in_.path());
  const auto written = Write(LungFindings(source, LungCard()), LungCard());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  EXPECT_GE(written->size(), 9u);
  EXPECT_LE(written->size(), 12u);
}

TEST_F(SecondaryCaptureTest, ShowsOnePictureWhenNothingIsFoundAndForAnAnswer) {
  const SourceSeries source = WriteSource({}, in_.path());
  const auto nothing = Write(EmptyFindings(source), LungCard());
  ASSERT_TRUE(nothing.ok()) << nothing.error().ToString();
  EXPECT_EQ(nothing->size(), 1u);
  const auto answer = Write(PositionFindings(source, PositionCard(), 1), PositionCard());
  ASSERT_TRUE(answer.ok()) << answer.error().ToString();
  EXPECT_EQ(answer->size(), 1u);
}

TEST_F(SecondaryCaptureTest, SaysTheSideThatItsOneImageSays) {
  struct Case {
    const char* body_part;
    const char* said;  ///< Image Laterality of each image
    int images;
    const char* side;  ///< Laterality of the result; "none": absent, as dciodvfy wants it
  };
  for (const Case& each : {Case{"BREAST", "L", 1, "L"},
                           {"BREAST", "L", 2, ""},  // another image may show the other side
                           {"BREAST", "B", 1, ""},
                           {"CHEST", "U", 1, "none"}}) {
    const SourceSeries source = WriteSource(
        {.modality = "DX", .slices = each.images, .frame_of_reference = false}, in_.path());
    for (const SourceFrame& frame : source.frames) {
      DcmFileFormat file;
      ASSERT_TRUE(file.loadFile(frame.file.c_str()).good());
      file.getDataset()->putAndInsertString(DCM_BodyPartExamined, each.body_part);
      file.getDataset()->putAndInsertString(DCM_ImageLaterality, each.said);
      ASSERT_TRUE(file.saveFile(frame.file.c_str()).good());
    }
    const auto written = Write(EmptyFindings(source), LungCard());
    ASSERT_TRUE(written.ok()) << written.error().ToString();
    DcmFileFormat capture;
    ASSERT_TRUE(capture.loadFile(out_.File(written->front().file).c_str()).good());
    OFString side;
    if (capture.getDataset()->findAndGetOFString(DCM_Laterality, side).bad()) side = "none";
    EXPECT_EQ(side, each.side) << each.body_part << " " << each.said;
  }
}

TEST_F(SecondaryCaptureTest, IsTheSameObjectWhenMadeAgain) {
  const SourceSeries source = WriteSource({}, in_.path());
  const auto first = Write(LungFindings(source, LungCard()), LungCard());
  const auto second = Write(LungFindings(source, LungCard()), LungCard());
  ASSERT_TRUE(first.ok() && second.ok());
  for (std::size_t i = 0; i < first->size(); ++i)
    EXPECT_EQ((*first)[i].sop_instance_uid, (*second)[i].sop_instance_uid);
}

// A square segment: its colour lies on its border and nowhere else.
TEST_F(SecondaryCaptureTest, DrawsTheOutlineOnTheBorderOfTheMask) {
  const SourceSeries source = WriteSource(
      {.modality = "DX", .slices = 1, .rows = 512, .columns = 512, .frame_of_reference = false},
      in_.path());
  config::ModelCard card = LungCard();
  card.segments.resize(1);
  card.segments[0].colour = {0, 255, 0};
  Findings findings = EmptyFindings(source);
  for (std::size_t row = 100; row < 300; ++row)
    for (std::size_t column = 150; column < 250; ++column)
      findings.layers[0].labels[row * 512 + column] = 1;
  findings.segments.push_back(
      {card.segments[0], 1, 0, 1, "t", MakeDeterministicUid("t"), 20'000, {}});
  const auto written = Write(findings, card);
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  DcmFileFormat file;
  ASSERT_TRUE(file.loadFile(out_.File(written->front().file).c_str()).good());
  Uint16 columns = 0;
  const Uint8* pixels = nullptr;
  ASSERT_TRUE(file.getDataset()->findAndGetUint16(DCM_Columns, columns).good());
  ASSERT_TRUE(file.getDataset()->findAndGetUint8Array(DCM_PixelData, pixels).good());
  int on_border = 0;
  for (int row = 0; row < 512; ++row) {
    for (int column = 0; column < 512; ++column) {
      const Uint8* rgb = pixels + 3 * (row * columns + column);
      const bool green = rgb[1] > 150 && rgb[0] < 120 && rgb[2] < 120;
      const double x = column + 0.5;
      const double y = row + 0.5;
      const double outside = std::max({150 - x, x - 250, 100 - y, y - 300});
      if (green) {
        EXPECT_LT(std::abs(outside), 2) << row << " " << column;
        ++on_border;
      }
    }
  }
  EXPECT_GT(on_border, 550);  // the border is 600 pixels long
}

}  // namespace
}  // namespace axial::testing
