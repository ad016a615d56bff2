#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

#include <functional>

#include "inference/results/check_rt_structure_set.h"
#include "inference/results/encapsulated_pdf.h"
#include "inference/results/key_object_selection.h"
#include "inference/results/presentation_state.h"
#include "inference/results/secondary_capture.h"
#include "inference/results/written_object.h"
#include "tests/support/synthetic_results.h"
#include "tests/support/temp_dir.h"

/// Faults put into good objects for readers of neither Segmentation nor report: the checks must
/// find and name them.
namespace axial::results {
namespace {

struct Fault {
  const char* name;
  const char* named;  ///< in the check's message
  std::function<void(DcmDataset&)> apply;
};
void PrintTo(const Fault& fault, std::ostream* stream) { *stream << fault.name; }

std::function<void(DcmDataset&)> Set(const DcmTagKey& tag, const char* value) {
  return [tag, value](DcmDataset& dataset) {
    ASSERT_TRUE(dataset.putAndInsertString(tag, value).good());
  };
}

std::function<void(DcmDataset&)> SetInItem(const DcmTagKey& sequence, const DcmTagKey& tag,
                                           const char* value) {
  return [=](DcmDataset& dataset) {
    DcmItem* item = nullptr;
    ASSERT_TRUE(dataset.findAndGetSequenceItem(sequence, item).good());
    ASSERT_TRUE(item->putAndInsertString(tag, value).good());
  };
}

void FlipByte(DcmDataset& dataset, const DcmTagKey& tag, std::size_t at) {
  const Uint8* bytes = nullptr;
  unsigned long count = 0;
  ASSERT_TRUE(dataset.findAndGetUint8Array(tag, bytes, &count).good());
  std::vector<Uint8> changed(bytes, bytes + count);
  changed[at] = static_cast<Uint8>(changed[at] ^ 0xFFU);
  ASSERT_TRUE(dataset.putAndInsertUint8Array(tag, changed.data(), changed.size()).good());
}

void Halve(DcmDataset& dataset, const DcmTagKey& tag) {
  const Uint8* bytes = nullptr;
  unsigned long count = 0;
  ASSERT_TRUE(dataset.findAndGetUint8Array(tag, bytes, &count).good());
  const std::vector<Uint8> half(bytes, bytes + count / 4 * 2);
  ASSERT_TRUE(dataset.putAndInsertUint8Array(tag, half.data(), half.size()).good());
}

using Check = Status (*)(const ResultRun&, const ObjectRequest&);

class CheckPictures : public ::testing::TestWithParam<Fault> {
 protected:
  void ExpectNamed(const std::string& file, Check check) {
    const SourceSeries source = testing::WriteSource({}, in_.path());
    const config::ModelCard card = testing::LungCard();
    const Findings findings = testing::LungFindings(source, card);
    ResultOptions options{.model_digest = "digest", .gateway_version = "0.1.0", .now = {}};
    for (std::size_t i = 0; i < config::kExtraResultNames.size(); ++i)
      options.profiles.front().also.insert(static_cast<config::ExtraResult>(i));
    const auto written = WriteResults(findings, card, options, out_.path());
    ASSERT_TRUE(written.ok()) << written.error().ToString();
    DcmFileFormat header;
    ASSERT_TRUE(header.loadFile(source.frames.front().file.c_str()).good());
    DcmDataset& patient = *header.getDataset();
    const ResultRun run{findings,
                        card,
                        options,
                        patient,
                        ResultText::For(patient, card),
                        PlanSegmentFrames(findings).value()};
    const ObjectRequest request{options.profiles.front(), "",           9001,
                                out_.File(file),          std::nullopt, options.predecessors};
    ASSERT_TRUE(check(run, request).ok()) << check(run, request).error().ToString();

    DcmFileFormat object;
    ASSERT_TRUE(object.loadFile(request.path.c_str()).good());
    ASSERT_TRUE(object.loadAllDataIntoMemory().good());
    GetParam().apply(*object.getDataset());
    ASSERT_TRUE(object.saveFile(request.path.c_str(), EXS_LittleEndianExplicit).good());
    const Status status = check(run, request);
    ASSERT_FALSE(status.ok()) << "not noticed";
    EXPECT_EQ(status.error().code(), ErrorCode::kCorrupt);
    EXPECT_NE(status.error().message().find(GetParam().named), std::string::npos)
        << status.error().message();
  }

