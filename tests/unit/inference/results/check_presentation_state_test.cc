#include "inference/results/presentation_state.h"
#include "tests/unit/inference/results/picture_faults.h"

namespace axial::results::pictures {
namespace {

/// The graphic annotation of the first segment on its first image; the notice is before it.
void InAnnotation(DcmDataset& dataset, const std::function<void(DcmItem&)>& apply) {
  DcmItem* annotation = nullptr;
  ASSERT_TRUE(dataset.findAndGetSequenceItem(DCM_GraphicAnnotationSequence, annotation, 1).good());
  apply(*annotation);
}

std::function<void(DcmDataset&)> SetInGraphic(const DcmTagKey& tag, const char* value) {
  return [=](DcmDataset& dataset) {
    InAnnotation(dataset, [&](DcmItem& annotation) {
      DcmItem* graphic = nullptr;
      ASSERT_TRUE(annotation.findAndGetSequenceItem(DCM_GraphicObjectSequence, graphic).good());
      ASSERT_TRUE(graphic->putAndInsertString(tag, value).good());
    });
  };
}

/// Adds to one coordinate of the first outline.
std::function<void(DcmDataset&)> MovePoints(std::size_t first, std::size_t step, float by) {
  return [=](DcmDataset& dataset) {
    InAnnotation(dataset, [&](DcmItem& annotation) {
      DcmItem* graphic = nullptr;
      ASSERT_TRUE(annotation.findAndGetSequenceItem(DCM_GraphicObjectSequence, graphic).good());
      const Float32* values = nullptr;
      unsigned long count = 0;
      ASSERT_TRUE(graphic->findAndGetFloat32Array(DCM_GraphicData, values, &count).good());
      std::vector<Float32> moved(values, values + count);
      for (std::size_t i = first; i < count; i += step) moved[i] += by;
      ASSERT_TRUE(graphic->putAndInsertFloat32Array(DCM_GraphicData, moved.data(), count).good());
    });
  };
}

class CheckPresentationStateTest : public CheckPictures {};
TEST_P(CheckPresentationStateTest, NamesTheFault) {
  ExpectNamed("presentation_state.dcm", CheckPresentationState);
}

INSTANTIATE_TEST_SUITE_P(
    Faults, CheckPresentationStateTest,
    ::testing::Values(
        Fault{"patient", "PatientID", Set(DCM_PatientID, "OTHER")},
        Fault{"date", "PresentationCreationDate", Set(DCM_PresentationCreationDate, "19990101")},
        Fault{"series", "SeriesInstanceUID",
              SetInItem(DCM_ReferencedSeriesSequence, DCM_SeriesInstanceUID, "1.2.3")},
        Fault{"polarity", "PresentationLUTShape", Set(DCM_PresentationLUTShape, "INVERSE")},
        Fault{"rescale nobody has", "RescaleSlope", Set(DCM_RescaleSlope, "2")},
        Fault{"window", "WindowCenter",
              SetInItem(DCM_SoftcopyVOILUTSequence, DCM_WindowCenter, "7")},
        Fault{"no window", "windows",
              [](DcmDataset& dataset) {
                ASSERT_TRUE(dataset.findAndDeleteElement(DCM_SoftcopyVOILUTSequence).good());
              }},
        Fault{"no area", "areas",
              [](DcmDataset& dataset) {
                ASSERT_TRUE(
                    dataset.findAndDeleteElement(DCM_DisplayedAreaSelectionSequence).good());
              }},
        Fault{"shape of pixels", "PresentationPixelSpacing",
              SetInItem(DCM_DisplayedAreaSelectionSequence, DCM_PresentationPixelSpacing, "1\\1")},
        Fault{"layer", "GraphicLayer",
              SetInItem(DCM_GraphicLayerSequence, DCM_GraphicLayer, "SEGMENT_9")},
        Fault{"colour", "colour",
              [](DcmDataset& dataset) {
                DcmItem* layer = nullptr;
                ASSERT_TRUE(dataset.findAndGetSequenceItem(DCM_GraphicLayerSequence, layer).good());
                ASSERT_TRUE(
                    layer->findAndDeleteElement(DCM_GraphicLayerRecommendedDisplayCIELabValue)
                        .good());
              }},
        Fault{"other name", "UnformattedTextValue",
              [](DcmDataset& dataset) {
                InAnnotation(dataset, [](DcmItem& annotation) {
                  DcmItem* text = nullptr;
                  ASSERT_TRUE(
                      annotation.findAndGetSequenceItem(DCM_TextObjectSequence, text).good());
                  ASSERT_TRUE(
                      text->putAndInsertString(DCM_UnformattedTextValue, "Right lung").good());
                });
              }},
        Fault{"units", "GraphicAnnotationUnits",
              SetInGraphic(DCM_GraphicAnnotationUnits, "DISPLAY")},
        Fault{"points", "POLYLINE", SetInGraphic(DCM_GraphicType, "INTERPOLATED")},
        Fault{"half a pixel to the right", "do not enclose", MovePoints(0, 2, 0.51F)},
        Fault{"one pixel down", "do not enclose", MovePoints(1, 2, 1)},
        Fault{"open", "not closed", MovePoints(0, 1000000, 0.25F)},
        Fault{"beyond the image", "leaves the image", MovePoints(0, 2, 100)},
        Fault{"one outline less", "outlines are missing",
              [](DcmDataset& dataset) {
                InAnnotation(dataset, [](DcmItem& annotation) {
                  DcmSequenceOfItems* graphics = nullptr;
                  ASSERT_TRUE(
                      annotation.findAndGetSequence(DCM_GraphicObjectSequence, graphics).good());
                  delete graphics->remove(graphics->card() - 1);
                });
              }},
        Fault{"other image", "nothing asks for",
              [](DcmDataset& dataset) {
                InAnnotation(dataset, [](DcmItem& annotation) {
                  DcmItem* image = nullptr;
                  ASSERT_TRUE(
                      annotation.findAndGetSequenceItem(DCM_ReferencedImageSequence, image).good());
                  ASSERT_TRUE(image
                                  ->putAndInsertString(DCM_ReferencedSOPInstanceUID,
                                                       "1.2.826.0.1.3680043.10.999.1.1.4")
                                  .good());
                });
              }},
        Fault{"segment not drawn", "not drawn",
              [](DcmDataset& dataset) {
                DcmSequenceOfItems* annotations = nullptr;
                ASSERT_TRUE(
                    dataset.findAndGetSequence(DCM_GraphicAnnotationSequence, annotations).good());
                delete annotations->remove(1UL);
              }},
        Fault{"no notice", "notice",
              [](DcmDataset& dataset) {
                DcmSequenceOfItems* annotations = nullptr;
                ASSERT_TRUE(
                    dataset.findAndGetSequence(DCM_GraphicAnnotationSequence, annotations).good());
                delete annotations->remove(0UL);
              }},
        Fault{"label", "content", Set(DCM_ContentLabel, "NORMAL")}));

}  // namespace
}  // namespace axial::results::pictures
