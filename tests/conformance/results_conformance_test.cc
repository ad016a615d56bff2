#include <gtest/gtest.h>

#include "tests/conformance/results_judge.h"
#include "tests/support/dicom_validators.h"
#include "tests/support/synthetic_results.h"

/// Every kind of result on sources made up for it.
namespace axial::testing {
namespace {

class ResultsConformance : public ResultsJudge {
 protected:
  SourceSeries Source(const SyntheticSource& options) { return WriteSource(options, in_.path()); }
};

struct Size {
  int rows;
  int columns;
};
void PrintTo(const Size& size, std::ostream* stream) {
  *stream << size.rows << "x" << size.columns;
}

class ResultsConformanceSizes : public ResultsConformance,
                                public ::testing::WithParamInterface<Size> {};

TEST_P(ResultsConformanceSizes, PackFramesWithoutGaps) {
  const SourceSeries source =
      Source({.slices = 5, .rows = GetParam().rows, .columns = GetParam().columns});
  Judge(LungFindings(source, LungCard()), LungCard(), 2);
}

// Rows times columns leaves every rest from 0 to 7 when divided by 8.
INSTANTIATE_TEST_SUITE_P(Remainders, ResultsConformanceSizes,
                         ::testing::Values(Size{101, 101}, Size{102, 103}, Size{101, 103},
                                           Size{102, 102}, Size{101, 105}, Size{102, 101},
                                           Size{103, 105}, Size{512, 512}));

TEST_F(ResultsConformance, NothingFound) {
  const SourceSeries source = Source({});
  Judge(EmptyFindings(source), LungCard(), 1);
}

TEST_F(ResultsConformance, ClassificationOfRadiographWithoutFrameOfReference) {
  const SourceSeries source = Source({.modality = "DX", .slices = 1, .frame_of_reference = false});
  Judge(PositionFindings(source, PositionCard(), 0), PositionCard(), 1);
}

TEST_F(ResultsConformance, AnswersAboutSingleImagesOfSeveral) {
  const SourceSeries source = Source({.modality = "DX", .slices = 3, .frame_of_reference = false});
  Judge(PositionFindings(source, PositionCard(), 1), PositionCard(), 1);
}

TEST_F(ResultsConformance, SegmentsOnRadiographsWithoutFrameOfReference) {
  const SourceSeries source = Source({.modality = "DX", .slices = 2, .frame_of_reference = false});
  Judge(LungFindings(source, LungCard()), LungCard(), 2);
}

TEST_F(ResultsConformance, TiltedGantry) {
  const SourceSeries source = Source(
      {.slices = 28, .orientation = "1\\0\\0\\0\\0.965926\\-0.258819", .step_mm = {0, 0, 2.5}});
  Judge(LungFindings(source, LungCard()), LungCard(), 2);
}

TEST_F(ResultsConformance, ObliqueStack) {
  const SourceSeries source =
      Source({.modality = "MR", .orientation = "0.8\\0.6\\0\\0\\0\\-1", .step_mm = {-1.8, 2.4, 0}});
  Judge(LungFindings(source, LungCard()), LungCard(), 2);
}

TEST_F(ResultsConformance, MultiFrameSource) {
  const SourceSeries source = Source({.slices = 6, .multi_frame = true});
  Judge(LungFindings(source, LungCard()), LungCard(), 2);
}

TEST_F(ResultsConformance, LossySource) {
  const SourceSeries source = Source({.lossy = true});
  Judge(LungFindings(source, LungCard()), LungCard(), 2);
}

TEST_F(ResultsConformance, SegmentNamesInUnicode) {
  config::ModelCard card = LungCard();
  card.segments[0].name = "Linke Lunge (größer)";
  card.segments[1].name = "右肺";
  card.algorithm.notice = "Nur zur Vorführung, nicht für die Befundung";
  const SourceSeries source =
      Source({.character_set = "ISO_IR 192", .patient_name = "Müller^Änne"});
  Judge(LungFindings(source, card), card, 2);
}

TEST_F(ResultsConformance, SegmentNamesInUnicodeUnderLatin1PatientName) {
  config::ModelCard card = LungCard();
  card.segments[1].name = "右肺";
  card.algorithm.notice = "Nur zur Vorführung, nicht für die Befundung";
  const SourceSeries source = Source({.patient_name = "M\xFCller^\xC4nne"});
  Judge(LungFindings(source, card), card, 2);
}

TEST_F(ResultsConformance, FallbacksForReadersOfNeither) {
  if (!HasProgram("dciodvfy") || !HasProgram("dcentvfy"))
    GTEST_SKIP() << "NOT CHECKED: dciodvfy and dcentvfy (package dicom3tools) are not on PATH";
  for (const SyntheticSource& options :
       {SyntheticSource{},
        SyntheticSource{.modality = "DX", .slices = 2, .frame_of_reference = false},
        SyntheticSource{.slices = 6, .multi_frame = true, .lossy = true}}) {
    const SourceSeries source = Source(options);
    ResultOptions wanted = Options();
    wanted.profiles.front().also = {config::ExtraResult::kSecondaryCapture,
                                    config::ExtraResult::kPdf, config::ExtraResult::kKeyObjects};
    const auto written =
        WriteResults(LungFindings(source, LungCard()), LungCard(), wanted, out_.path());
    ASSERT_TRUE(written.ok()) << written.error().ToString();
    std::vector<std::string> files = {source.frames.front().file};
    for (const protocol::Artifact& artifact : *written) {
      files.push_back(out_.File(artifact.file));
      EXPECT_EQ(IodErrors(files.back()), std::vector<std::string>()) << artifact.file;
    }
    EXPECT_GT(files.size(), 5u);
    EXPECT_EQ(written->back().kind, "key_objects");
    EXPECT_EQ(EntityErrors(files), std::vector<std::string>());
  }
}

}  // namespace
}  // namespace axial::testing
