#include "inference/results/check_rt_structure_set.h"
#include "inference/results/written_object.h"
#include "tests/unit/inference/results/picture_faults.h"

namespace axial::results::pictures {
namespace {

/// The first contour of the first ROI.
std::function<void(DcmDataset&)> SetInContour(const DcmTagKey& tag, const char* value) {
  return [=](DcmDataset& dataset) {
    DcmItem* roi = nullptr;
    DcmItem* contour = nullptr;
    ASSERT_TRUE(dataset.findAndGetSequenceItem(DCM_ROIContourSequence, roi).good());
    ASSERT_TRUE(roi->findAndGetSequenceItem(DCM_ContourSequence, contour).good());
    ASSERT_TRUE(contour->putAndInsertString(tag, value).good());
  };
}

/// Of the first ROI; several of the first frame are followed by those of others.
DcmSequenceOfItems& ContoursOf(DcmDataset& dataset) {
  DcmItem* roi = nullptr;
  DcmSequenceOfItems* contours = nullptr;
  EXPECT_TRUE(dataset.findAndGetSequenceItem(DCM_ROIContourSequence, roi).good());
  EXPECT_TRUE(roi->findAndGetSequence(DCM_ContourSequence, contours).good());
  return *contours;
}

/// Along the rows, which are the patient's x axis.
void MoveFirstContour(DcmDataset& dataset, double mm) {
  DcmItem& contour = *ContoursOf(dataset).getItem(0);
  OFString text;
  ASSERT_TRUE(contour.findAndGetOFStringArray(DCM_ContourData, text).good());
  std::vector<double> numbers = NumbersOf(text.c_str());
  std::string moved;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) moved += '\\';
    moved += FormatDecimal(numbers[i] + (i % 3 == 0 ? mm : 0));
  }
  ASSERT_TRUE(contour.putAndInsertString(DCM_ContourData, moved.c_str()).good());
}

class CheckRtStructureSetTest : public CheckPictures {};
TEST_P(CheckRtStructureSetTest, NamesTheFault) {
  ExpectNamed("rt_structure_set.dcm", CheckRtStructureSet);
}

INSTANTIATE_TEST_SUITE_P(
    Faults, CheckRtStructureSetTest,
    ::testing::Values(
        Fault{"patient", "PatientID", Set(DCM_PatientID, "OTHER")},
        Fault{"approved", "ApprovalStatus", Set(DCM_ApprovalStatus, "APPROVED")},
        Fault{"frame of reference", "FrameOfReferenceUID", Set(DCM_FrameOfReferenceUID, "1.2.3")},
        Fault{"date", "StructureSetDate", Set(DCM_StructureSetDate, "19990101")},
        Fault{"number", "ROINumber", SetInItem(DCM_StructureSetROISequence, DCM_ROINumber, "7")},
        Fault{"name", "content", SetInItem(DCM_StructureSetROISequence, DCM_ROIName, "Liver")},
        Fault{"same name", "taken",
              SetInItem(DCM_StructureSetROISequence, DCM_ROIName, "Right lung")},
        Fault{"no observation", "RTROIObservationsSequence",
              [](DcmDataset& dataset) {
                ASSERT_TRUE(dataset.findAndDeleteElement(DCM_RTROIObservationsSequence).good());
              }},
        Fault{"open", "ContourGeometricType",
              SetInContour(DCM_ContourGeometricType, "OPEN_PLANAR")},
        Fault{"count", "NumberOfContourPoints", SetInContour(DCM_NumberOfContourPoints, "5")},
        Fault{"garbage", "points", SetInContour(DCM_ContourData, "1\\2\\3\\4")},
        Fault{"out of plane", "plane",
              [](DcmDataset& dataset) {
                SetInContour(DCM_NumberOfContourPoints, "3")(dataset);
                SetInContour(DCM_ContourData, "1\\1\\900\\2\\1\\900\\1\\2\\900")(dataset);
              }},
        Fault{"a contour too few", "StructureSetDescription",
              [](DcmDataset& dataset) {
                DcmSequenceOfItems& contours = ContoursOf(dataset);
                delete contours.remove(contours.card() - 1);
              }},
        Fault{"a contour twice", "too many",
              [](DcmDataset& dataset) {
                DcmSequenceOfItems& contours = ContoursOf(dataset);
                ASSERT_TRUE(contours.insert(new DcmItem(*contours.getItem(0)), 0).good());
              }},
        Fault{"apart", "one place",
              [](DcmDataset& dataset) {
                DcmSequenceOfItems& contours = ContoursOf(dataset);
                ASSERT_TRUE(contours.append(contours.remove(0UL)).good());
              }},
        Fault{"a pixel aside", "too many",
              [](DcmDataset& dataset) { MoveFirstContour(dataset, 0.5); }},
        Fault{"far away", "leaves its frame",
              [](DcmDataset& dataset) { MoveFirstContour(dataset, 1e9); }},
        Fault{"other frame", "names no frame", [](DcmDataset& dataset) {
                DcmItem* image = nullptr;
                DcmItem* first = nullptr;
                ASSERT_TRUE(dataset.findAndGetSequenceItem(DCM_ROIContourSequence, first).good());
                ASSERT_TRUE(first->findAndGetSequenceItem(DCM_ContourSequence, first).good());
                ASSERT_TRUE(first->findAndGetSequenceItem(DCM_ContourImageSequence, image).good());
                ASSERT_TRUE(image->putAndInsertString(DCM_ReferencedSOPInstanceUID, "1.2").good());
              }}));

}  // namespace
}  // namespace axial::results::pictures
