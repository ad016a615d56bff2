#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "inference/results/roi_outlines.h"
#include "inference/results/write_results.h"
#include "tests/support/synthetic_results.h"
#include "tests/support/temp_dir.h"

namespace axial::testing {
namespace {

class RtStructureSetTest : public ::testing::Test {
 protected:
  Result<std::vector<protocol::Artifact>> Write(const Findings& findings,
                                                const config::ModelCard& card,
                                                std::int64_t micros = 1'767'225'600'000'000) {
    ResultOptions options{
        .model_digest = "digest", .gateway_version = "0.1.0", .now = FromMicros(micros)};
    options.profiles.front().also = {config::ExtraResult::kRtStructureSet};
    return WriteResults(findings, card, options, out_.path());
  }

  static bool Has(const std::vector<protocol::Artifact>& written) {
    return std::any_of(written.begin(), written.end(),
                       [](const auto& one) { return one.kind == "rt_structure_set"; });
  }

  TempDir in_;
  TempDir out_;
};

std::string Value(DcmItem& item, const DcmTagKey& tag) {
  OFString text;
  item.findAndGetOFStringArray(tag, text);
  return text.c_str();
}

TEST_F(RtStructureSetTest, NamesSegmentsAsRegions) {
  const SourceSeries source = WriteSource({}, in_.path());
  const auto written = Write(LungFindings(source, LungCard()), LungCard());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  ASSERT_TRUE(Has(*written));
  DcmFileFormat file;
  ASSERT_TRUE(file.loadFile(out_.File("rt_structure_set.dcm").c_str()).good());
  DcmDataset& dataset = *file.getDataset();
  EXPECT_EQ(Value(dataset, DCM_Modality), "RTSTRUCT");
  EXPECT_EQ(Value(dataset, DCM_ApprovalStatus), "UNAPPROVED");
  EXPECT_LE(Value(dataset, DCM_StructureSetLabel).size(), 16u);
  for (int i = 0; i < 2; ++i) {
    DcmItem* roi = nullptr;
    ASSERT_TRUE(dataset.findAndGetSequenceItem(DCM_StructureSetROISequence, roi, i).good());
    EXPECT_EQ(Value(*roi, DCM_ROIName), i == 0 ? "Left lung" : "Right lung");
    EXPECT_EQ(Value(*roi, DCM_ROIGenerationAlgorithm), "AUTOMATIC");
    ASSERT_TRUE(dataset.findAndGetSequenceItem(DCM_ROIContourSequence, roi, i).good());
    const auto& rgb = LungCard().segments[static_cast<std::size_t>(i)].colour;
    EXPECT_EQ(
        Value(*roi, DCM_ROIDisplayColor),
        std::to_string(rgb[0]) + "\\" + std::to_string(rgb[1]) + "\\" + std::to_string(rgb[2]));
  }
}

/// Every contour of the written object.
std::vector<DcmItem*> ContoursOf(DcmDataset& dataset) {
  std::vector<DcmItem*> found;
  DcmSequenceOfItems* regions = nullptr;
  EXPECT_TRUE(dataset.findAndGetSequence(DCM_ROIContourSequence, regions).good());
  for (unsigned long r = 0; r < regions->card(); ++r) {
    DcmSequenceOfItems* contours = nullptr;
    EXPECT_TRUE(regions->getItem(r)->findAndGetSequence(DCM_ContourSequence, contours).good());
    for (DcmObject* item = contours->nextInContainer(nullptr); item != nullptr;
         item = contours->nextInContainer(item))
      found.push_back(static_cast<DcmItem*>(item));
  }
  return found;
}

/// One segment: the pixels of every frame for which `inside(row, column)` holds.
template <typename Inside>
Findings OneSegment(const SourceSeries& source, Inside inside) {
  Findings findings = EmptyFindings(source);
  LabelMap& map = findings.layers.front();
  std::size_t at = 0;
  std::int64_t voxels = 0;
  for (std::size_t slice = 0; slice < source.frames.size(); ++slice)
    for (int row = 0; row < source.rows; ++row)
      for (int column = 0; column < source.columns; ++column, ++at) {
        map.labels[at] = inside(row, column) ? 1 : 0;
        voxels += map.labels[at];
      }
  findings.segments.push_back(
      {LungCard().segments[0], 1, 0, 1, "1", MakeDeterministicUid("1"), voxels, {}});
  return findings;
}

TEST_F(RtStructureSetTest, CutsContoursThatDoNotFitIntoExplicitVr) {
  const SourceSeries source = WriteSource({.slices = 1, .rows = 60, .columns = 1200}, in_.path());
  // Thousands of corners in a comb, and thousands of holes in a sieve.
  const Findings comb = OneSegment(
      source, [](int row, int column) { return row == 0 || (row < 9 && column % 2 == 0); });
  const Findings sieve =
      OneSegment(source, [](int row, int column) { return row % 3 != 1 || column % 3 != 1; });
  for (const Findings& findings : {comb, sieve}) {
    const auto written = Write(findings, LungCard());
    ASSERT_TRUE(written.ok()) << written.error().ToString();
    DcmFileFormat file;
    ASSERT_TRUE(file.loadFile(out_.File("rt_structure_set.dcm").c_str()).good());
    EXPECT_EQ(file.getDataset()->getOriginalXfer(), EXS_LittleEndianExplicit);
    std::size_t longest = 0;
    const std::vector<DcmItem*> contours = ContoursOf(*file.getDataset());
    for (DcmItem* contour : contours) {
      DcmElement* data = nullptr;
      ASSERT_TRUE(contour->findAndGetElement(DCM_ContourData, data).good());
      EXPECT_EQ(data->getVR(), EVR_DS);
      longest = std::max(longest, static_cast<std::size_t>(data->getLength()));
    }
    EXPECT_GT(contours.size(), 1u);
    EXPECT_LT(contours.size(), 60u);
    EXPECT_LE(longest, 65'534u);
    EXPECT_GT(longest, 15'000u) << "cut into smaller pieces than needed";
  }
}

TEST_F(RtStructureSetTest, AsManyPointsFitAsItsLengthHolds) {
  SourceSeries source = WriteSource({.slices = 1}, in_.path());
  SourceFrame& frame = source.frames.front();
  const char* positions[] = {"-999.1234\\-998.1234\\-997.1234", "-99999.1234\\3\\4", "0\\0\\0"};
  const char* spacings[] = {"0.7\\0.7", "0.002\\0.003", "1e-7\\1e-7"};
  for (const char* position : positions)
    for (const char* spacing : spacings) {
      frame.image_position_patient = position;
      frame.image_orientation_patient = "0.612372\\0.612372\\0.5\\-0.707107\\0.707107\\0";
      frame.pixel_spacing = spacing;
      const auto plane = results::PlaneOf(frame);
      ASSERT_TRUE(plane.ok());
      const std::size_t fit = results::PointsThatFit(*plane, 512, 512);
      EXPECT_GE(fit, 1'200u);
      std::vector<results::ContourPoint> points;
      for (std::size_t i = 0; i < fit; ++i)
        points.push_back(
            {static_cast<double>(i * 7 % 1024) / 2, static_cast<double>(i * 5 % 1024) / 2});
      EXPECT_LE(results::ContourData(*plane, points).size(), 65'534u);
    }
}

TEST_F(RtStructureSetTest, LeavesOutTheSmallestOfTooManyContoursAndSaysSo) {
  // 300 x 400 / 2 pixels that touch only at corners on each of two frames: 120,000 contours, and a
  // block of four.
  const SourceSeries source = WriteSource({.slices = 2, .rows = 300, .columns = 400}, in_.path());
  const Findings noise = OneSegment(source, [](int row, int column) {
    return (row + column) % 2 == 0 || (row < 2 && column < 2);
  });
  const auto written = Write(noise, LungCard());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  DcmFileFormat file;
  ASSERT_TRUE(file.loadFile(out_.File("rt_structure_set.dcm").c_str()).good());
  EXPECT_EQ(ContoursOf(*file.getDataset()).size(), results::kMaxContours);
  const std::string description = Value(*file.getDataset(), DCM_StructureSetDescription);
  EXPECT_NE(description.find("pixels in all are left out"), std::string::npos) << description;
}

TEST_F(RtStructureSetTest, GivesRegionsNamesOfTheirOwn) {
  // What a Latin-1 patient's results cannot say falls back to the type, for both.
  config::ModelCard card = LungCard();
  card.segments[0].name = "左肺";
  card.segments[1].name = "右肺";
  const SourceSeries source = WriteSource({.patient_name = "M\xFCller^\xC4nne"}, in_.path());
  const auto written = Write(LungFindings(source, card), card);
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  DcmFileFormat file;
  ASSERT_TRUE(file.loadFile(out_.File("rt_structure_set.dcm").c_str()).good());
  DcmItem* roi = nullptr;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(
        file.getDataset()->findAndGetSequenceItem(DCM_StructureSetROISequence, roi, i).good());
    EXPECT_EQ(Value(*roi, DCM_ROIName), i == 0 ? "Lung" : "Lung 2");
  }
}

TEST_F(RtStructureSetTest, IsTheSameObjectWhenWrittenAgain) {
  const SourceSeries source = WriteSource({}, in_.path());
  const Findings findings = LungFindings(source, LungCard());
  const auto first = Write(findings, LungCard());
  const auto later = Write(findings, LungCard(), 1'767'300'000'000'000);
  ASSERT_TRUE(first.ok() && later.ok());
  EXPECT_EQ(first->back().sop_instance_uid, later->back().sop_instance_uid);
}

TEST_F(RtStructureSetTest, NoneWithoutGeometryOrFindings) {
  const SourceSeries image =
      WriteSource({.modality = "DX", .slices = 1, .frame_of_reference = false}, in_.path());
  const auto flat = Write(LungFindings(image, LungCard()), LungCard());
  ASSERT_TRUE(flat.ok()) << flat.error().ToString();
  EXPECT_FALSE(Has(*flat));
  SourceSeries source = WriteSource({}, in_.path());
  const auto nothing = Write(EmptyFindings(source), LungCard());
  ASSERT_TRUE(nothing.ok()) << nothing.error().ToString();
  EXPECT_FALSE(Has(*nothing));
}

}  // namespace
}  // namespace axial::testing
