#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "inference/results/check_report.h"
#include "inference/results/check_segmentation.h"
#include "tests/support/synthetic_results.h"
#include "tests/support/temp_dir.h"

/// Each fault that a validator overlooks, or that a viewer stumbles over, put into a good result:
/// the check must find it and name it.
namespace axial::results {
namespace {

using Break = std::function<void(DcmDataset&)>;

class CheckResultsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // 5 * 13 * 17 bits: frames do not end at a byte.
    source_ = testing::WriteSource({.slices = 5, .rows = 13, .columns = 17}, in_.path());
    findings_.emplace(testing::LungFindings(*source_, card_));
    const auto written = WriteResults(*findings_, card_, options_, out_.path());
    ASSERT_TRUE(written.ok()) << written.error().ToString();
    segmentation_ = written->front();
    frames_ = PlanSegmentFrames(*findings_).value();
    ASSERT_TRUE(header_.loadFile(source_->frames.front().file.c_str()).good());
  }

  ResultRun Run() {
    DcmDataset& dataset = *header_.getDataset();
    return {*findings_, card_, options_, dataset, ResultText::For(dataset, card_), frames_};
  }

  [[nodiscard]] ObjectRequest Request(const std::string& path) const {
    return {options_.profiles.front(), "", 9001, path, segmentation_, options_.predecessors};
  }

  void Rewrite(const std::string& name, const Break& breaking) {
    DcmFileFormat file;
    ASSERT_TRUE(file.loadFile(out_.File(name).c_str()).good());
    ASSERT_TRUE(file.loadAllDataIntoMemory().good());
    breaking(*file.getDataset());
    ASSERT_TRUE(file.saveFile(out_.File(name).c_str(), EXS_LittleEndianExplicit, EET_ExplicitLength)
                    .good());
  }

  static void ExpectNamed(const Status& status, const std::string& what) {
    ASSERT_FALSE(status.ok()) << "not noticed: " << what;
    EXPECT_EQ(status.error().code(), ErrorCode::kCorrupt);
    EXPECT_NE(status.error().message().find(what), std::string::npos) << status.error().message();
  }

  void ExpectSegmentationFault(const std::string& what, const Break& breaking) {
    ASSERT_TRUE(CheckSegmentation(Run(), Request(out_.File("seg.dcm"))).ok());
    Rewrite("seg.dcm", breaking);
    ExpectNamed(CheckSegmentation(Run(), Request(out_.File("seg.dcm"))), what);
  }

  void ExpectReportFault(const std::string& what, const Break& breaking) {
    ASSERT_TRUE(CheckReport(Run(), Request(out_.File("sr.dcm"))).ok());
    Rewrite("sr.dcm", breaking);
    ExpectNamed(CheckReport(Run(), Request(out_.File("sr.dcm"))), what);
  }

  /// Item of nested sequences: path of (sequence, index).
  static DcmItem& At(DcmItem& item, std::initializer_list<std::pair<DcmTagKey, long>> path) {
    DcmItem* at = &item;
    for (const auto& [sequence, index] : path) {
      DcmItem* next = nullptr;
      if (at->findAndGetSequenceItem(sequence, next, index).bad())
        FailInvariant("no such item", __FILE__, __LINE__);
      at = next;
    }
    return *at;
  }

  /// First item of the content tree with that concept name; nullptr when there is none.
  static DcmItem* FindContent(DcmItem& item, const std::string& code) {
    DcmItem* name = nullptr;
    OFString value;
    if (item.findAndGetSequenceItem(DCM_ConceptNameCodeSequence, name, 0).good() &&
        name->findAndGetOFString(DCM_CodeValue, value).good() && value == code.c_str())
      return &item;
    DcmItem* child = nullptr;
    for (long i = 0; item.findAndGetSequenceItem(DCM_ContentSequence, child, i).good(); ++i)
      if (DcmItem* found = FindContent(*child, code); found != nullptr) return found;
    return nullptr;
  }

  static void Put(DcmItem& item, const DcmTagKey& tag, const char* value) {
    ASSERT_TRUE(item.putAndInsertString(tag, value).good());
  }

  testing::TempDir in_;
  testing::TempDir out_;
  config::ModelCard card_ = testing::LungCard();
  ResultOptions options_{.model_digest = "digest", .gateway_version = "0.1.0", .now = {}};
  std::optional<SourceSeries> source_;
  std::optional<Findings> findings_;
  std::vector<SegmentFrame> frames_;
  std::optional<protocol::Artifact> segmentation_;
  DcmFileFormat header_;
};

TEST_F(CheckResultsTest, SegmentationWithAnotherFrameOfReference) {
  ExpectSegmentationFault("FrameOfReferenceUID", [](DcmDataset& dataset) {
    Put(dataset, DCM_FrameOfReferenceUID, "1.2.3");
  });
}

