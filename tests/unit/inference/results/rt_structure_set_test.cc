#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

#include <algorithm>

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
