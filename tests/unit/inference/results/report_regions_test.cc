#include "inference/results/report_regions.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "tests/support/synthetic_results.h"
#include "tests/support/temp_dir.h"

namespace axial::results {
namespace {

using Segmentation = config::ResultProfile::Segmentation;

/// Two segments with the same code, each pixel drawn by lot: the worst that a model can give.
Findings Noise(const SourceSeries& source, const config::ModelCard& card, unsigned percent) {
  Findings findings = testing::LungFindings(source, card);
  LabelMap& map = findings.layers.front();
  std::mt19937 random(percent);
  std::array<std::int64_t, 3> voxels{};
  for (std::uint8_t& label : map.labels) {
    label = random() % 100 < percent ? 1 : random() % 100 < percent ? 2 : 0;
    ++voxels[label];
  }
  for (SegmentFinding& segment : findings.segments)
    segment.voxels = voxels[static_cast<std::size_t>(segment.segment_number)];
  return findings;
}

class ReportRegionsOfNoise : public ::testing::TestWithParam<int> {};

/// No mask is so dense, so thin or so full of holes that the report of it would be refused.
TEST_P(ReportRegionsOfNoise, PassTheirOwnCheck) {
  const auto percent = static_cast<unsigned>(GetParam());
  for (const bool images : {false, true})
    for (const Segmentation segmentation : {Segmentation::kBinary, Segmentation::kNone}) {
      const testing::TempDir in;
      const testing::TempDir out;
      config::ModelCard card = testing::LungCard();
      if (images) card.input.kind = config::InputKind::kImage;
      const SourceSeries source =
          testing::WriteSource({.modality = images ? "DX" : "CT",
                                .slices = 2,
                                .rows = 301,
                                .columns = 283,
                                .frame_of_reference = !images || percent % 20 == 0},
                               in.path());
      ResultOptions options{.model_digest = "digest", .gateway_version = "0.1.0", .now = {}};
      options.profiles.front().segmentation = segmentation;
      const auto written = WriteResults(Noise(source, card, percent), card, options, out.path());
      EXPECT_TRUE(written.ok()) << written.error().ToString() << (images ? " images" : " stack");
    }
}

INSTANTIATE_TEST_SUITE_P(Densities, ReportRegionsOfNoise, ::testing::Values(1, 10, 40, 60, 75, 95));

class ReportRegionsTest : public ::testing::Test {
 protected:
  /// Three images with two parts of segment 1 and, on the second only, a ring of segment 2.
  ReportRegions Plan(config::InputKind kind, bool with_segmentation) {
    card_.input.kind = kind;
    source_ = testing::WriteSource({.slices = 3, .rows = 20, .columns = 20}, in_.path());
    findings_.emplace(testing::EmptyFindings(*source_));
    std::vector<std::uint8_t>& labels = findings_->layers.front().labels;
    const auto fill = [&](int slice, int top, int left, int size, std::uint8_t label) {
      for (int r = top; r < top + size; ++r)
        for (int c = left; c < left + size; ++c)
          labels[static_cast<std::size_t>((slice * 20 + r) * 20 + c)] = label;
    };
    for (int slice = 0; slice < 3; ++slice) {
      fill(slice, 1, 1, 3 + slice, 1);
      fill(slice, 12, 1, 2, 1);
    }
    fill(1, 5, 10, 6, 2);
    fill(1, 7, 12, 2, 0);
    const std::int64_t voxels[] = {9 + 16 + 25 + 3 * 4, 32};
    for (const int number : {1, 2})
      findings_->segments.push_back({card_.segments[static_cast<std::size_t>(number - 1)],
                                     number,
                                     0,
                                     static_cast<std::uint8_t>(number),
                                     "id",
                                     MakeDeterministicUid("uid"),
                                     voxels[number - 1],
                                     {}});
    return PlanFindings(with_segmentation);
  }