TEST_F(CheckResultsTest, SegmentationInAnotherStudy) {
  ExpectSegmentationFault("StudyInstanceUID",
                          [](DcmDataset& dataset) { Put(dataset, DCM_StudyInstanceUID, "1.2.3"); });
}

TEST_F(CheckResultsTest, SegmentationOfAnotherPatient) {
  ExpectSegmentationFault(
      "PatientID", [](DcmDataset& dataset) { Put(dataset, DCM_PatientID, "somebody else"); });
}

TEST_F(CheckResultsTest, SegmentationWithShiftedPosition) {
  ExpectSegmentationFault("ImagePositionPatient", [](DcmDataset& dataset) {
    Put(At(dataset, {{DCM_PerFrameFunctionalGroupsSequence, 3}, {DCM_PlanePositionSequence, 0}}),
        DCM_ImagePositionPatient, "-120.25\\-99.5\\10.001");
  });
}

TEST_F(CheckResultsTest, SegmentationWithPositionPrintedAnotherWay) {
  ExpectSegmentationFault("ImagePositionPatient", [](DcmDataset& dataset) {
    Put(At(dataset, {{DCM_PerFrameFunctionalGroupsSequence, 0}, {DCM_PlanePositionSequence, 0}}),
        DCM_ImagePositionPatient, "-120.25\\-99.5\\10");
  });
}

TEST_F(CheckResultsTest, SegmentationWithOtherOrientation) {
  ExpectSegmentationFault("ImageOrientationPatient", [](DcmDataset& dataset) {
    Put(At(dataset, {{DCM_SharedFunctionalGroupsSequence, 0}, {DCM_PlaneOrientationSequence, 0}}),
        DCM_ImageOrientationPatient, "1\\0\\0\\0\\-1\\0");
  });
}

TEST_F(CheckResultsTest, SegmentationWithoutPixelMeasures) {
  ExpectSegmentationFault("Pixel Measures", [](DcmDataset& dataset) {
    At(dataset, {{DCM_SharedFunctionalGroupsSequence, 0}})
        .findAndDeleteElement(DCM_PixelMeasuresSequence);
  });
}

TEST_F(CheckResultsTest, SegmentationThatDoesNotListASourceImage) {
  ExpectSegmentationFault("Referenced Series", [](DcmDataset& dataset) {
    DcmSequenceOfItems* instances = nullptr;
    At(dataset, {{DCM_ReferencedSeriesSequence, 0}})
        .findAndGetSequence(DCM_ReferencedInstanceSequence, instances);
    delete instances->remove(1ul);
  });
}

TEST_F(CheckResultsTest, SegmentationWithoutReferencedSeries) {
  ExpectSegmentationFault("Referenced Series", [](DcmDataset& dataset) {
    dataset.findAndDeleteElement(DCM_ReferencedSeriesSequence);
  });
}

TEST_F(CheckResultsTest, SegmentationWithTheWrongSourceImage) {
  const std::string other = source_->frames[3].sop_instance_uid.str();
  ExpectSegmentationFault("ImagePositionPatient", [&](DcmDataset& dataset) {
    Put(At(dataset, {{DCM_PerFrameFunctionalGroupsSequence, 0},
                     {DCM_DerivationImageSequence, 0},
                     {DCM_SourceImageSequence, 0}}),
        DCM_ReferencedSOPInstanceUID, other.c_str());
  });
}

TEST_F(CheckResultsTest, SegmentationThatRefersToSegment99) {
  ExpectSegmentationFault("segment 99", [](DcmDataset& dataset) {
    At(dataset, {{DCM_PerFrameFunctionalGroupsSequence, 2}, {DCM_SegmentIdentificationSequence, 0}})
        .putAndInsertUint16(DCM_ReferencedSegmentNumber, 99);
  });
}

TEST_F(CheckResultsTest, SegmentationWithSwappedSegments) {
  ExpectSegmentationFault("Dimension Index", [](DcmDataset& dataset) {
    At(dataset, {{DCM_PerFrameFunctionalGroupsSequence, 1}, {DCM_SegmentIdentificationSequence, 0}})
        .putAndInsertUint16(DCM_ReferencedSegmentNumber, 2);
  });
}

TEST_F(CheckResultsTest, SegmentationWithTooLongLabel) {
  ExpectSegmentationFault("Segment Label", [](DcmDataset& dataset) {
    Put(At(dataset, {{DCM_SegmentSequence, 0}}), DCM_SegmentLabel, std::string(80, 'x').c_str());
  });
}

TEST_F(CheckResultsTest, SegmentationWithTrackingIdWithoutUid) {
  ExpectSegmentationFault("Tracking", [](DcmDataset& dataset) {
    At(dataset, {{DCM_SegmentSequence, 0}}).findAndDeleteElement(DCM_TrackingUID);
  });
}

