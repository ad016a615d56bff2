#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "inference/results/write_results.h"
#include "tests/support/dicom_validators.h"
#include "tests/support/synthetic_results.h"
#include "tests/support/temp_dir.h"

/// Every kind of result, judged by programs that share no code with Axial: dicom3tools for
/// attributes and composite context, pydicom and numpy for the pixels.
namespace axial::testing {
namespace {

constexpr const char* kPython = "/usr/bin/python3";  // Debian's, which has python3-pydicom

ResultOptions Options() {
  return {.model_digest = "digest",
          .gateway_version = "0.1.0",
          .now = FromMicros(1'767'225'600'000'000)};
}

/// Writes the label map and what each frame is, for check_seg.py.
std::string WriteTruth(const Findings& findings, const TempDir& folder) {
  std::ofstream labels(folder.File("labels.raw"), std::ios::binary);
  labels.write(reinterpret_cast<const char*>(findings.label_map->labels.data()),
               static_cast<std::streamsize>(findings.label_map->labels.size()));
  std::ofstream frames(folder.File("frames.txt"));
  frames << findings.source.rows << " " << findings.source.columns << "\n";
  for (const SegmentFinding& segment : findings.segments)
    frames << "segment " << segment.segment_number << " " << segment.spec.label << "\n";
  for (const SourceFrame& frame : findings.source.frames)
    frames << "frame " << frame.sop_instance_uid.str() << " " << frame.frame_number << " "
           << (frame.image_position_patient.empty() ? "-" : frame.image_position_patient) << "\n";
  return folder.path();
}

class ResultsConformance : public ::testing::Test {
 protected:
  /// Writes the results and lets every independent reader judge them.
  void Judge(const Findings& findings, const config::ModelCard& card,
             std::size_t expected_artifacts) {
    const auto written = WriteResults(findings, card, Options(), out_.path());
    ASSERT_TRUE(written.ok()) << written.error().ToString();
    ASSERT_EQ(written->size(), expected_artifacts);
    JudgeIod(findings, *written);
    if (expected_artifacts == 2) JudgePixels(findings);
  }

  void JudgeIod(const Findings& findings, const std::vector<protocol::Artifact>& artifacts) {
    if (!HasProgram("dciodvfy") || !HasProgram("dcentvfy"))
      GTEST_SKIP() << "NOT CHECKED: dciodvfy and dcentvfy (package dicom3tools) are not on PATH";
    std::vector<std::string> files = {findings.source.frames.front().file};
    if (findings.source.frames.back().file != files.front())
      files.push_back(findings.source.frames.back().file);
    // A source with a broken value passes it on, byte for byte; that fault is not the result's.
    const std::vector<std::string> inherited = IodErrors(files.front());
    for (const protocol::Artifact& artifact : artifacts) {
      files.push_back(out_.File(artifact.file));
      std::vector<std::string> errors = IodErrors(files.back());
      std::erase_if(errors, [&](const std::string& error) {
        return std::find(inherited.begin(), inherited.end(), error) != inherited.end();
      });
      EXPECT_EQ(errors, std::vector<std::string>()) << artifact.kind;
    }
    EXPECT_EQ(EntityErrors(files), std::vector<std::string>());
  }

  void JudgePixels(const Findings& findings) {
    int status = 0;
    static_cast<void>(RunProgram(kPython, {"-c", "import pydicom, numpy"}, &status));
    if (status != 0) GTEST_SKIP() << "NOT CHECKED: no pydicom and numpy for " << kPython;
    const std::vector<std::string> lines =
        RunProgram(kPython,
                   {AXIAL_SOURCE_DIR "/tests/conformance/check_seg.py", out_.File("seg.dcm"),
                    WriteTruth(findings, truth_)},
                   &status);
    EXPECT_EQ(status, 0) << ::testing::PrintToString(lines);
  }

  SourceSeries Source(const SyntheticSource& options) { return WriteSource(options, in_.path()); }

  TempDir in_;
  TempDir out_;
  TempDir truth_;
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

// IHE's yardstick for reports. PixelMed knows the templates and context groups of 2022, so that it
// does not know the newer code of the body region, which DCMTK's image library takes from CID 4031.
TEST_F(ResultsConformance, ReportSatisfiesPixelMed) {
  const std::string jars = "/usr/share/java/";
  if (!HasProgram("java") || !std::filesystem::exists(jars + "pixelmed.jar"))
    GTEST_SKIP() << "NOT CHECKED: no java or no pixelmed.jar (package libpixelmed-java)";
  const SourceSeries source = Source({});
  ASSERT_TRUE(
      WriteResults(LungFindings(source, LungCard()), LungCard(), Options(), out_.path()).ok());
  std::string class_path;
  for (const char* jar : {"pixelmed", "commons-codec", "commons-net", "hsqldb", "jmdns",
                          "slf4j-api", "slf4j-nop", "vecmath", "jaxb-api", "javax.json"})
    class_path += jars + jar + ".jar:";
  const std::vector<std::string> lines =
      RunProgram("java", {"-Djdk.xml.xpathTotalOpLimit=0", "-Djdk.xml.xpathExprOpLimit=0",
                          "-Djdk.xml.xpathExprGrpLimit=0", "-Xss64m", "-Xmx2g", "-cp", class_path,
                          "com.pixelmed.validate.DicomSRValidator", out_.File("sr.dcm")});
  std::vector<std::string> errors;
  bool complete = false;
  for (const std::string& line : lines) {
    complete = complete || line == "IOD validation complete";
    if (line.starts_with("Error") && line.find("context group 4031") == std::string::npos)
      errors.push_back(line);
  }
  EXPECT_EQ(errors, std::vector<std::string>());
  EXPECT_TRUE(complete) << ::testing::PrintToString(lines);
}

class ResultsConformanceCharacterSets : public ResultsConformance,
                                        public ::testing::WithParamInterface<const char*> {};

TEST_P(ResultsConformanceCharacterSets, KeepThePatientsNameAsItIs) {
  const std::filesystem::path file =
      std::filesystem::path(AXIAL_SOURCE_DIR "/../shared/data") / GetParam();
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "NOT CHECKED: no " << file;
  const SourceSeries source = WriteSourceLike(file, {}, in_.path());
  Judge(LungFindings(source, LungCard()), LungCard(), 2);
}

INSTANTIATE_TEST_SUITE_P(RealNames, ResultsConformanceCharacterSets,
                         ::testing::Values("charset-a/chrFren.dcm", "charset-a/chrFrenMulti.dcm",
                                           "charset-a/chrGreek.dcm", "charset-a/chrH31.dcm",
                                           "charset-a/chrI2.dcm",
                                           "charset-a/chrJapMultiExplicitIR6.dcm",
                                           "charset-a/chrRuss.dcm", "charset-a/chrSQEncoding.dcm",
                                           "charset-a/chrX1.dcm", "charset-a/chrX2.dcm",
                                           "charset-gb18030/GH1301.dcm"));

}  // namespace
}  // namespace axial::testing
