#include <gtest/gtest.h>

#include "tests/conformance/real_source.h"
#include "tests/conformance/results_judge.h"
#include "tests/support/dicom_validators.h"
#include "tests/support/random_findings.h"
#include "tests/support/shared_data.h"
#include "tests/support/synthetic_results.h"

/// RT Structure Sets of every kind of stack, filled again by numpy and by plastimatch, which knows
/// them from treatment planning.
namespace axial::testing {
namespace {

class RtStructureSetConformance : public ResultsJudge {
 protected:
  void JudgeStructureSet(const Findings& findings, const config::ModelCard& card) {
    ResultOptions options = Options();
    options.profiles.front().also = {config::ExtraResult::kRtStructureSet};
    const auto written = WriteResults(findings, card, options, out_.path());
    ASSERT_TRUE(written.ok()) << written.error().ToString();
    ASSERT_EQ(written->size(), 3u);
    JudgeIod(findings, *written);
    JudgeContours(findings);
  }

  SourceSeries Source(const SyntheticSource& options) { return WriteSource(options, in_.path()); }
};

const std::vector<SyntheticSource>& Sources() {
  static const std::vector<SyntheticSource> sources = {
      {.rows = 64, .columns = 96},
      {.slices = 5, .rows = 101, .columns = 103},
      {.slices = 28,
       .rows = 64,
       .columns = 64,
       .orientation = "1\\0\\0\\0\\0.965926\\-0.258819",
       .step_mm = {0, 0, 2.5}},
      {.modality = "MR",
       .rows = 64,
       .columns = 96,
       .orientation = "0.8\\0.6\\0\\0\\0\\-1",
       .step_mm = {-1.8, 2.4, 0}},
      {.slices = 6, .rows = 64, .columns = 96, .multi_frame = true}};
  return sources;
}

class RtStructureSetsOfStacks : public RtStructureSetConformance,
                                public ::testing::WithParamInterface<std::size_t> {};

TEST_P(RtStructureSetsOfStacks, GiveShellsAndIslandsBack) {
  JudgeStructureSet(DrawnFindings(Source(Sources()[GetParam()]), LungCard()), LungCard());
}

TEST_P(RtStructureSetsOfStacks, GiveRaggedSegmentsBack) {
  const config::ModelCard card = CardWithSegments(3);
  JudgeStructureSet(MakeRandomFindings(Source(Sources()[GetParam()]), card, {}), card);
}

INSTANTIATE_TEST_SUITE_P(Synthetic, RtStructureSetsOfStacks,
                         ::testing::Range(std::size_t{0}, Sources().size()));

TEST_F(RtStructureSetConformance, HoldsOverlappingSegments) {
  const config::ModelCard card = CardWithSegments(5);
  JudgeStructureSet(MakeRandomFindings(Source({.rows = 33, .columns = 35}), card,
                                       {.segments = 5, .overlap = true}),
                    card);
}

TEST_F(RtStructureSetConformance, Holds300Segments) {
  const config::ModelCard card = CardWithSegments(300);
  JudgeStructureSet(
      MakeRandomFindings(Source({.rows = 101, .columns = 103}), card, {.segments = 300}), card);
}

class RtStructureSetsOfRealStacks : public RtStructureSetConformance,
                                    public ::testing::WithParamInterface<RealSource> {};

TEST_P(RtStructureSetsOfRealStacks, GiveShellsAndIslandsBack) {
  const std::string folder = OpenSharedItem(GetParam().item, in_);
  if (folder.empty()) GTEST_SKIP() << "NOT CHECKED: no sample data " << GetParam().item;
  const auto source = LoadRealSource(GetParam(), folder);
  ASSERT_TRUE(source);
  JudgeStructureSet(DrawnFindings(*source, LungCard()), LungCard());
}

// Whole stacks: a tilted gantry (sheared), and sagittal MR.
INSTANTIATE_TEST_SUITE_P(Items, RtStructureSetsOfRealStacks,
                         ::testing::Values(RealSource{"ct-head-philips-tilt-study", true},
                                           RealSource{"mr-t1-siemens-skyra", true}),
                         [](const auto& test) { return NameOf(test.param); });

}  // namespace
}  // namespace axial::testing
