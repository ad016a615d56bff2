#include <gtest/gtest.h>

#include <map>

#include "core/dicom/instance_header.h"
#include "inference/volume/load_series.h"
#include "tests/conformance/results_judge.h"
#include "tests/support/shared_data.h"
#include "tests/support/synthetic_results.h"

/// Results on what real machines sent: their patient modules, character sets, geometry text,
/// multi-frame groups and faults.
namespace axial::testing {
namespace {

struct RealSource {
  const char* item;
  bool volume;  ///< as a stack with segments; otherwise an answer about the images
};
void PrintTo(const RealSource& source, std::ostream* stream) { *stream << source.item; }

class ResultsOnRealSources : public ResultsJudge,
                             public ::testing::WithParamInterface<RealSource> {};

TEST_P(ResultsOnRealSources, AreJudgedGood) {
  const std::string folder = OpenSharedItem(GetParam().item, in_);
  if (folder.empty()) GTEST_SKIP() << "NOT CHECKED: no sample data " << GetParam().item;
  const std::vector<std::string> files = LargestSeries(folder);
  ASSERT_FALSE(files.empty());
  if (GetParam().volume) {
    const auto loaded = LoadVolume(files);
    ASSERT_TRUE(loaded.ok()) << loaded.error().ToString();
    Judge(LungFindings(loaded->source, LungCard()), LungCard(), 2);
  } else {
    const auto loaded = LoadImages(files);
    ASSERT_TRUE(loaded.ok()) << loaded.error().ToString();
    Judge(PositionFindings(loaded->source, PositionCard(), 0), PositionCard(), 1);
  }
}

/// Every kind, in every form of Segmentation, of shapes with holes.
class EveryKindOnRealSources : public ResultsOnRealSources {};

TEST_P(EveryKindOnRealSources, IsJudgedGood) {
  const std::string folder = OpenSharedItem(GetParam().item, in_);
  if (folder.empty()) GTEST_SKIP() << "NOT CHECKED: no sample data " << GetParam().item;
  const std::vector<std::string> files = LargestSeries(folder);
  ASSERT_FALSE(files.empty());
  if (GetParam().volume) {
    const auto loaded = LoadVolume(files);
    ASSERT_TRUE(loaded.ok()) << loaded.error().ToString();
    JudgeEveryKind(DrawnFindings(loaded->source, LungCard()), LungCard());
  } else {
    const auto loaded = LoadImages(files);
    ASSERT_TRUE(loaded.ok()) << loaded.error().ToString();
    JudgeEveryKind(PositionFindings(loaded->source, PositionCard(), 0), PositionCard());
    JudgeEveryKind(DrawnFindings(loaded->source, LungCard()), LungCard());
  }
}

INSTANTIATE_TEST_SUITE_P(Items, EveryKindOnRealSources,
                         ::testing::Values(RealSource{"ct-head-philips-5mm-study", true},
                                           RealSource{"ct-head-philips-tilt-study", true},
                                           RealSource{"dx-highdicom", false}));

INSTANTIATE_TEST_SUITE_P(
    Items, ResultsOnRealSources,
    ::testing::Values(RealSource{"ct-head-philips-5mm-study", true},
                      RealSource{"ct-head-philips-tilt-study", true},
                      RealSource{"mr-t1-siemens-skyra", true}, RealSource{"mr-t1-uih-umr770", true},
                      RealSource{"ct-enhanced", true}, RealSource{"dx-highdicom", false},
                      RealSource{"mg-siemens", false}, RealSource{"cr-wg04-rg2", false},
                      RealSource{"pt-ge", false}, RealSource{"us-toshiba-rgb", false},
                      RealSource{"us-cine-and-palette", false}));

}  // namespace
}  // namespace axial::testing
