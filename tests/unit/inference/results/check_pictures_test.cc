#include "inference/results/encapsulated_pdf.h"
#include "inference/results/secondary_capture.h"
#include "tests/unit/inference/results/picture_faults.h"

namespace axial::results::pictures {
namespace {

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

}  // namespace
}  // namespace axial::results::pictures
