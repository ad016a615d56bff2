#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

#include "tests/conformance/results_judge.h"
#include "tests/support/dicom_validators.h"
#include "tests/support/synthetic_results.h"

/// What reports say, in every class and with and without a Segmentation, judged by dicom3tools,
/// dcmsr's own reader and PixelMed.
namespace axial::testing {
namespace {

using Report = config::ResultProfile::Report;
using Segmentation = config::ResultProfile::Segmentation;

class ReportContent : public ResultsJudge {
 protected:
  /// Writes and judges by dicom3tools; gives the report as dsrdump prints it.
  std::string Write(const Findings& findings, const config::ModelCard& card, Report report,
                    Segmentation segmentation = Segmentation::kNone) {
    ResultOptions options = Options();
    options.profiles.front().report = report;
    options.profiles.front().segmentation = segmentation;
    const auto written = WriteResults(findings, card, options, out_.path());
    EXPECT_TRUE(written.ok()) << written.error().ToString();
    if (!written.ok()) return "";
    JudgeIod(findings, *written);
    std::string dump;
    for (const std::string& line : RunProgram("dsrdump", {"+Pu", "+Pl", out_.File("sr.dcm")}))
      dump += line + "\n";
    return dump;
  }

  /// The templates are the same in every class: one is enough of what takes PixelMed 5 s.
  void JudgeTemplate(Report report = Report::kComprehensive3d) {
    if (report != Report::kComprehensive3d) return;
    ResultsJudge::JudgeTemplate("sr.dcm");
  }

  SourceSeries Source(const SyntheticSource& options) { return WriteSource(options, in_.path()); }

  SourceSeries Stack() { return Source({.slices = 5, .rows = 60, .columns = 70}); }
};

std::size_t Count(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
    ++count;
  return count;
}

class ReportClass : public ReportContent, public ::testing::WithParamInterface<int> {};

TEST_P(ReportClass, TellsOfAStackWithSegmentation) {
  const std::string dump = Write(ShapeFindings(Stack(), LungCard()), LungCard(),
                                 static_cast<Report>(GetParam()), Segmentation::kBinary);
  EXPECT_EQ(Count(dump, "\"Referenced Segment\""), 2u) << dump;
  EXPECT_EQ(Count(dump, "largest section"), 2u);
  JudgeTemplate(static_cast<Report>(GetParam()));
}

TEST_P(ReportClass, DrawsTheSegmentsOfAStackWithoutSegmentation) {
  const std::string dump =
      Write(ShapeFindings(Stack(), LungCard()), LungCard(), static_cast<Report>(GetParam()));
  EXPECT_EQ(Count(dump, "\"Referenced Segment\""), 0u);
  // Per slice a ring, its dot and two discs; and the largest section of each with its area.
  EXPECT_EQ(Count(dump, "\"Image Region\""), 5u * 4 + 2 * 2) << dump;
  JudgeTemplate(static_cast<Report>(GetParam()));
}

TEST_P(ReportClass, MeasuresPlanarRegionsOfARadiograph) {
  config::ModelCard card = LungCard();
  card.input.kind = config::InputKind::kImage;
  const SourceSeries source = Source(
      {.modality = "DX", .slices = 2, .rows = 60, .columns = 70, .frame_of_reference = false});
  const std::string dump = Write(ShapeFindings(source, card), card, static_cast<Report>(GetParam()),
                                 Segmentation::kBinary);
  EXPECT_EQ(Count(dump, ", region"), 8u) << dump;
  EXPECT_EQ(Count(dump, "\"Area\""), 0u) << "the pixels' size is unknown";
  JudgeTemplate(static_cast<Report>(GetParam()));
}

TEST_P(ReportClass, NamesTheCertaintyOfAnswers) {
  const SourceSeries source = Source({.modality = "DX", .slices = 3, .frame_of_reference = false});
  const std::string dump = Write(PositionFindings(source, PositionCard(), 1), PositionCard(),
                                 static_cast<Report>(GetParam()));
  EXPECT_EQ(Count(dump, "\"Certainty of Finding\")=\"97.3\""), 1u) << dump;
  JudgeTemplate(static_cast<Report>(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(All, ReportClass, ::testing::Range(0, 3));

TEST_F(ReportContent, SaysThatNothingWasFound) {
  const std::string dump = Write(EmptyFindings(Stack()), LungCard(), Report::kComprehensive3d);
  EXPECT_EQ(Count(dump, "\"Absent\""), 1u) << dump;
  EXPECT_EQ(Count(dump, "<NUM:"), 0u);
  JudgeTemplate();
}

}  // namespace
}  // namespace axial::testing
