#include "inference/results/key_object_selection.h"
#include "tests/unit/inference/results/picture_faults.h"

namespace axial::results::pictures {
namespace {

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

}  // namespace
}  // namespace axial::results::pictures
