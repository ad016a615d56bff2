#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

#include <fstream>

#include "inference/results/result_run.h"
#include "tests/conformance/results_judge.h"
#include "tests/support/synthetic_results.h"

/// "The model could not run" is a document of its own, for every class of report, and can not be
/// read as "nothing was found".
namespace axial::testing {
namespace {

class FailureReport : public ResultsJudge, public ::testing::WithParamInterface<int> {
 protected:
  static ResultOptions Failed(bool not_applicable) {
    ResultOptions options = Options();
    options.failure = protocol::RunFailure{not_applicable, "the slices are 8 mm apart; at most 5"};
    return options;
  }

  static std::vector<std::string> Files(const SourceSeries& source) {
    std::vector<std::string> files;
    for (const SourceFrame& frame : source.frames) files.push_back(frame.file);
    return files;
  }

  /// All text and codes of the written report.
  std::string Printed(const std::string& file) {
    DcmFileFormat report;
    EXPECT_TRUE(report.loadFile(out_.File(file).c_str()).good());
    std::ostringstream printed;
    report.print(printed);
    return printed.str();
  }
};

TEST_P(FailureReport, SaysThatTheModelDidNotRunAndNothingElse) {
  const bool not_applicable = GetParam() % 2 == 1;
  ResultOptions options = Failed(not_applicable);
  options.profiles.front().report = static_cast<config::ResultProfile::Report>(GetParam() / 2);
  const Findings findings = EmptyFindings(WriteSource({}, in_.path()));
  const auto written = WriteFailureReport(Files(findings.source), LungCard(), options, out_.path());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  ASSERT_EQ(written->size(), 1u);
  EXPECT_EQ(written->front().kind, "sr");
  JudgeIod(findings, *written);
  const std::string text = Printed("sr.dcm");
  EXPECT_NE(text.find("PARTIAL"), std::string::npos);
  EXPECT_NE(text.find(not_applicable ? "Not Attempted" : "[Failed]"), std::string::npos);
  EXPECT_NE(text.find("8 mm apart"), std::string::npos);
  EXPECT_NE(text.find("AI could not run: "), std::string::npos);
  EXPECT_EQ(text.find("Absent"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(ClassesAndCauses, FailureReport, ::testing::Range(0, 6));

TEST_F(FailureReport, NeedsNoPixelsAndPassesOverBrokenFiles) {
  const SourceSeries source = WriteSource({}, in_.path());
  std::vector<std::string> files = Files(source);
  std::ofstream(files[0], std::ios::trunc) << "no DICOM";
  const auto written = WriteFailureReport(files, LungCard(), Failed(false), out_.path());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  EXPECT_EQ(written->size(), 1u);
  for (const std::string& file : files) std::ofstream(file, std::ios::trunc) << "no DICOM";
  const auto refused = WriteFailureReport(files, LungCard(), Failed(false), out_.path());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidInput);
}

TEST_F(FailureReport, IsNotWrittenForAProfileThatWantsNone) {
  ResultOptions options = Failed(false);
  options.profiles.push_back(options.profiles.front());
  options.profiles[1].report_failures = false;
  const auto written =
      WriteFailureReport(Files(WriteSource({}, in_.path())), LungCard(), options, out_.path());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  ASSERT_EQ(written->size(), 1u);
  EXPECT_EQ(written->front().profiles, std::vector<int>{0});
}

TEST_F(FailureReport, HasOtherUidsThanAResultOfTheSameSeries) {
  const SourceSeries source = WriteSource({}, in_.path());
  const auto failed = WriteFailureReport(Files(source), LungCard(), Failed(false), out_.path());
  const auto again = WriteFailureReport(Files(source), LungCard(), Failed(false), out_.path());
  const auto empty = WriteResults(EmptyFindings(source), LungCard(), Options(), out_.path());
  ASSERT_TRUE(failed.ok() && again.ok() && empty.ok());
  EXPECT_EQ(failed->front().sop_instance_uid, again->front().sop_instance_uid);
  EXPECT_NE(failed->front().series_instance_uid, empty->front().series_instance_uid);
}

class ReportClasses : public ResultsJudge, public ::testing::WithParamInterface<int> {};

TEST_P(ReportClasses, ConformAndNameTheReportsTheyReplace) {
  ResultOptions options = Options();
  options.profiles.front().report = static_cast<config::ResultProfile::Report>(GetParam());
  options.predecessors = {{"seg", results::kSegmentationClass, "2.25.1", "2.25.2"},
                          {"sr", UID_EnhancedSRStorage, "2.25.3", "2.25.4"}};
  const SourceSeries source = WriteSource({}, in_.path());
  const Findings findings = LungFindings(source, LungCard());
  const auto written = WriteResults(findings, LungCard(), options, out_.path());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  JudgeIod(findings, *written);
  const char* classes[] = {UID_Comprehensive3DSRStorage, UID_ComprehensiveSRStorage,
                           UID_EnhancedSRStorage};
  EXPECT_EQ(written->back().sop_class_uid, classes[GetParam()]);
  DcmFileFormat report;
  ASSERT_TRUE(report.loadFile(out_.File("sr.dcm").c_str()).good());
  DcmSequenceOfItems* predecessors = nullptr;
  ASSERT_TRUE(report.getDataset()
                  ->findAndGetSequence(DCM_PredecessorDocumentsSequence, predecessors)
                  .good());
  EXPECT_EQ(predecessors->card(), 1u);
  std::ostringstream printed;
  predecessors->print(printed);
  EXPECT_NE(printed.str().find("2.25.4"), std::string::npos);
  DcmFileFormat segmentation;
  ASSERT_TRUE(segmentation.loadFile(out_.File("seg.dcm").c_str()).good());
  OFString text;
  segmentation.getDataset()->findAndGetOFString(DCM_DerivationDescription, text);
  EXPECT_EQ(text, "Replaces 2.25.2");
  segmentation.getDataset()->findAndGetOFString(DCM_SeriesDescription, text);
  EXPECT_EQ(text, "AI Axial Lungs 1.2.0 SEG, revised");
}

INSTANTIATE_TEST_SUITE_P(All, ReportClasses, ::testing::Range(0, 3));

}  // namespace
}  // namespace axial::testing
