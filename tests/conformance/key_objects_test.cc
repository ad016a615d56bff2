#include <gtest/gtest.h>

#include <algorithm>

#include "tests/conformance/results_judge.h"
#include "tests/support/dicom_validators.h"
#include "tests/support/synthetic_results.h"

/// Key Object Selections, judged by dicom3tools and PixelMed and read by DCMTK's dsrdump.
namespace axial::testing {
namespace {

class KeyObjectsConformance : public ResultsJudge,
                              public ::testing::WithParamInterface<SyntheticSource> {
 protected:
  void Write(const Findings& findings, const config::ModelCard& card) {
    ResultOptions options = Options();
    options.profiles.front().also = {config::ExtraResult::kKeyObjects};
    const auto written = WriteResults(findings, card, options, out_.path());
    ASSERT_TRUE(written.ok()) << written.error().ToString();
    ASSERT_EQ(written->back().kind, "key_objects");
    JudgeIod(findings, *written);
  }

  std::string Dump() {
    std::string dump;
    for (const std::string& line :
         RunProgram("dsrdump", {"+Pu", "+Pc", "+Pl", out_.File("key_objects.dcm")}))
      dump += line + "\n";
    return dump;
  }
};

TEST_P(KeyObjectsConformance, AreJudgedGoodAndReadByOthers) {
  const SourceSeries source = WriteSource(GetParam(), in_.path());
  Write(LungFindings(source, LungCard()), LungCard());
  const std::string dump = Dump();
  for (const char* said : {"113000,DCM,\"Of Interest\"", "Left lung", "Right lung", "Axial Lungs",
                           "For demonstration, not for diagnosis", "chosen by"})
    EXPECT_NE(dump.find(said), std::string::npos) << said << "\n" << dump;
  for (const SourceFrame& frame : source.frames)
    EXPECT_NE(dump.find(frame.sop_instance_uid.str()), std::string::npos) << dump;
}

INSTANTIATE_TEST_SUITE_P(
    Sources, KeyObjectsConformance,
    ::testing::Values(SyntheticSource{},
                      SyntheticSource{.modality = "DX", .slices = 2, .frame_of_reference = false},
                      SyntheticSource{.slices = 6, .multi_frame = true}));

using KeyObjectsOfAnswers = KeyObjectsConformance;

TEST_F(KeyObjectsOfAnswers, SayTheAnswer) {
  const SourceSeries source =
      WriteSource({.modality = "DX", .slices = 3, .frame_of_reference = false}, in_.path());
  Write(PositionFindings(source, PositionCard(), 1), PositionCard());
  const std::string dump = Dump();
  EXPECT_NE(dump.find("antero-posterior (97 %), image 2"), std::string::npos) << dump;
  EXPECT_EQ(dump.find(source.frames[0].sop_instance_uid.str()), std::string::npos) << dump;
  JudgeTemplate("key_objects.dcm");
}

}  // namespace
}  // namespace axial::testing
