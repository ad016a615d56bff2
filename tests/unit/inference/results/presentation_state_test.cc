#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

#include "inference/results/write_results.h"
#include "tests/support/synthetic_results.h"
#include "tests/support/synthetic_series.h"
#include "tests/support/temp_dir.h"

namespace axial::testing {
namespace {

class PresentationStateTest : public ::testing::Test {
 protected:
  /// False when none was written.
  bool Write(const Findings& findings) {
    ResultOptions options{.model_digest = "digest", .gateway_version = "0.1.0", .now = {}};
    options.profiles.front().also = {config::ExtraResult::kPresentationState};
    const auto written = WriteResults(findings, LungCard(), options, out_.path());
    EXPECT_TRUE(written.ok()) << (written.ok() ? "" : written.error().ToString());
    if (!written.ok() || written->back().kind != "presentation_state") return false;
    uid_ = written->back().sop_instance_uid;
    EXPECT_TRUE(file_.loadFile(out_.File("presentation_state.dcm").c_str()).good());
    return true;
  }

  /// A value in the data set; or in the item `index` of `sequence`.
  std::string Value(const DcmTagKey& tag) { return Text(*file_.getDataset(), tag); }
  std::string Value(const DcmTagKey& sequence, int index, const DcmTagKey& tag) {
    DcmItem* item = nullptr;
    if (file_.getDataset()->findAndGetSequenceItem(sequence, item, index).bad()) return "no item";
    return Text(*item, tag);
  }
  unsigned long Count(const DcmTagKey& sequence, DcmItem* item = nullptr) {
    DcmSequenceOfItems* items = nullptr;
    if (item == nullptr) item = file_.getDataset();
    return item->findAndGetSequence(sequence, items).good() ? items->card() : 0;
  }
  DcmItem* Series() {
    DcmItem* series = nullptr;
    EXPECT_TRUE(
        file_.getDataset()->findAndGetSequenceItem(DCM_ReferencedSeriesSequence, series).good());
    return series;
  }

  static std::string Text(DcmItem& item, const DcmTagKey& tag) {
    OFString text;
    item.findAndGetOFStringArray(tag, text);
    return text.c_str();
  }

