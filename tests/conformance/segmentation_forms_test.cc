#include <gtest/gtest.h>

#include "inference/volume/load_series.h"
#include "tests/conformance/results_judge.h"
#include "tests/conformance/segmentation_cases.h"
#include "tests/support/shared_data.h"

/// Every form a Segmentation can have, on sources of every shape, read by pydicom.
namespace axial::testing {
namespace {

class SegmentationForms : public ResultsJudge,
                          public ::testing::WithParamInterface<SegmentationCase> {};

TEST_P(SegmentationForms, HoldExactlyWhatWasFound) {
  const SourceSeries source = WriteSource(GetParam().source, in_.path());
  const config::ModelCard card = CardWithSegments(GetParam().findings.segments);
  Judge(MakeRandomFindings(source, card, GetParam().findings), card, 2, GetParam().form.profile);
}

INSTANTIATE_TEST_SUITE_P(All, SegmentationForms, ::testing::ValuesIn(EverySegmentationCase()),
                         [](const ::testing::TestParamInfo<SegmentationCase>& one) {
                           return std::string(one.param.form.name) + one.param.name;
                         });

class SegmentationFormsOfRealStacks : public ResultsJudge,
                                      public ::testing::WithParamInterface<const char*> {};

TEST_P(SegmentationFormsOfRealStacks, HoldExactlyWhatWasFound) {
  const std::string folder = OpenSharedItem(GetParam(), in_);
  if (folder.empty()) GTEST_SKIP() << "NOT CHECKED: no sample data " << GetParam();
  const auto loaded = LoadVolume(FilesBelow(folder));
  ASSERT_TRUE(loaded.ok()) << loaded.error().ToString();
  const config::ModelCard card = CardWithSegments(4);
  for (const SegmentationForm& form : EverySegmentationForm()) {
    SCOPED_TRACE(form.name);
    Judge(MakeRandomFindings(loaded->source, card,
                             {.segments = 4, .probabilities = form.probabilities}),
          card, 2, form.profile);
  }
}

INSTANTIATE_TEST_SUITE_P(Items, SegmentationFormsOfRealStacks,
                         ::testing::Values("ct-ge-tilt-hu", "ct-enhanced"));

}  // namespace
}  // namespace axial::testing