  testing::TempDir in_;
  testing::TempDir out_;
};

class CheckSecondaryCaptureTest : public CheckPictures {};
TEST_P(CheckSecondaryCaptureTest, NamesTheFault) {
  ExpectNamed("secondary_capture_0001.dcm", CheckSecondaryCapture);
}

INSTANTIATE_TEST_SUITE_P(
    Faults, CheckSecondaryCaptureTest,
    ::testing::Values(
        Fault{"study", "StudyInstanceUID", Set(DCM_StudyInstanceUID, "1.2.3")},
        Fault{"patient", "PatientID", Set(DCM_PatientID, "OTHER")},
        Fault{"burned in", "BurnedInAnnotation", Set(DCM_BurnedInAnnotation, "NO")},
        Fault{"spacing", "PixelSpacing", Set(DCM_PixelSpacing, "1\\1")},
        Fault{"frame of reference", "FrameOfReferenceUID", Set(DCM_FrameOfReferenceUID, "1.2.3")},
        Fault{"date", "SeriesDate", Set(DCM_SeriesDate, "")},
        Fault{"source", "ReferencedSOPInstanceUID",
              SetInItem(DCM_SourceImageSequence, DCM_ReferencedSOPInstanceUID, "1.2.3")},
        Fault{"short pixels", "bytes of pixels",
              [](DcmDataset& dataset) { Halve(dataset, DCM_PixelData); }},
        Fault{"one pixel", "content",
              [](DcmDataset& dataset) { FlipByte(dataset, DCM_PixelData, 1000); }},
        Fault{"description", "content", Set(DCM_SeriesDescription, "Normal")}));

class CheckPdfTest : public CheckPictures {};
TEST_P(CheckPdfTest, NamesTheFault) { ExpectNamed("pdf.dcm", CheckPdf); }

INSTANTIATE_TEST_SUITE_P(
    Faults, CheckPdfTest,
    ::testing::Values(
        Fault{"patient", "PatientName", Set(DCM_PatientName, "Somebody^Else")},
        Fault{"modality", "Modality", Set(DCM_Modality, "OT")},
        Fault{"type", "MIMEType", Set(DCM_MIMETypeOfEncapsulatedDocument, "text/plain")},
        Fault{"source", "Source Instances",
              SetInItem(DCM_SourceInstanceSequence, DCM_ReferencedSOPInstanceUID, "1.2.3")},
        Fault{"short", "bytes",
              [](DcmDataset& dataset) { Halve(dataset, DCM_EncapsulatedDocument); }},
        Fault{"no PDF", "whole PDF",
              [](DcmDataset& dataset) { FlipByte(dataset, DCM_EncapsulatedDocument, 1); }}));

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

/// The last content item, which is an image.
std::function<void(DcmDataset&)> SetInLastImage(const DcmTagKey& tag, const char* value) {
  return [=](DcmDataset& dataset) {
    DcmItem* image = nullptr;
    DcmItem* reference = nullptr;
    ASSERT_TRUE(dataset.findAndGetSequenceItem(DCM_ContentSequence, image, -1).good());
    ASSERT_TRUE(image->findAndGetSequenceItem(DCM_ReferencedSOPSequence, reference).good());
    ASSERT_TRUE(reference->putAndInsertString(tag, value).good());
  };
}

class CheckKeyObjectsTest : public CheckPictures {};
TEST_P(CheckKeyObjectsTest, NamesTheFault) { ExpectNamed("key_objects.dcm", CheckKeyObjects); }

INSTANTIATE_TEST_SUITE_P(
    Faults, CheckKeyObjectsTest,
    ::testing::Values(
        Fault{"patient", "PatientID", Set(DCM_PatientID, "OTHER")},
        Fault{"modality", "Modality", Set(DCM_Modality, "SR")},
        Fault{"title", "title", SetInItem(DCM_ConceptNameCodeSequence, DCM_CodeValue, "113001")},
        Fault{"other image", "ReferencedSOPInstanceUID",
              SetInLastImage(DCM_ReferencedSOPInstanceUID, "1.2")},
        Fault{"frame of a single-frame image", "ReferencedFrameNumber",
              SetInLastImage(DCM_ReferencedFrameNumber, "1")},
        Fault{"one image less", "images",
              [](DcmDataset& dataset) {
                DcmSequenceOfItems* content = nullptr;
                ASSERT_TRUE(dataset.findAndGetSequence(DCM_ContentSequence, content).good());
                delete content->remove(content->card() - 1);
              }},
        Fault{"no evidence", "evidence",
              [](DcmDataset& dataset) {
                ASSERT_TRUE(
                    dataset.findAndDeleteElement(DCM_CurrentRequestedProcedureEvidenceSequence)
                        .good());
              }},
        Fault{"evidence of another study", "evidence",
              SetInItem(DCM_CurrentRequestedProcedureEvidenceSequence, DCM_StudyInstanceUID,
                        "1.2.3")},
        Fault{"other observer", "UID",
              [](DcmDataset& dataset) {
                DcmItem* item = nullptr;
                ASSERT_TRUE(dataset.findAndGetSequenceItem(DCM_ContentSequence, item, 2).good());
                ASSERT_TRUE(item->putAndInsertString(DCM_UID, "1.2.3").good());
              }},
        Fault{"not a document", "valid document",
              [](DcmDataset& dataset) {
                ASSERT_TRUE(dataset.findAndDeleteElement(DCM_ContinuityOfContent).good());
              }},
        Fault{"description", "content",
              SetInItem(DCM_ContentTemplateSequence, DCM_TemplateIdentifier, "2000")}));

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
}  // namespace axial::results