  DcmFileFormat file_;
  std::string uid_;
  TempDir in_;
  TempDir out_;
};

TEST_F(PresentationStateTest, HasALayerInItsColourForEachSegment) {
  ASSERT_TRUE(Write(LungFindings(WriteSource({}, in_.path()), LungCard())));
  EXPECT_EQ(Count(DCM_GraphicLayerSequence), 3u);
  EXPECT_EQ(Value(DCM_GraphicLayerSequence, 1, DCM_GraphicLayer), "SEGMENT_2");
  EXPECT_EQ(Value(DCM_GraphicLayerSequence, 1, DCM_GraphicLayerDescription), "Right lung");
  EXPECT_EQ(Value(DCM_GraphicLayerSequence, 2, DCM_GraphicLayer), "AI_NOTICE");
  EXPECT_EQ(Value(DCM_DisplayedAreaSelectionSequence, 0, DCM_DisplayedAreaBottomRightHandCorner),
            "24\\16");
  EXPECT_EQ(Value(DCM_DisplayedAreaSelectionSequence, 0, DCM_PresentationPixelSpacing),
            "0.7500\\0.50");
}

TEST_F(PresentationStateTest, RepeatsRescaleAndWindowsOfTheImages) {
  const SourceSeries source = WriteSource({}, in_.path());
  for (const SourceFrame& frame : source.frames) {
    EditFile(frame.file, "RescaleSlope", "2.0");
    EditFile(frame.file, "RescaleIntercept", "-1024");
    EditFile(frame.file, "WindowCenter", &frame == &source.frames[2] ? "40" : "-600\\40");
    EditFile(frame.file, "WindowWidth", &frame == &source.frames[2] ? "400" : "1500\\400");
  }
  ASSERT_TRUE(Write(LungFindings(source, LungCard())));
  EXPECT_EQ(Value(DCM_RescaleSlope), "2.0");
  EXPECT_EQ(Value(DCM_RescaleIntercept), "-1024");
  EXPECT_EQ(Value(DCM_RescaleType), "HU");
  EXPECT_EQ(Value(DCM_PresentationLUTShape), "IDENTITY");
  ASSERT_EQ(Count(DCM_SoftcopyVOILUTSequence), 2u);
  DcmItem* voi = nullptr;
  file_.getDataset()->findAndGetSequenceItem(DCM_SoftcopyVOILUTSequence, voi, 0);
  EXPECT_EQ(Text(*voi, DCM_WindowCenter), "-600");
  EXPECT_EQ(Count(DCM_ReferencedImageSequence, voi), 3u);
}

// One state has one Modality LUT: windows of the same greys in stored values instead.
TEST_F(PresentationStateTest, SaysWindowsInStoredValuesWhenSlopesDiffer) {
  const SourceSeries source = WriteSource({.modality = "MR", .slices = 2}, in_.path());
  for (std::size_t i = 0; i < 2; ++i) {
    EditFile(source.frames[i].file, "RescaleSlope", i == 0 ? "1" : "2");
    EditFile(source.frames[i].file, "RescaleIntercept", "0");
    EditFile(source.frames[i].file, "WindowCenter", "100.5");
    EditFile(source.frames[i].file, "WindowWidth", "201");
  }
  ASSERT_TRUE(Write(LungFindings(source, LungCard())));
  EXPECT_EQ(Value(DCM_RescaleSlope), "");
  ASSERT_EQ(Count(DCM_SoftcopyVOILUTSequence), 2u);
  EXPECT_EQ(Value(DCM_SoftcopyVOILUTSequence, 0, DCM_WindowCenter), "100.5");
  EXPECT_EQ(Value(DCM_SoftcopyVOILUTSequence, 1, DCM_WindowCenter), "50.5");
  EXPECT_EQ(Value(DCM_SoftcopyVOILUTSequence, 1, DCM_WindowWidth), "101");
}

TEST_F(PresentationStateTest, LeavesOutColourAndOtherPolarity) {
  const SourceSeries source =
      WriteSource({.modality = "DX", .slices = 3, .frame_of_reference = false}, in_.path());
  EditFile(source.frames[1].file, "PhotometricInterpretation", "PALETTE COLOR");
  EditFile(source.frames[2].file, "PhotometricInterpretation", "MONOCHROME1");
  EditFile(source.frames[0].file, "ImagerPixelSpacing", "0.2\\0.1");
  ASSERT_TRUE(Write(LungFindings(source, LungCard())));
  EXPECT_EQ(Count(DCM_ReferencedImageSequence, Series()), 1u);
  EXPECT_EQ(Value(DCM_PresentationLUTShape), "IDENTITY");
  EXPECT_EQ(Value(DCM_DisplayedAreaSelectionSequence, 0, DCM_PresentationPixelAspectRatio),
            "200000\\100000");
  for (const SourceFrame& frame : source.frames)
    EditFile(frame.file, "PhotometricInterpretation", "PALETTE COLOR");
  EXPECT_FALSE(Write(LungFindings(source, LungCard())));
}

TEST_F(PresentationStateTest, IsNotWrittenWhenNothingIsFound) {
  EXPECT_FALSE(Write(EmptyFindings(WriteSource({}, in_.path()))));
}

TEST_F(PresentationStateTest, NamesFramesOfMultiFrameImages) {
  ASSERT_TRUE(
      Write(LungFindings(WriteSource({.slices = 3, .multi_frame = true}, in_.path()), LungCard())));
  DcmItem* image = nullptr;
  ASSERT_TRUE(Series()->findAndGetSequenceItem(DCM_ReferencedImageSequence, image).good());
  EXPECT_FALSE(image->tagExists(DCM_ReferencedFrameNumber));  // all of them
  DcmItem* annotation = nullptr;
  ASSERT_TRUE(file_.getDataset()
                  ->findAndGetSequenceItem(DCM_GraphicAnnotationSequence, annotation, 2)
                  .good());
  ASSERT_TRUE(annotation->findAndGetSequenceItem(DCM_ReferencedImageSequence, image).good());
  EXPECT_EQ(Text(*image, DCM_ReferencedFrameNumber), "2");
}

TEST_F(PresentationStateTest, IsTheSameObjectWhenMadeAgain) {
  const Findings findings = LungFindings(WriteSource({}, in_.path()), LungCard());
  ASSERT_TRUE(Write(findings));
  const std::string first = uid_;
  ASSERT_TRUE(Write(findings));
  EXPECT_EQ(uid_, first);
}

}  // namespace
}  // namespace axial::testing
