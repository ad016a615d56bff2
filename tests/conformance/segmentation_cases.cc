#include "tests/conformance/segmentation_cases.h"

#include <ostream>

namespace axial::testing {
namespace {

using Wish = config::ResultProfile::Segmentation;

config::ResultProfile Profile(Wish segmentation, bool keep_empty_frames, bool rle) {
  config::ResultProfile profile;
  profile.segmentation = segmentation;
  profile.keep_empty_frames = keep_empty_frames;
  profile.rle = rle;
  return profile;
}

}  // namespace

const std::vector<SegmentationForm>& EverySegmentationForm() {
  static const std::vector<SegmentationForm> forms = {
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

std::vector<SegmentationCase> EverySegmentationCase() {
  const SyntheticSource size = {.slices = 5};
  const auto sized = [&](int rows, int columns) {
    SyntheticSource source = size;
    source.rows = rows;
    source.columns = columns;
    return source;
  };
  std::vector<SegmentationCase> cases;
  for (const SegmentationForm& form : EverySegmentationForm()) {
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

void PrintTo(const SegmentationForm& form, std::ostream* stream) { *stream << form.name; }

void PrintTo(const SegmentationCase& one, std::ostream* stream) {
  *stream << one.form.name << one.name;
}

}  // namespace axial::testing
