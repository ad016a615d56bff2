#include "inference/results/check_report.h"

#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

#include <functional>

#include "inference/results/report_reading.h"
#include "tests/support/synthetic_results.h"
#include "tests/support/temp_dir.h"

/// Faults put into the content of good reports: the check must find and name each.
namespace axial::results {
namespace {

/// Which report the fault is put into.
enum class Of { kStack, kStackWithoutSegmentation, kImages, kAnswers, kNothing };

struct Fault {
  const char* name;
  Of of;
  const char* named;  ///< in the check's message
  std::function<void(DcmDataset&)> apply;
};
void PrintTo(const Fault& fault, std::ostream* stream) { *stream << fault.name; }

/// The content item number `nth` with that concept name, in the order of the tree.
DcmItem* Find(DcmItem& item, const std::string& code, int& nth) {
  if (ConceptOf(item) == code && nth-- == 0) return &item;
  for (DcmItem* child : ChildrenOf(item, ""))
    if (DcmItem* found = Find(*child, code, nth); found != nullptr) return found;
  return nullptr;
}

using Change = std::function<void(DcmItem&)>;

std::function<void(DcmDataset&)> In(const char* code, const Change& change, int nth = 0) {
  return [=](DcmDataset& dataset) {
    int left = nth;
    DcmItem* item = Find(dataset, code, left);
    ASSERT_NE(item, nullptr) << code;
    change(*item);
  };
}

Change Set(const DcmTagKey& tag, const std::string& value) {
  return [=](DcmItem& item) { ASSERT_TRUE(item.putAndInsertString(tag, value.c_str()).good()); };
}

Change SetIn(const DcmTagKey& sequence, const DcmTagKey& tag, const std::string& value) {
  return [=](DcmItem& item) {
    DcmItem* nested = nullptr;
    ASSERT_TRUE(item.findAndGetSequenceItem(sequence, nested, 0).good());
    Set(tag, value)(*nested);
  };
}

/// Takes away the item's first child with that concept name.
Change Without(const std::string& code) {
  return [=](DcmItem& item) {
    DcmSequenceOfItems* content = nullptr;
    ASSERT_TRUE(item.findAndGetSequence(DCM_ContentSequence, content).good());
    for (unsigned long i = 0; i < content->card(); ++i)
      if (ConceptOf(*content->getItem(i)) == code) {
        delete content->remove(i);
        return;
      }
    FAIL() << code << " is not there";
  };
}

Change Outline(const std::function<void(std::vector<Float32>&)>& change) {
  return [=](DcmItem& item) {
    const Float32* values = nullptr;
    unsigned long count = 0;
    ASSERT_TRUE(item.findAndGetFloat32Array(DCM_GraphicData, values, &count).good());
    std::vector<Float32> changed(values, values + count);
    change(changed);
    auto* element = new DcmFloatingPointSingle(DCM_GraphicData);
    ASSERT_TRUE(element->putFloat32Array(changed.data(), static_cast<unsigned long>(changed.size()))
                    .good());
    ASSERT_TRUE(item.insert(element, OFTrue).good());
  };
}

const Change kOpened = Outline([](std::vector<Float32>& v) { v.resize(v.size() - 2); });
const Change kMoved = Outline([](std::vector<Float32>& v) {
  for (std::size_t i = 0; i < v.size(); i += 2) v[i] += v[i] < 4 ? 5.0F : -3.0F;
});
const Change kBeyond = Outline([](std::vector<Float32>& v) { v[2] = 999; });

/// The `nth` group's own child.
std::function<void(DcmDataset&)> InGroup(int nth, const std::string& child, const Change& change) {
  return In(
      "125007",
      [=](DcmItem& group) {
        const std::vector<DcmItem*> found = ChildrenOf(group, child);
        ASSERT_FALSE(found.empty()) << child;
        change(*found.front());
      },
      nth);
}

/// Gives the `to`th group the Tracking UID of the `from`th.
std::function<void(DcmDataset&)> TrackingUidOf(int from, int to) {
  return [=](DcmDataset& dataset) {
    int nth = from;
    OFString uid;
    ASSERT_TRUE(Find(dataset, "112040", nth)->findAndGetOFString(DCM_UID, uid).good());
    In("112040", Set(DCM_UID, uid.c_str()), to)(dataset);
  };
}

const Fault kFaults[] = {
    {"AnotherStudy", Of::kStack, "StudyInstanceUID",
     [](DcmDataset& d) { Set(DCM_StudyInstanceUID, "1.2.3")(d); }},
    {"NoEvidence", Of::kStack, "evidence",
     [](DcmDataset& d) { d.findAndDeleteElement(DCM_CurrentRequestedProcedureEvidenceSequence); }},
    {"EvidenceOfAnotherStudy", Of::kStack, "evidence",
     [](DcmDataset& d) {
       SetIn(DCM_CurrentRequestedProcedureEvidenceSequence, DCM_StudyInstanceUID, "1.2.3")(d);
     }},
    {"NoCharacterSet", Of::kStack, "SpecificCharacterSet",
     [](DcmDataset& d) { d.findAndDeleteElement(DCM_SpecificCharacterSet); }},
    {"AnotherClass", Of::kStack, "SOPClassUID",
     [](DcmDataset& d) { Set(DCM_SOPClassUID, UID_BasicTextSRStorage)(d); }},
    {"NoLanguage", Of::kStack, "121049", In("126000", Without("121049"))},
    {"EmptyImageLibrary", Of::kStack, "Image Library", In("126000", Without("111028"))},
    {"NoImagingMeasurements", Of::kNothing, "126010", In("126000", Without("126010"))},
    {"ObserverIsAnotherDevice", Of::kStack, "UID", In("121012", Set(DCM_UID, "1.2.3"))},
    {"ObserverOfAnotherManufacturer", Of::kStack, "TextValue",
     In("121014", Set(DCM_TextValue, "Somebody"))},
    {"GroupOfAnotherAlgorithm", Of::kStack, "TextValue",
     InGroup(0, "111001", Set(DCM_TextValue, "Other"))},
    {"MeasurementOfAnotherVersion", Of::kStack, "TextValue",
     In("118565006",
        [](DcmItem& number) { Set(DCM_TextValue, "9")(*ChildrenOf(number, "111003").front()); })},
    {"MeasurementWithoutAlgorithm", Of::kStack, "111001", In("118565006", Without("111001"))},
    {"TrackingIdWithoutUid", Of::kStack, "112040", In("125007", Without("112040"))},
    {"TrackingUidWithoutId", Of::kStack, "112039", In("125007", Without("112039"))},
    {"TwoSegmentsWithOneTrackingUid", Of::kStack, "two groups have", TrackingUidOf(0, 1)},
    {"TwoRegionsWithOneTrackingUid", Of::kStack, "two groups have", TrackingUidOf(2, 3)},
    {"RegionWithAnotherSegmentsTrackingUid", Of::kStack, "not one of it",
     [](DcmDataset& d) {
       In("112040", Set(DCM_UID, "1.2.3"), 3)(d);
       TrackingUidOf(1, 2)(d);
     }},
    {"RegionWithATrackingUidOfItsOwn", Of::kStack, "no region has the Tracking UID of segment 1",
     In("112040", Set(DCM_UID, "1.2.3"), 2)},
    {"AnotherTrackingUid", Of::kStack, "UID", In("112040", Set(DCM_UID, "1.2.3"))},
    {"AnotherFinding", Of::kStack, "another finding",
     InGroup(0, "121071", SetIn(DCM_ConceptCodeSequence, DCM_CodeValue, "10200004"))},
    {"AnotherSegment", Of::kStack, "ReferencedSegmentNumber",
     In("121191",
        [](DcmItem& item) {
          DcmItem* reference = nullptr;
          item.findAndGetSequenceItem(DCM_ReferencedSOPSequence, reference, 0);
          reference->putAndInsertUint16(DCM_ReferencedSegmentNumber, 2);
        })},
    {"AnotherVolume", Of::kStack, "measurements of segment 1",
     In("118565006", SetIn(DCM_MeasuredValueSequence, DCM_NumericValue, "4711"))},
    {"OneMeasurementLess", Of::kStack, "measurements of segment 2",
     In("125007", Without("112031"), 1)},
    {"OneGroupLess", Of::kStack, "segment groups", In("126010", Without("125007"))},
    {"GroupOfNoTemplate", Of::kStack, "segment groups",
     In("125007", [](DcmItem& item) { item.findAndDeleteElement(DCM_ContentTemplateSequence); })},
    {"OpenSection", Of::kStack, "not closed", In("111030", kOpened)},
    {"OpenOutlineOfArea", Of::kStack, "not closed", In("111030", kOpened, 1)},
    {"SectionElsewhere", Of::kStack, "another outline", In("111030", kMoved)},
    {"AnotherArea", Of::kStack, "not one of a segment",
     In("42798000", SetIn(DCM_MeasuredValueSequence, DCM_NumericValue, "4711"))},
    {"PointBeyondTheImage", Of::kStackWithoutSegmentation, "beyond the image",
     In("111030", kBeyond)},
    {"OpenOutline", Of::kStackWithoutSegmentation, "not closed", In("111030", kOpened)},
    {"OutlineThatIsNoPolyline", Of::kStackWithoutSegmentation, "POLYLINE",
     In("111030", Set(DCM_GraphicType, "MULTIPOINT"))},
    {"OutlineOnNoImage", Of::kStackWithoutSegmentation, "image",
     In("111030", [](DcmItem& item) { item.findAndDeleteElement(DCM_ContentSequence); })},
    {"SliceWithoutOutlines", Of::kStackWithoutSegmentation, "is not outlined on image",
     In("125007",
        [](DcmItem& group) {
          while (ChildrenOf(group, "111030").size() > 1) Without("111030")(group);
        })},
    {"RegionElsewhere", Of::kImages, "not one of a segment",
     [](DcmDataset& d) {
       In("111030", kMoved)(d);
       In("111030", kMoved, 1)(d);
     }},
    {"OpenRegion", Of::kImages, "not closed", In("111030", kOpened)},
    {"ImageWithoutRegions", Of::kImages, "has no region on image",
     In("126010",
        [](DcmItem& measurements) {
          for (int i = 0; i < 18; ++i) Without("125007")(measurements);
        })},
    {"AnotherAnswer", Of::kAnswers, "another one",
     In("111031", SetIn(DCM_ConceptCodeSequence, DCM_CodeValue, "399067008"))},
    {"AnotherCertainty", Of::kAnswers, "certainty",
     In("111012", SetIn(DCM_MeasuredValueSequence, DCM_NumericValue, "12"))},
    {"AnswerAboutAnotherImage", Of::kAnswers, "ReferencedSOPInstanceUID",
     In("260753009", SetIn(DCM_ReferencedSOPSequence, DCM_ReferencedSOPInstanceUID,
                           "1.2.826.0.1.3680043.10.999.1.1.1"))},
    {"AnswerShownOnAnotherImage", Of::kAnswers, "shown on another image",
     [](DcmDataset& d) {
       In("111030", [](DcmItem& outline) {
         SetIn(DCM_ReferencedSOPSequence, DCM_ReferencedSOPInstanceUID,
               "1.2.826.0.1.3680043.10.999.1.1.1")(*ChildrenOf(outline, "").front());
       })(d);
     }},
    {"AnswerWithoutOutline", Of::kAnswers, "111030", In("111012", Without("111030"))},
    {"CommentOfAnotherAnswer", Of::kAnswers, "comment", In("121106", Set(DCM_TextValue, "Other"))},
    {"LostAnswer", Of::kAnswers, "answers", In("126010", Without("125007"))},
    {"NothingFoundNotSaid", Of::kNothing, "nothing was found",
     In("121071", SetIn(DCM_ConceptCodeSequence, DCM_CodeValue, "52101004"))},
    {"PredecessorNobodyNamed", Of::kNothing, "predecessors",
     [](DcmDataset& d) {
       DcmItem* study = nullptr;
       DcmItem* series = nullptr;
       DcmItem* instance = nullptr;
       d.findOrCreateSequenceItem(DCM_PredecessorDocumentsSequence, study, -2);
       study->findOrCreateSequenceItem(DCM_ReferencedSeriesSequence, series, -2);
       series->findOrCreateSequenceItem(DCM_ReferencedSOPSequence, instance, -2);
       Set(DCM_ReferencedSOPInstanceUID, "1.2.3")(*instance);
     }},
};

class CheckReportTest : public ::testing::TestWithParam<Fault> {
 protected:
  struct Report {
    SourceSeries source;
    config::ModelCard card;
    Findings findings;
    ResultOptions options;
  };