TEST_F(CheckResultsTest, SegmentationWithAnotherCode) {
  ExpectSegmentationFault("CodeValue", [](DcmDataset& dataset) {
    Put(At(dataset, {{DCM_SegmentSequence, 1}, {DCM_SegmentedPropertyTypeCodeSequence, 0}}),
        DCM_CodeValue, "10200004");
  });
}

TEST_F(CheckResultsTest, SegmentationWithWrongDimensionValues) {
  ExpectSegmentationFault("Dimension Index", [](DcmDataset& dataset) {
    const Uint32 values[] = {1, 99};
    DcmItem& content =
        At(dataset, {{DCM_PerFrameFunctionalGroupsSequence, 1}, {DCM_FrameContentSequence, 0}});
    auto* element = new DcmUnsignedLong(DCM_DimensionIndexValues);
    element->putUint32Array(values, 2);
    content.insert(element, OFTrue);
  });
}

TEST_F(CheckResultsTest, SegmentationWithLosslessFlagOfLossySource) {
  findings_->source.lossy = true;
  const Status status = CheckSegmentation(Run(), Request(out_.File("seg.dcm")));
  ExpectNamed(status, "LossyImageCompression");
}

TEST_F(CheckResultsTest, SegmentationWithShortPixelData) {
  ExpectSegmentationFault("Pixel Data", [](DcmDataset& dataset) {
    const Uint8 bytes[4] = {};
    dataset.putAndInsertUint8Array(DCM_PixelData, bytes, 4);
  });
}

TEST_F(CheckResultsTest, SegmentationTruncatedOnDisk) {
  const std::string file = out_.File("seg.dcm");
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 40);
  ExpectNamed(CheckSegmentation(Run(), Request(file)), "segmentation");
}

TEST_F(CheckResultsTest, SegmentationWithAnySingleBitFlipped) {
  const std::string file = out_.File("seg.dcm");
  const auto size = std::filesystem::file_size(file);
  const std::uint64_t frames = 8;  // 2 segments, each missing on one of 5 slices
  const std::uint64_t bits = frames * 13 * 17;
  const std::uint64_t start = size - (bits + 15) / 16 * 2;
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  for (std::uint64_t bit = 0; bit < bits; bit += 41) {  // every frame, every bit position
    char byte = 0;
    const auto flip = [&] {
      stream.seekg(static_cast<std::streamoff>(start + bit / 8));
      stream.get(byte);
      stream.seekp(static_cast<std::streamoff>(start + bit / 8));
      stream.put(static_cast<char>(byte ^ (1 << (bit % 8))));
      stream.flush();
    };
    flip();
    ExpectNamed(CheckSegmentation(Run(), Request(file)), "is not the mask");
    flip();
  }
  EXPECT_TRUE(CheckSegmentation(Run(), Request(file)).ok());
}

TEST_F(CheckResultsTest, SegmentationThatLacksAFrame) {
  findings_->segments[0].voxels += 1;
  ExpectNamed(CheckSegmentation(Run(), Request(out_.File("seg.dcm"))), "lacks voxels");
}

TEST_F(CheckResultsTest, ReportOfAnotherPatient) {
  ExpectReportFault("PatientName",
                    [](DcmDataset& dataset) { Put(dataset, DCM_PatientName, "Else^Somebody"); });
}

TEST_F(CheckResultsTest, ReportWithEvidenceThatLacksTheSegmentation) {
  ExpectReportFault("evidence", [](DcmDataset& dataset) {
    DcmSequenceOfItems* series = nullptr;
    At(dataset, {{DCM_CurrentRequestedProcedureEvidenceSequence, 0}})
        .findAndGetSequence(DCM_ReferencedSeriesSequence, series);
    delete series->remove(1ul);
  });
}

TEST_F(CheckResultsTest, ReportWithoutTemplate) {
  ExpectReportFault("Template", [](DcmDataset& dataset) {
    dataset.findAndDeleteElement(DCM_ContentTemplateSequence);
  });
}

TEST_F(CheckResultsTest, ReportThatClaimsToBeVerified) {
  ExpectReportFault("VerificationFlag",
                    [](DcmDataset& dataset) { Put(dataset, DCM_VerificationFlag, "VERIFIED"); });
}

TEST_F(CheckResultsTest, ReportWithoutContributingEquipment) {
  ExpectReportFault("ContributingEquipment", [](DcmDataset& dataset) {
    dataset.findAndDeleteElement(DCM_ContributingEquipmentSequence);
  });
}

TEST_F(CheckResultsTest, ReportThatLosesItsMeasurements) {
  ExpectReportFault("report",
                    [](DcmDataset& dataset) { dataset.findAndDeleteElement(DCM_ContentSequence); });
}

}  // namespace
}  // namespace axial::results
