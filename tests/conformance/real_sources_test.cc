#include "tests/conformance/real_source.h"

#include "tests/conformance/results_judge.h"
#include "tests/support/shared_data.h"
#include "tests/support/synthetic_results.h"

/// Results on what real machines sent: their patient modules, character sets, geometry text,
/// multi-frame groups and faults.
namespace axial::testing {
namespace {

class ResultsOnRealSources : public ResultsJudge,
                             public ::testing::WithParamInterface<RealSource> {};

TEST_P(ResultsOnRealSources, AreJudgedGood) {
  const std::string folder = OpenSharedItem(GetParam().item, in_);
  if (folder.empty()) GTEST_SKIP() << "NOT CHECKED: no sample data " << GetParam().item;
  const auto source = LoadRealSource(GetParam(), folder);
  ASSERT_TRUE(source);
  Judge(LungFindings(*source, LungCard()), LungCard(), 2);
}

/// Whole, as they come from the scanner.
INSTANTIATE_TEST_SUITE_P(Items, ResultsOnRealSources,
                         ::testing::Values(RealSource{"mr-t1-siemens-skyra", true},
                                           RealSource{"mr-t1-uih-umr770", true},
                                           RealSource{"cr-wg04-rg2", false, 1, "/JLSN/"}),
                         [](const auto& test) { return NameOf(test.param); });

/// Every kind, in every form of Segmentation, of shapes with holes.
class EveryKindOnRealSources : public ResultsOnRealSources {};

TEST_P(EveryKindOnRealSources, IsJudgedGood) {
  const std::string folder = OpenSharedItem(GetParam().item, in_);
  if (folder.empty()) GTEST_SKIP() << "NOT CHECKED: no sample data " << GetParam().item;
  const auto source = LoadRealSource(GetParam(), folder);
  ASSERT_TRUE(source);
  JudgeEveryKind(DrawnFindings(*source, LungCard()), LungCard());
  if (!GetParam().volume)  // an answer, without segments
    JudgeEveryKind(PositionFindings(*source, PositionCard(), 0), PositionCard());
}

INSTANTIATE_TEST_SUITE_P(
    Items, EveryKindOnRealSources,
    ::testing::Values(
        RealSource{"ct-head-philips-5mm-study", true, 12},
        RealSource{"ct-head-philips-tilt-study", true, 12},  // a sheared stack
        RealSource{"ct-ge-tilt-hu", true}, RealSource{"ct-enhanced", true},
        RealSource{"mr-t1-siemens-skyra", true, 6},  // sagittal
        RealSource{"mr-t1-uih-umr770", true, 6},     // oblique, UTF-8
        RealSource{"mr-small-vendors", true, 4, "/ge/"},
        RealSource{"mr-small-vendors", true, 4, "/philips/"},
        RealSource{"mr-small-vendors", true, 4, "/hitachi/"},  // ISO 2022 IR 87
        RealSource{"mr-enhanced-small", true, 1, "/anatomical/"}, RealSource{"pt-ge", true},
        RealSource{"dx-highdicom"}, RealSource{"mg-siemens"}, RealSource{"cr-mono1-nopreamble"},
        RealSource{"us-toshiba-rgb"}, RealSource{"us-cine-and-palette", false, 1, "/examples_ybr"},
        RealSource{"us-cine-and-palette", false, 1, "/examples_palette"}, RealSource{"us-rle-ybr"}),
    [](const auto& test) { return NameOf(test.param); });

}  // namespace
}  // namespace axial::testing
