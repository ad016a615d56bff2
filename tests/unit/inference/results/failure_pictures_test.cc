#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "inference/results/failed_series.h"
#include "tests/support/dicom_validators.h"
#include "tests/unit/inference/results/fault_fixture.h"

/// Destinations without reports are told by picture and page that a model could not run; neither
/// can be taken for a result.
namespace axial::results {
namespace {

using ::testing::HasSubstr;

class FailurePictures : public FaultTest {
 protected:
  /// Of a Series whose pixels nobody can read.
  void WriteFailure(bool not_applicable = false) {
    const SourceSeries source = testing::WriteSource({}, in_.path());
    std::vector<std::string> files;
    for (const SourceFrame& frame : source.frames) files.push_back(frame.file);
    auto described = DescribeFailedSeries(files);
    ASSERT_TRUE(described.ok()) << described.error().ToString();
    findings_.emplace(Findings{*described, {}, {}, {}});
    options_.failure = protocol::RunFailure{not_applicable, "the slices are 8 mm apart; at most 5"};
    config::ResultProfile& profile = options_.profiles.front();
    profile.segmentation = config::ResultProfile::Segmentation::kNone;
    profile.report = config::ResultProfile::Report::kNone;
    profile.also = {config::ExtraResult::kSecondaryCapture, config::ExtraResult::kPdf,
                    config::ExtraResult::kKeyObjects, config::ExtraResult::kRtStructureSet,
                    config::ExtraResult::kPresentationState};
    profile.captured_slices = config::ResultProfile::Slices::kEvery;
    const auto written = WriteFailureReport(files, card_, options_, out_.path());
    ASSERT_TRUE(written.ok()) << written.error().ToString();
    artifacts_ = *written;
    ASSERT_TRUE(header_.loadFile(files.front().c_str()).good());
  }

  DcmDataset& Open(const std::string& kind) {
    const protocol::Artifact* artifact = FirstOf(kind);
    if (artifact == nullptr) FailInvariant("no such kind", __FILE__, __LINE__);
    EXPECT_TRUE(opened_.loadFile(out_.File(artifact->file).c_str()).good());
    EXPECT_TRUE(opened_.loadAllDataIntoMemory().good());
    return *opened_.getDataset();
  }

