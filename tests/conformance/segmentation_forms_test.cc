#include <gtest/gtest.h>

#include "inference/volume/load_series.h"
#include "tests/conformance/results_judge.h"
#include "tests/support/random_findings.h"
#include "tests/support/shared_data.h"
#include "tests/support/synthetic_results.h"

/// Every form a Segmentation can have, on sources of every shape, read by pydicom.
namespace axial::testing {
namespace {

using Wish = config::ResultProfile::Segmentation;

struct Form {
  const char* name;
  config::ResultProfile profile;
  bool probabilities = false;
};

config::ResultProfile Profile(Wish segmentation, bool keep_empty_frames, bool rle) {
  config::ResultProfile profile;
  profile.segmentation = segmentation;
  profile.keep_empty_frames = keep_empty_frames;
  profile.rle = rle;
  return profile;
}

const std::vector<Form>& Forms() {
  static const std::vector<Form> forms = {
      {"Binary", Profile(Wish::kBinary, false, false)},
      {"BinaryAll", Profile(Wish::kBinary, true, false)},
      {"Labelmap", Profile(Wish::kLabelmap, false, false)},
      {"LabelmapAllRle", Profile(Wish::kLabelmap, true, true)},
      {"Fractional", Profile(Wish::kFractional, false, false)},
      {"FractionalRle", Profile(Wish::kFractional, false, true)},
      {"Probability", Profile(Wish::kFractional, false, false), true},
      {"ProbabilityAllRle", Profile(Wish::kFractional, true, true), true},
  };
  return forms;
}

struct Case {
  Form form;
  const char* name;
  SyntheticSource source;
  RandomFindings findings;
};
void PrintTo(const Case& one, std::ostream* stream) { *stream << one.form.name << one.name; }

std::vector<Case> Cases() {
  const SyntheticSource size = {.slices = 5};
  const auto sized = [&](int rows, int columns) {
    SyntheticSource source = size;
    source.rows = rows;
    source.columns = columns;
    return source;
  };
  std::vector<Case> cases;
  for (const Form& form : Forms()) {
    const auto add = [&](const char* name, const SyntheticSource& source,
                         const RandomFindings& findings) {
      cases.push_back({form, name, source, findings});
      cases.back().findings.probabilities = form.probabilities;
    };
    // An odd number of pixels in a frame, and an even one.
    add("101x101", sized(101, 101), {});
    add("102x103", sized(102, 103), {});
    if (form.profile.segmentation == Wish::kBinary) {
      // Only bits are packed over the ends of frames: every rest but 0 when divided by 8.
      add("101x103", sized(101, 103), {});
      add("102x102", sized(102, 102), {});
      add("101x105", sized(101, 105), {});
      add("102x101", sized(102, 101), {});
      add("103x105", sized(103, 105), {});
    }
    add("Wide", sized(7, 300), {.segments = 2});
    SyntheticSource one = sized(33, 35);
    one.slices = 1;
    add("OneSlice", one, {});
    add("OneSegment", sized(33, 35), {.segments = 1});
    add("Overlap", sized(33, 35), {.segments = 5, .overlap = true});
    SyntheticSource multi_frame = sized(33, 35);
    multi_frame.multi_frame = true;
    add("MultiFrame", multi_frame, {});
    SyntheticSource radiographs = sized(33, 35);
    radiographs.modality = "DX";
    radiographs.slices = 2;
    radiographs.frame_of_reference = false;
    add("Radiographs", radiographs, {.segments = 2, .overlap = true});
    SyntheticSource tilted = sized(33, 35);
    tilted.orientation = "1\\0\\0\\0\\0.965926\\-0.258819";
    add("Tilted", tilted, {});
    SyntheticSource many = sized(101, 103);
    many.slices = 3;
    add("300Segments", many, {.segments = 300});
  }
  return cases;
}

class SegmentationForms : public ResultsJudge, public ::testing::WithParamInterface<Case> {};

TEST_P(SegmentationForms, HoldExactlyWhatWasFound) {
  const SourceSeries source = WriteSource(GetParam().source, in_.path());
  const config::ModelCard card = CardWithSegments(GetParam().findings.segments);
  Judge(MakeRandomFindings(source, card, GetParam().findings), card, 2, GetParam().form.profile);
}

INSTANTIATE_TEST_SUITE_P(All, SegmentationForms, ::testing::ValuesIn(Cases()),
                         [](const ::testing::TestParamInfo<Case>& one) {
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
  for (const Form& form : Forms()) {
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