  Report Make(Of of) {
    const SourceSeries source =
        testing::WriteSource({.slices = 3, .rows = 13, .columns = 17}, in_.path());
    config::ModelCard card = of == Of::kAnswers ? testing::PositionCard() : testing::LungCard();
    if (of == Of::kImages) card.input.kind = config::InputKind::kImage;
    ResultOptions options{.model_digest = "digest", .gateway_version = "0.1.0", .now = {}};
    if (of == Of::kImages || of == Of::kStackWithoutSegmentation)
      options.profiles.front().segmentation = config::ResultProfile::Segmentation::kNone;
    Findings findings = of == Of::kAnswers   ? testing::PositionFindings(source, card, 1)
                        : of == Of::kNothing ? testing::EmptyFindings(source)
                                             : testing::LungFindings(source, card);
    return {source, std::move(card), std::move(findings), std::move(options)};
  }

  testing::TempDir in_;
  testing::TempDir out_;
};

TEST_P(CheckReportTest, NamesTheFault) {
  const Report report = Make(GetParam().of);
  const auto written = WriteResults(report.findings, report.card, report.options, out_.path());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  std::optional<protocol::Artifact> segmentation;
  if (written->front().kind == kSegmentationKind) segmentation = written->front();
  DcmFileFormat header;
  ASSERT_TRUE(header.loadFile(report.source.frames.front().file.c_str()).good());
  const ResultRun run{report.findings,
                      report.card,
                      report.options,
                      *header.getDataset(),
                      ResultText::For(*header.getDataset(), report.card),
                      {}};
  const std::string file = out_.File("sr.dcm");
  const ObjectRequest request{report.options.profiles.front(), "", 9001, file, segmentation,
                              report.options.predecessors};
  const Status good = CheckReport(run, request);
  ASSERT_TRUE(good.ok()) << good.error().ToString();

  DcmFileFormat broken;
  ASSERT_TRUE(broken.loadFile(file.c_str()).good());
  ASSERT_TRUE(broken.loadAllDataIntoMemory().good());
  GetParam().apply(*broken.getDataset());
  ASSERT_TRUE(broken.saveFile(file.c_str(), EXS_LittleEndianExplicit, EET_ExplicitLength).good());
  const Status status = CheckReport(run, request);
  ASSERT_FALSE(status.ok()) << "not noticed";
  EXPECT_EQ(status.error().code(), ErrorCode::kCorrupt);
  EXPECT_NE(status.error().message().find(GetParam().named), std::string::npos)
      << status.error().message();
}

INSTANTIATE_TEST_SUITE_P(Faults, CheckReportTest, ::testing::ValuesIn(kFaults),
                         [](const auto& fault) { return std::string(fault.param.name); });

}  // namespace
}  // namespace axial::results