  /// Of what findings_ holds by now.
  ReportRegions PlanFindings(bool with_segmentation) {
    EXPECT_TRUE(header_.loadFile(source_->frames.front().file.c_str()).good());
    DcmDataset& dataset = *header_.getDataset();
    const ResultRun run{*findings_,
                        card_,
                        options_,
                        dataset,
                        ResultText::For(dataset, card_),
                        PlanSegmentFrames(*findings_).value()};
    return PlanReportRegions(run, with_segmentation);
  }

  testing::TempDir in_;
  config::ModelCard card_ = testing::LungCard();
  ResultOptions options_{.model_digest = "digest", .gateway_version = "0.1.0", .now = {}};
  std::optional<SourceSeries> source_;
  std::optional<Findings> findings_;
  DcmFileFormat header_;
};

TEST_F(ReportRegionsTest, AStackShowsTheLargestSectionOfEachSegment) {
  const ReportRegions regions = Plan(config::InputKind::kVolume, true);
  ASSERT_EQ(regions.planar.size(), 2u);
  EXPECT_EQ(regions.planar[0].slice, 2);
  EXPECT_EQ(regions.planar[0].pixels, 25);
  EXPECT_EQ(regions.planar[1].slice, 1);
  EXPECT_EQ(regions.planar[1].pixels, 32) << "without the hole";
  EXPECT_TRUE(regions.planar[0].of_whole && regions.planar[1].of_whole);
  EXPECT_TRUE(regions.volumetric.empty());
  EXPECT_EQ(regions.small + regions.skipped, 0u);
}

TEST_F(ReportRegionsTest, AStackWithoutSegmentationIsOutlinedOnEverySlice) {
  const ReportRegions regions = Plan(config::InputKind::kVolume, false);
  EXPECT_EQ(regions.planar.size(), 2u);
  ASSERT_EQ(regions.volumetric.size(), 3u * 2 + 1);
  EXPECT_EQ(regions.volumetric[0].slice, 2) << "the largest section comes first";
  EXPECT_EQ(regions.volumetric[0].pixels, 25);
  EXPECT_EQ(regions.volumetric[1].slice, 0);
  EXPECT_EQ(regions.volumetric[6].segment->segment_number, 2);
}

TEST_F(ReportRegionsTest, SingleImagesShowEveryPartTheLargestFirst) {
  const ReportRegions regions = Plan(config::InputKind::kImage, false);
  ASSERT_EQ(regions.planar.size(), 3u * 2 + 1);
  EXPECT_EQ(regions.planar[0].pixels, 9);
  EXPECT_EQ(regions.planar[1].pixels, 4);
  EXPECT_EQ(regions.planar[1].number, 2u);
  EXPECT_TRUE(regions.volumetric.empty());
  int of_whole = 0;
  for (const ReportRegion& region : regions.planar) of_whole += region.of_whole ? 1 : 0;
  EXPECT_TRUE(regions.planar[0].of_whole);
  EXPECT_EQ(of_whole, 2) << "one of each segment";
}

/// Teeth of `pitch` columns that hang together: 4 corners each, too many for one outline.
Findings Comb(const SourceSeries& source, const config::ModelCard& card) {
  Findings findings = testing::EmptyFindings(source);
  SegmentFinding segment{card.segments.front(),        1, 0, 1, "comb",
                         MakeDeterministicUid("comb"), 0, {}};
  for (int row = 0; row < source.rows; ++row)
    for (int column = 0; column < source.columns; ++column) {
      if (row > 0 && column % 4 > 1) continue;
      findings.layers.front()
          .labels[static_cast<std::size_t>(row) * static_cast<std::size_t>(source.columns) +
                  static_cast<std::size_t>(column)] = 1;
      ++segment.voxels;
    }
  findings.segments = {segment};
  return findings;
}

/// Without a Segmentation the report alone tells of a finding on a single image.
TEST_F(ReportRegionsTest, APartTooIntricateForOneOutlineIsDrawnInSeveral) {
  card_.input.kind = config::InputKind::kImage;
  source_ = testing::WriteSource(
      {.modality = "DX", .slices = 1, .rows = 4, .columns = 12'001, .frame_of_reference = false},
      in_.path());
  findings_ = Comb(*source_, card_);
  options_.profiles.front().segmentation = Segmentation::kNone;
  const testing::TempDir out;
  const auto written = WriteResults(*findings_, card_, options_, out.path());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  const ReportRegions regions = PlanFindings(false);
  EXPECT_EQ(regions.cut, 1u);
  EXPECT_EQ(regions.skipped + regions.small, 0u);
  ASSERT_GT(regions.planar.size(), 1u);
  std::int64_t pixels = 0;
  for (std::size_t i = 0; i < regions.planar.size(); ++i) {
    EXPECT_EQ(regions.planar[i].number, i + 1);
    EXPECT_EQ(regions.planar[i].of_whole, i == 0);
    pixels += regions.planar[i].pixels;
  }
  EXPECT_EQ(pixels, findings_->segments.front().voxels);
}

/// Sixty images with 25 parts of segment 1 each, and one with a part of segment 2.
TEST_F(ReportRegionsTest, ManyRegionsOfOneSegmentLeaveRoomForTheNext) {
  constexpr int kImages = 60;
  constexpr int kSide = 10;
  card_.input.kind = config::InputKind::kImage;
  source_ = testing::WriteSource({.modality = "DX",
                                  .slices = kImages,
                                  .rows = kSide,
                                  .columns = kSide,
                                  .frame_of_reference = false},
                                 in_.path());
  findings_.emplace(testing::EmptyFindings(*source_));
  std::vector<std::uint8_t>& labels = findings_->layers.front().labels;
  for (std::size_t i = 0; i < labels.size(); ++i)
    labels[i] = i % 2 == 0 && i / kSide % 2 == 0 ? 1 : 0;
  labels.back() = 2;
  const std::int64_t voxels[] = {kImages * 25, 1};
  for (const int number : {1, 2})
    findings_->segments.push_back({card_.segments[static_cast<std::size_t>(number - 1)],
                                   number,
                                   0,
                                   static_cast<std::uint8_t>(number),
                                   fmt::format("part {}", number),
                                   MakeDeterministicUid(fmt::format("part {}", number)),
                                   voxels[number - 1],
                                   {}});
  options_.profiles.front().segmentation = Segmentation::kNone;
  const testing::TempDir out;
  const auto written = WriteResults(*findings_, card_, options_, out.path());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  DcmFileFormat report;
  ASSERT_TRUE(report.loadFile(out.File(written->front().file).c_str()).good());
  DcmStack stack;
  std::map<std::string, int> groups;  // by tracking identifier's beginning
  while (report.getDataset()->search(DCM_TextValue, stack, ESM_afterStackTop, OFTrue).good()) {
    OFString text;
    static_cast<DcmElement*>(stack.top())->getOFString(text, 0);
    ++groups[std::string(text.c_str()).substr(0, 6)];
  }
  EXPECT_EQ(groups["part 1"], static_cast<int>(kMaxPlanarRegions) - 1);
  EXPECT_EQ(groups["part 2"], 1) << "a finding that nobody is told of";
}

/// Of four corners OHIF makes a measurement of its own instead of showing ours.
TEST_F(ReportRegionsTest, SquaresAreOutlinedWithMoreThanFourPoints) {
  Plan(config::InputKind::kImage, false);
  const testing::TempDir out;
  options_.profiles.front().segmentation = Segmentation::kNone;
  findings_->segments[1].tracking_uid = MakeDeterministicUid("another");
  const auto written = WriteResults(*findings_, card_, options_, out.path());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  DcmFileFormat report;
  ASSERT_TRUE(report.loadFile(out.File(written->front().file).c_str()).good());
  DcmStack stack;
  int outlines = 0;
  while (report.getDataset()->search(DCM_GraphicData, stack, ESM_afterStackTop, OFTrue).good()) {
    EXPECT_GT(static_cast<DcmElement*>(stack.top())->getLength() / sizeof(Float32) / 2, 5u);
    ++outlines;
  }
  EXPECT_EQ(outlines, 2 * (3 * 2 + 1)) << "of each region, and of its area";
}

}  // namespace
}  // namespace axial::results
