#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "inference/results/write_results.h"
#include "tests/support/synthetic_results.h"
#include "tests/support/temp_dir.h"

namespace axial::testing {
namespace {

class KeyObjectsTest : public ::testing::Test {
 protected:
  /// The Instances that the selection names, with frame numbers; empty when there is none.
  std::vector<std::string> Selected(const Findings& findings, const config::ModelCard& card) {
    ResultOptions options{.model_digest = "digest", .gateway_version = "0.1.0", .now = {}};
    options.profiles.front().also = {config::ExtraResult::kKeyObjects,
                                     config::ExtraResult::kSecondaryCapture};
    const auto written = WriteResults(findings, card, options, out_.path());
    EXPECT_TRUE(written.ok());
    if (!written.ok()) return {written.error().ToString()};
    captures_ = static_cast<std::size_t>(
        std::count_if(written->begin(), written->end(),
                      [](const auto& one) { return one.kind == "secondary_capture"; }));
    if (written->back().kind != "key_objects") return {};
    uid_ = written->back().sop_instance_uid;
    DcmFileFormat file;
    EXPECT_TRUE(file.loadFile(out_.File("key_objects.dcm").c_str()).good());
    std::vector<std::string> selected;
    DcmSequenceOfItems* content = nullptr;
    file.getDataset()->findAndGetSequence(DCM_ContentSequence, content);
    for (unsigned long i = 0; i < content->card(); ++i) {
      DcmItem* reference = nullptr;
      if (content->getItem(i)
              ->findAndGetSequenceItem(DCM_ReferencedSOPSequence, reference, 0, OFFalse)
              .bad())
        continue;
      OFString uid;
      OFString frame;
      reference->findAndGetOFString(DCM_ReferencedSOPInstanceUID, uid);
      reference->findAndGetOFStringArray(DCM_ReferencedFrameNumber, frame);
      selected.push_back(std::string(uid.c_str()) + "#" + frame.c_str());
    }
    return selected;
  }

  std::size_t captures_ = 0;
  std::string uid_;
  TempDir in_;
  TempDir out_;
};

TEST_F(KeyObjectsTest, NameTheImagesThatTheSecondaryCaptureShows) {
  const SourceSeries source = WriteSource({.slices = 40}, in_.path());
  const std::vector<std::string> selected = Selected(LungFindings(source, LungCard()), LungCard());
  EXPECT_EQ(selected.size(), captures_);
  EXPECT_GE(selected.size(), 9u);
  EXPECT_LE(selected.size(), 12u);
}

TEST_F(KeyObjectsTest, NameFramesOfMultiFrameImages) {
  const SourceSeries source = WriteSource({.slices = 3, .multi_frame = true}, in_.path());
  const std::string uid = source.frames.front().sop_instance_uid.str();
  EXPECT_EQ(Selected(LungFindings(source, LungCard()), LungCard()),
            (std::vector<std::string>{uid + "#1", uid + "#2", uid + "#3"}));
}

TEST_F(KeyObjectsTest, NameTheImageThatAnAnswerIsAbout) {
  const SourceSeries source =
      WriteSource({.modality = "DX", .slices = 3, .frame_of_reference = false}, in_.path());
  EXPECT_EQ(Selected(PositionFindings(source, PositionCard(), 1), PositionCard()),
            std::vector<std::string>{source.frames[1].sop_instance_uid.str() + "#"});
}

// Nothing is of interest then: a selection would say otherwise.
TEST_F(KeyObjectsTest, AreNotWrittenWhenNothingPointsToAnImage) {
  const SourceSeries source = WriteSource({}, in_.path());
  EXPECT_TRUE(Selected(EmptyFindings(source), LungCard()).empty());
  EXPECT_TRUE(Selected(PositionFindings(source, PositionCard(), -1), PositionCard()).empty());
}

TEST_F(KeyObjectsTest, AreTheSameObjectWhenMadeAgain) {
  const Findings findings = LungFindings(WriteSource({}, in_.path()), LungCard());
  ASSERT_FALSE(Selected(findings, LungCard()).empty());
  const std::string first = uid_;
  ASSERT_FALSE(Selected(findings, LungCard()).empty());
  EXPECT_EQ(uid_, first);
}

}  // namespace
}  // namespace axial::testing
