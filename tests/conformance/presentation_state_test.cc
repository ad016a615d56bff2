#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/conformance/results_judge.h"
#include "tests/support/dicom_validators.h"
#include "tests/support/synthetic_results.h"

/// Presentation states of every kind of source: judged by dicom3tools and DCMTK's dcmpschk,
/// rendered by DCMTK's dcmp2pgm, their outlines filled again by numpy.
namespace axial::testing {
namespace {

struct Look {
  const char* name;
  SyntheticSource source;
  const char* photometric = "MONOCHROME2";
  double slope = 1;
  double intercept = 0;
  bool windows_differ = false;
  bool slopes_differ = false;
};
void PrintTo(const Look& look, std::ostream* stream) { *stream << look.name; }

/// Gives an image values from 0 to 999 and the way to look at them.
void Dress(const Look& look, int number, const std::string& path) {
  DcmFileFormat file;
  ASSERT_TRUE(file.loadFile(path.c_str()).good());
  ASSERT_TRUE(file.loadAllDataIntoMemory().good());
  DcmDataset& image = *file.getDataset();
  const Uint16* pixels = nullptr;
  unsigned long count = 0;
  ASSERT_TRUE(image.findAndGetUint16Array(DCM_PixelData, pixels, &count).good());
  std::vector<Uint16> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<Uint16>(i * 37 % 1000);
  image.putAndInsertUint16Array(DCM_PixelData, values.data(), count);
  image.putAndInsertString(DCM_PhotometricInterpretation, look.photometric);
  const double slope = look.slope * (look.slopes_differ ? 1 + number : 1);
  const double centre = 500 * slope + look.intercept + (look.windows_differ ? 20 * number : 0);
  const auto put = [&](const DcmTagKey& tag, double value) {
    image.putAndInsertString(tag, fmt::format("{}", value).c_str());
  };
  put(DCM_RescaleSlope, slope);
  put(DCM_RescaleIntercept, look.intercept);
  put(DCM_WindowCenter, centre);
  put(DCM_WindowWidth, 800 * slope);
  ASSERT_TRUE(file.saveFile(path.c_str(), EXS_LittleEndianExplicit).good());
}

class PresentationStateConformance : public ResultsJudge,
                                     public ::testing::WithParamInterface<Look> {};

TEST_P(PresentationStateConformance, ShowsTheImagesAsTheyAreAndTheSegmentsWhereTheyAre) {
  const SourceSeries source = WriteSource(GetParam().source, in_.path());
  std::vector<std::string> files;
  for (const SourceFrame& frame : source.frames)
    if (files.empty() || files.back() != frame.file) files.push_back(frame.file);
  for (std::size_t i = 0; i < files.size(); ++i) Dress(GetParam(), static_cast<int>(i), files[i]);
  const Findings findings = LungFindings(source, LungCard());
  ResultOptions options = Options();
  options.profiles.front().also = {config::ExtraResult::kPresentationState};
  const auto written = WriteResults(findings, LungCard(), options, out_.path());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  ASSERT_EQ(written->back().kind, "presentation_state");
  JudgeIod(findings, *written);
  JudgePresentation(findings, files);
}

INSTANTIATE_TEST_SUITE_P(
    Sources, PresentationStateConformance,
    ::testing::Values(
        Look{.name = "CtWithRescale", .source = {}, .intercept = -1024},
        Look{.name = "RescaleWithSlope", .source = {}, .slope = 2.5, .intercept = -100},
        Look{.name = "WindowOfEachImage", .source = {.slices = 5}, .windows_differ = true},
        Look{.name = "SlopeOfEachImage", .source = {.slices = 5}, .slopes_differ = true},
        Look{.name = "TiltedCt",
             .source = {.slices = 6,
                        .orientation = "1\\0\\0\\0\\0.965926\\-0.258819",
                        .step_mm = {0, 0, 2.5}}},
        Look{
            .name = "SagittalMr",
            .source = {.modality = "MR", .orientation = "0\\1\\0\\0\\0\\-1", .step_mm = {3, 0, 0}}},
        Look{.name = "DxWithoutFrameOfReference",
             .source = {.modality = "DX",
                        .slices = 1,
                        .rows = 61,
                        .columns = 53,
                        .frame_of_reference = false}},
        Look{.name = "DxInverted",
             .source = {.modality = "DX", .slices = 2, .frame_of_reference = false},
             .photometric = "MONOCHROME1"},
        Look{.name = "MultiFrame", .source = {.slices = 6, .multi_frame = true}}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace axial::testing