  DcmFileFormat opened_;
};

TEST_F(FailurePictures, AreOnePictureAndOnePageWithTheCodedOutcome) {
  for (const bool not_applicable : {false, true}) {
    WriteFailure(not_applicable);
    ASSERT_EQ(artifacts_.size(), 2u);
    EXPECT_EQ(artifacts_[0].kind, "secondary_capture");
    EXPECT_EQ(artifacts_[1].kind, "pdf");
    for (const protocol::Artifact& artifact : artifacts_) {
      EXPECT_EQ(artifact.profiles, std::vector<int>{0});
      DcmDataset& dataset = Open(artifact.kind);
      EXPECT_EQ(TextOf(dataset, DCM_SeriesDescription), "AI could not run: Axial Lungs 1.2.0");
      DcmItem& code = At(dataset, {{DCM_SeriesDescriptionCodeSequence, 0}});
      EXPECT_EQ(TextOf(code, DCM_CodeValue), not_applicable ? "111225" : "111224");
      EXPECT_EQ(TextOf(code, DCM_CodingSchemeDesignator), "DCM");
      if (testing::HasProgram("dciodvfy")) {
        EXPECT_EQ(testing::IodErrors(out_.File(artifact.file)), std::vector<std::string>());
      }
    }
    EXPECT_NE(TextOf(Open("secondary_capture"), DCM_SeriesNumber),
              TextOf(Open("pdf"), DCM_SeriesNumber));
  }
}

TEST_F(FailurePictures, SayOnThePageThatNothingIsSaidAndWhy) {
  WriteFailure();
  DcmDataset& dataset = Open("pdf");
  EXPECT_EQ(TextOf(dataset, DCM_DocumentTitle), "AI could not run: Axial Lungs 1.2.0");
  if (!testing::HasProgram("pdftotext"))
    GTEST_SKIP() << "NOT CHECKED: no pdftotext (package poppler-utils)";
  const Uint8* bytes = nullptr;
  Uint32 length = 0;
  ASSERT_TRUE(dataset.findAndGetUint8Array(DCM_EncapsulatedDocument, bytes).good());
  ASSERT_TRUE(dataset.findAndGetUint32(DCM_EncapsulatedDocumentLength, length).good());
  std::ofstream(out_.File("page.pdf"), std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes), length);
  int status = 0;
  std::string text;
  for (const std::string& line :
       testing::RunProgram("pdftotext", {out_.File("page.pdf"), "-"}, &status))
    text += line + " ";
  for (const char* words : {"AI could not run: Axial Lungs 1.2.0", "could not run on this series",
                            "This is no result", "Reason: the slices are 8 mm apart; at most 5",
                            "AI result, not for diagnosis", "Doe, Jane", "No image was analysed"})
    EXPECT_THAT(text, HasSubstr(words));
  for (const char* words : {"not found", "AI result: ", "looked for", "Left lung", "Volume"})
    EXPECT_EQ(text.find(words), std::string::npos) << words;
}

TEST_F(FailurePictures, AreOtherSeriesThanTheResultsAndTheSameWhenRepeated) {
  WriteFailure();
  const std::vector<protocol::Artifact> failed = artifacts_;
  WriteFailure();
  const std::vector<protocol::Artifact> again = artifacts_;
  options_.failure.reset();
  Write(SourceFor(On::kStack), On::kStack);
  for (std::size_t i = 0; i < failed.size(); ++i) {
    EXPECT_EQ(failed[i].sop_instance_uid, again[i].sop_instance_uid);
    const protocol::Artifact* result = FirstOf(failed[i].kind);
    ASSERT_NE(result, nullptr);
    EXPECT_NE(failed[i].series_instance_uid, result->series_instance_uid);
  }
}

void CodeAsFailure(DcmDataset& dataset) {
  DcmItem* code = nullptr;
  ASSERT_TRUE(dataset.findOrCreateSequenceItem(DCM_SeriesDescriptionCodeSequence, code, -2).good());
  ASSERT_TRUE(code->putAndInsertString(DCM_CodeValue, "111224").good());
}

class FailurePictureFaults : public FailurePictures,
                             public ::testing::WithParamInterface<const char*> {};

TEST_P(FailurePictureFaults, TitleOfAResult) {
  WriteFailure();
  ExpectFound(GetParam(), "SeriesDescription",
              Set(DCM_SeriesDescription, "AI Axial Lungs 1.2.0 pictures"));
}

TEST_P(FailurePictureFaults, NoCode) {
  WriteFailure();
  ExpectFound(GetParam(), "not coded", Remove(DCM_SeriesDescriptionCodeSequence));
}

TEST_P(FailurePictureFaults, CodeOfTheOtherOutcome) {
  WriteFailure();
  ExpectFound(GetParam(), "CodeValue",
              Set(DCM_CodeValue, "111225", {{DCM_SeriesDescriptionCodeSequence, 0}}));
}

TEST_P(FailurePictureFaults, ResultThatIsCodedAsFailure) {
  Write(SourceFor(On::kStack), On::kStack);
  ExpectFound(GetParam(), "coded as a failure", CodeAsFailure);
}

INSTANTIATE_TEST_SUITE_P(Both, FailurePictureFaults, ::testing::Values("secondary_capture", "pdf"));

TEST_F(FailurePictures, APageThatSaysSomethingElseIsFound) {
  WriteFailure();
  ExpectFound("pdf", "does not tell the failure", [](DcmDataset& dataset) {
    Uint8* bytes = nullptr;
    DcmElement* element = nullptr;
    ASSERT_TRUE(dataset.findAndGetElement(DCM_EncapsulatedDocument, element).good());
    ASSERT_TRUE(element->getUint8Array(bytes).good());
    bytes[element->getLength() / 2] ^= 1;
  });
}

TEST_F(FailurePictures, APictureThatShowsSomethingElseIsFound) {
  WriteFailure();
  ExpectFound("secondary_capture", "not what was made", [](DcmDataset& dataset) {
    const std::vector<Uint8> black(808 * 512 * 3);
    ASSERT_TRUE(dataset.putAndInsertUint8Array(DCM_PixelData, black.data(), black.size()).good());
  });
}

}  // namespace
}  // namespace axial::results
