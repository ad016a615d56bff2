#include <functional>

#include "inference/results/report_reading.h"
#include "tests/unit/inference/results/fault_fixture.h"

/// The mistakes that other people's writers made and readers stumbled over (each names the trouble
/// it caused), put into every kind of our objects on the sources where they matter: the kind's own
/// check must find and name each. More of them, on ordinary stacks: check_results_test.cc (Frame of
/// Reference, study, position, source images, segment 99, labels, tracking identifiers, short
/// pixels), check_report_test.cc (evidence, character set, open polygons, what must not be left
/// out), check_forms_test.cc (LABELMAP, FRACTIONAL, RLE, empty frames), check_pictures_test.cc; in
/// all kinds: check_common_test.cc.
namespace axial::results {
namespace {

Path Frame(long number, const Path& rest = {}) {
  Path path = {{DCM_PerFrameFunctionalGroupsSequence, number}};
  path.insert(path.end(), rest.begin(), rest.end());
  return path;
}

const Path kFirstSource =
    Frame(0, {{DCM_DerivationImageSequence, 0}, {DCM_SourceImageSequence, 0}});
const Path kMeasures = {{DCM_SharedFunctionalGroupsSequence, 0}, {DCM_PixelMeasuresSequence, 0}};
const Path kPropertyType = {{DCM_SegmentSequence, 0}, {DCM_SegmentedPropertyTypeCodeSequence, 0}};
const Path kModifier = {{DCM_SegmentSequence, 0},
                        {DCM_SegmentedPropertyTypeCodeSequence, 0},
                        {DCM_SegmentedPropertyTypeModifierCodeSequence, 0}};
const Path kAlgorithm = {{DCM_SegmentSequence, 0},
                         {DCM_SegmentationAlgorithmIdentificationSequence, 0}};
const Path kEvidenceStudy = {{DCM_CurrentRequestedProcedureEvidenceSequence, 0}};
constexpr const char* kRight = "24028007";  // SNOMED CT; the first segment is the left one

void RepeatSourceImage(DcmDataset& dataset) {
  DcmItem& derivation = At(dataset, Frame(0, {{DCM_DerivationImageSequence, 0}}));
  auto* copy = new DcmItem(At(derivation, {{DCM_SourceImageSequence, 0}}));
  ASSERT_TRUE(derivation.insertSequenceItem(DCM_SourceImageSequence, copy, -2).good());
}

/// As when slices are taken in the order of files or Instance Numbers.
void SwapPositions(DcmDataset& dataset) {
  DcmItem& first = At(dataset, Frame(0, {{DCM_PlanePositionSequence, 0}}));
  DcmItem& second = At(dataset, Frame(1, {{DCM_PlanePositionSequence, 0}}));
  const std::string position = TextOf(first, DCM_ImagePositionPatient);
  Set(DCM_ImagePositionPatient, TextOf(second, DCM_ImagePositionPatient).c_str(),
      Frame(0, {{DCM_PlanePositionSequence, 0}}))(dataset);
  Set(DCM_ImagePositionPatient, position.c_str(),
      Frame(1, {{DCM_PlanePositionSequence, 0}}))(dataset);
}

/// The segment stays in the list, but none of its frames is there.
void LoseTheLastSegmentsFrames(DcmDataset& dataset) {
  DcmSequenceOfItems* groups = nullptr;
  ASSERT_TRUE(dataset.findAndGetSequence(DCM_PerFrameFunctionalGroupsSequence, groups).good());
  const auto segments = static_cast<Uint16>(ItemCount(dataset, DCM_SegmentSequence));
  const auto is_last = [&](DcmItem& frame) {
    Uint16 number = 0;
    At(frame, {{DCM_SegmentIdentificationSequence, 0}})
        .findAndGetUint16(DCM_ReferencedSegmentNumber, number);
    return number == segments;
  };
  while (is_last(*groups->getItem(groups->card() - 1))) delete groups->remove(groups->card() - 1);
  Set(DCM_NumberOfFrames, std::to_string(groups->card()).c_str())(dataset);
  Uint16 rows = 0;
  Uint16 columns = 0;
  const Uint8* bytes = nullptr;
  dataset.findAndGetUint16(DCM_Rows, rows);
  dataset.findAndGetUint16(DCM_Columns, columns);
  ASSERT_TRUE(dataset.findAndGetUint8Array(DCM_PixelData, bytes).good());
  const std::size_t bits = groups->card() * rows * columns;
  std::vector<Uint8> kept(bytes, bytes + (bits + 15) / 16 * 2);
  for (std::size_t bit = bits; bit < kept.size() * 8; ++bit)
    kept[bit / 8] = static_cast<Uint8>(kept[bit / 8] & ~(1U << bit % 8));
  ASSERT_TRUE(dataset.putAndInsertUint8Array(DCM_PixelData, kept.data(), kept.size()).good());
}

/// A background item before the others moves every name by one.
void PutBackgroundFirst(DcmDataset& dataset) {
  DcmSequenceOfItems* segments = nullptr;
  ASSERT_TRUE(dataset.findAndGetSequence(DCM_SegmentSequence, segments).good());
  auto* background = new DcmItem(*segments->getItem(0));
  background->putAndInsertUint16(DCM_SegmentNumber, 0);
  ASSERT_TRUE(segments->prepend(background).good());
}

/// The first content item of the tree with that concept name.
DcmItem* Content(DcmItem& item, const std::string& code) {
  if (ConceptOf(item) == code) return &item;
  for (DcmItem* child : ChildrenOf(item, ""))
    if (DcmItem* found = Content(*child, code); found != nullptr) return found;
  return nullptr;
}

Break SetInContent(const char* code, const DcmTagKey& tag, const char* value, const Path& path) {
  return [=](DcmDataset& dataset) {
    DcmItem* item = Content(dataset, code);
    ASSERT_NE(item, nullptr) << code;
    ASSERT_TRUE(At(*item, path).putAndInsertString(tag, value).good());
  };
}

/// "Finding: Absent" beside what was found.
void SayThatNothingWasFound(DcmDataset& dataset) {
  DcmItem* measurements = Content(dataset, "126010");
  DcmItem* finding = Content(dataset, "121071");
  ASSERT_TRUE(measurements != nullptr && finding != nullptr);
  auto* absent = new DcmItem(*finding);
  absent->findAndDeleteElement(DCM_ContentSequence);
  At(*absent, {{DCM_ConceptCodeSequence, 0}}).putAndInsertString(DCM_CodeValue, "2667000");
  ASSERT_TRUE(measurements->insertSequenceItem(DCM_ContentSequence, absent, -2).good());
}

void ForgetAnImageOfTheEvidence(DcmDataset& dataset) {
  DcmItem& series = At(dataset, {kEvidenceStudy[0], {DCM_ReferencedSeriesSequence, 0}});
  DcmSequenceOfItems* instances = nullptr;
  ASSERT_TRUE(series.findAndGetSequence(DCM_ReferencedSOPSequence, instances).good());
  delete instances->remove(0UL);
}

/// False when no item of the tree refers to an image.
bool ReferToForeignImage(DcmItem& item) {
  if (DcmItem* reference = ItemOf(item, DCM_ReferencedSOPSequence); reference != nullptr)
    return reference->putAndInsertString(DCM_ReferencedSOPInstanceUID, "1.2.3").good();
  const std::vector<DcmItem*> children = ChildrenOf(item, "");
  return std::any_of(children.begin(), children.end(),
                     [](DcmItem* child) { return ReferToForeignImage(*child); });
}

void NameAForeignImage(DcmDataset& dataset) {
  DcmItem* library = Content(dataset, "111028");
  ASSERT_NE(library, nullptr);
  ASSERT_TRUE(ReferToForeignImage(*library));
}

const Fault kFaults[] = {
    // Pixels and frames
    {"AnotherHeight", "seg", On::kStack, "Rows", SetNumber(DCM_Rows, 14)},
    {"AnotherWidth", "seg", On::kStack, "Columns", SetNumber(DCM_Columns, 18)},
    {"AnotherType", "seg", On::kStack, "SegmentationType", Set(DCM_SegmentationType, "FRACTIONAL")},
    {"OneFrameTooMany", "seg", On::kStack, "NumberOfFrames", Set(DCM_NumberOfFrames, "9")},
    {"EmptySegment", "seg", On::kStack, "lacks voxels", LoseTheLastSegmentsFrames},
    {"OverlapThatIsNone", "seg", On::kStack, "SegmentsOverlap", Set(DCM_SegmentsOverlap, "YES")},
    {"BackgroundListedFirst", "seg", On::kLabelmap, "segments instead of", PutBackgroundFirst},
    {"BackgroundInPlaceOfASegment", "seg", On::kLabelmap, "SegmentNumber",
     SetNumber(DCM_SegmentNumber, 0, {{DCM_SegmentSequence, 0}})},
    {"SegmentThatAFrameOfALabelmapNames", "seg", On::kLabelmap, "names a segment",
     [](DcmDataset& dataset) {
       DcmItem* item = nullptr;
       At(dataset, Frame(0)).findOrCreateSequenceItem(DCM_SegmentIdentificationSequence, item, -2);
       item->putAndInsertUint16(DCM_ReferencedSegmentNumber, 1);
     }},
    // Where it is
    {"NoSourceImage", "seg", On::kStack, "source image",
     Remove(DCM_DerivationImageSequence, Frame(0))},
    {"NoSourceImageWithoutFrameOfReference", "seg", On::kRadiographs, "source image",
     Remove(DCM_DerivationImageSequence, Frame(0))},
    {"TwoSourceImages", "seg", On::kStack, "source image", RepeatSourceImage},
    {"ImageOfAnotherClass", "seg", On::kStack, "ReferencedSOPClassUID",
     Set(DCM_ReferencedSOPClassUID, UID_MRImageStorage, kFirstSource)},
    {"NoFrameNumber", "seg", On::kMultiFrame, "Referenced Frame Number",
     Remove(DCM_ReferencedFrameNumber, kFirstSource)},
    {"AnotherFrameNumber", "seg", On::kMultiFrame, "ImagePositionPatient",
     Set(DCM_ReferencedFrameNumber, "3", kFirstSource)},
    {"FrameNumberBeyondTheSource", "seg", On::kMultiFrame, "not in the source",
     Set(DCM_ReferencedFrameNumber, "99", kFirstSource)},
    {"OrientationWithoutTilt", "seg", On::kTiltedStack, "ImageOrientationPatient",
     Set(DCM_ImageOrientationPatient, "1\\0\\0\\0\\1\\0",
         {{DCM_SharedFunctionalGroupsSequence, 0}, {DCM_PlaneOrientationSequence, 0}})},
    {"DistanceOfSlicesAlongTheTable", "seg", On::kTiltedStack, "SpacingBetweenSlices",
     Set(DCM_SpacingBetweenSlices, "2.6604", kMeasures)},
    {"DistanceOfOtherSlices", "seg", On::kMultiFrame, "SpacingBetweenSlices",
     Set(DCM_SpacingBetweenSlices, "5", kMeasures)},
    {"NoDistanceOfSlices", "seg", On::kLabelmap, "SpacingBetweenSlices",
     Remove(DCM_SpacingBetweenSlices, kMeasures)},
    {"SlicesInTheOrderOfFiles", "seg", On::kTiltedStack, "ImagePositionPatient", SwapPositions},
    {"FrameOfReferenceWhereNoneIs", "seg", On::kRadiographs, "FrameOfReferenceUID",
     Set(DCM_FrameOfReferenceUID, "1.2.3")},
    {"NoPatientOrientation", "seg", On::kRadiographs, "PatientOrientation",
     Remove(DCM_PatientOrientation)},
    // What it is
    {"LabelInAnotherCharacterSet", "seg", On::kStack, "SegmentLabel",
     Set(DCM_SegmentLabel, "Left \xe8\x82\xba", {{DCM_SegmentSequence, 0}})},
    {"AnotherLabel", "seg", On::kStack, "SegmentLabel",
     Set(DCM_SegmentLabel, "Right lung", {{DCM_SegmentSequence, 0}})},
    {"OtherSide", "seg", On::kStack, "CodeValue", Set(DCM_CodeValue, kRight, kModifier)},
    {"NoSide", "seg", On::kStack, "ModifierCodeSequence is missing",
     Remove(DCM_SegmentedPropertyTypeModifierCodeSequence, kPropertyType)},
    {"OtherRegion", "seg", On::kLesions, "CodeValue",
     Set(DCM_CodeValue, "69536005", {{DCM_SegmentSequence, 0}, {DCM_AnatomicRegionSequence, 0}})},
    {"CodeOfAnotherScheme", "seg", On::kStack, "CodingSchemeDesignator",
     Set(DCM_CodingSchemeDesignator, "99X", kPropertyType)},
    {"NoColour", "seg", On::kStack, "CIELab",
     Remove(DCM_RecommendedDisplayCIELabValue, {{DCM_SegmentSequence, 0}})},
    {"Black", "seg", On::kStack, "CIELab",
     [](DcmDataset& dataset) {
       const Uint16 black[] = {0, 32896, 32896};
       At(dataset, {{DCM_SegmentSequence, 0}})
           .putAndInsertUint16Array(DCM_RecommendedDisplayCIELabValue, black, 3);
     }},
    {"TrackingUidWithoutId", "seg", On::kStack, "Tracking",
     Remove(DCM_TrackingID, {{DCM_SegmentSequence, 0}})},
    {"NoAlgorithmName", "seg", On::kStack, "SegmentAlgorithmName",
     Remove(DCM_SegmentAlgorithmName, {{DCM_SegmentSequence, 0}})},
    {"DrawnByHand", "seg", On::kStack, "SegmentAlgorithmType",
     Set(DCM_SegmentAlgorithmType, "MANUAL", {{DCM_SegmentSequence, 0}})},
    {"AlgorithmOfAnotherVersion", "seg", On::kStack, "AlgorithmVersion",
     Set(DCM_AlgorithmVersion, "9", kAlgorithm)},
    // Reports
    {"AnotherRoot", "sr", On::kStack, "root is not",
     Set(DCM_CodeValue, "126001", {{DCM_ConceptNameCodeSequence, 0}})},
    {"EvidenceWithoutAnImage", "sr", On::kStack, "evidence", ForgetAnImageOfTheEvidence},
    {"ImageThatIsNotInTheEvidence", "sr", On::kStack, "not in the evidence", NameAForeignImage},
    {"NotComplete", "sr", On::kStack, "CompletionFlag", Set(DCM_CompletionFlag, "PARTIAL")},
    {"FoundAndSaidToBeAbsent", "sr", On::kStack, "nothing was", SayThatNothingWasFound},
    {"AnotherUnit", "sr", On::kStack, "measurements of segment",
     SetInContent("118565006", DCM_CodeValue, "mm3",
                  {{DCM_MeasuredValueSequence, 0}, {DCM_MeasurementUnitsCodeSequence, 0}})},
    {"OtherSideInTheReport", "sr", On::kStack, "site or side",
     SetInContent("272741003", DCM_CodeValue, kRight, {{DCM_ConceptCodeSequence, 0}})},
    {"OtherSiteInTheReport", "sr", On::kLesions, "site or side",
     SetInContent("363698007", DCM_CodeValue, "69536005", {{DCM_ConceptCodeSequence, 0}})},
};

class ContractFaults : public FaultTest, public ::testing::WithParamInterface<Fault> {};

TEST_P(ContractFaults, AreFoundAndNamed) {
  Write(SourceFor(GetParam().on), GetParam().on);
  if (HasFatalFailure()) return;
  ExpectFound(GetParam().kind, GetParam().named, GetParam().apply);
}

INSTANTIATE_TEST_SUITE_P(All, ContractFaults, ::testing::ValuesIn(kFaults),
                         [](const auto& fault) { return std::string(fault.param.name); });

}  // namespace
}  // namespace axial::results
