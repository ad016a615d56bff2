#include <gtest/gtest.h>

#include "tests/conformance/results_judge.h"
#include "tests/support/synthetic_results.h"

/// RT Structure Sets of every kind of stack, filled again by numpy.
namespace axial::testing {
namespace {

class RtStructureSetConformance : public ResultsJudge,
                                  public ::testing::WithParamInterface<SyntheticSource> {};

TEST_P(RtStructureSetConformance, ContoursGiveTheMasksBack) {
  const SourceSeries source = WriteSource(GetParam(), in_.path());
  const Findings findings = LungFindings(source, LungCard());
  ResultOptions options = Options();
  options.profiles.front().also = {config::ExtraResult::kRtStructureSet};
  const auto written = WriteResults(findings, LungCard(), options, out_.path());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  ASSERT_EQ(written->size(), 3u);
  JudgeIod(findings, *written);
  JudgeContours(findings);
}

INSTANTIATE_TEST_SUITE_P(
    Stacks, RtStructureSetConformance,
    ::testing::Values(SyntheticSource{}, SyntheticSource{.slices = 5, .rows = 101, .columns = 103},
                      SyntheticSource{.slices = 28,
                                      .orientation = "1\\0\\0\\0\\0.965926\\-0.258819",
                                      .step_mm = {0, 0, 2.5}},
                      SyntheticSource{.modality = "MR",
                                      .orientation = "0.8\\0.6\\0\\0\\0\\-1",
                                      .step_mm = {-1.8, 2.4, 0}},
                      SyntheticSource{.slices = 6, .multi_frame = true}));

}  // namespace
}  // namespace axial::testing
