#include "inference/results/write_results.h"

#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <set>

#include "core/base/log.h"
#include "tests/support/random_findings.h"
#include "tests/support/synthetic_results.h"
#include "tests/support/synthetic_series.h"
#include "tests/support/temp_dir.h"

namespace axial {
namespace {

class WriteResultsTest : public ::testing::Test {
 protected:
  std::vector<protocol::Artifact> Write(const Findings& findings, const config::ModelCard& card) {
    const auto written = WriteResults(findings, card, options_, out_.path());
    EXPECT_TRUE(written.ok()) << written.error().ToString();
    return written.ok() ? *written : std::vector<protocol::Artifact>();
  }

  std::string Text(const std::string& file, const DcmTagKey& tag) {
    DcmFileFormat loaded;
    EXPECT_TRUE(loaded.loadFile(out_.File(file).c_str()).good());
    OFString text;
    loaded.getDataset()->findAndGetOFStringArray(tag, text);
    return text.c_str();
  }

  testing::TempDir in_;
  testing::TempDir out_;
  ResultOptions options_{.model_digest = "digest",
                         .gateway_version = "0.1.0",
                         .now = FromMicros(1'767'225'600'000'000)};
  config::ModelCard card_ = testing::LungCard();
};

TEST_F(WriteResultsTest, GivesSegmentationAndReport) {
  const SourceSeries source = testing::WriteSource({}, in_.path());
  const auto artifacts = Write(testing::LungFindings(source, card_), card_);
  ASSERT_EQ(artifacts.size(), 2u);
  EXPECT_EQ(artifacts[0].kind, "seg");
  EXPECT_EQ(artifacts[1].kind, "sr");
  EXPECT_NE(artifacts[0].series_instance_uid, artifacts[1].series_instance_uid);
  EXPECT_EQ(Text("seg.dcm", DCM_SOPInstanceUID), artifacts[0].sop_instance_uid);
  EXPECT_EQ(Text("seg.dcm", DCM_SeriesNumber), "9001");
  EXPECT_EQ(Text("sr.dcm", DCM_SeriesNumber), "9002");
  EXPECT_EQ(Text("seg.dcm", DCM_SeriesDescription), "AI Axial Lungs 1.2.0 SEG");
  EXPECT_EQ(Text("seg.dcm", DCM_ContentDescription), "For demonstration, not for diagnosis");
}

TEST_F(WriteResultsTest, EachRunHasSeriesNumbersOfItsOwnFromTheProfilesFirstOn) {
  const SourceSeries source = testing::WriteSource({}, in_.path());
  options_.run_of_study = 1;
  options_.profiles.resize(3);
  options_.profiles[1].first_series_number = 501;
  const auto artifacts = Write(testing::LungFindings(source, card_), card_);
  ASSERT_EQ(artifacts.size(), 4u);
  EXPECT_EQ(Text("seg.dcm", DCM_SeriesNumber), "9021");
  EXPECT_EQ(Text("sr.dcm", DCM_SeriesNumber), "9022");
  EXPECT_EQ(artifacts[0].profiles, (std::vector<int>{0, 2}));
  // Another number is another Series, and the report refers to the Segmentation beside it.
  EXPECT_EQ(Text("seg-2.dcm", DCM_SeriesNumber), "521");
  EXPECT_EQ(Text("sr-2.dcm", DCM_SeriesNumber), "522");
  std::set<std::string> series;
  for (const protocol::Artifact& artifact : artifacts) series.insert(artifact.series_instance_uid);
  EXPECT_EQ(series.size(), 4u);

  options_.profiles = {config::ResultProfile()};
  options_.profiles[0].first_series_number = 501;
  options_.failure = protocol::RunFailure{.reason = "no memory", .model = {"lungs", "1.2"}};
  const testing::TempDir failed;
  const auto told =
      WriteFailureReport({source.frames.front().file}, card_, options_, failed.path());
  ASSERT_TRUE(told.ok()) << told.error().ToString();
  EXPECT_EQ(Text(failed.File("sr.dcm"), DCM_SeriesNumber), "540");
}

TEST_F(WriteResultsTest, GivesTheReportAloneWhenNothingIsFound) {
  const SourceSeries source = testing::WriteSource({}, in_.path());
  const auto artifacts = Write(testing::EmptyFindings(source), card_);
  ASSERT_EQ(artifacts.size(), 1u);
  EXPECT_EQ(artifacts[0].kind, "sr");
  EXPECT_FALSE(std::filesystem::exists(out_.File("seg.dcm")));
}

TEST_F(WriteResultsTest, NamesWhatItReplacesWhereItGoesAndNotWhatOthersGot) {
  using Profile = config::ResultProfile;
  const SourceSeries source = testing::WriteSource({}, in_.path());
  options_.profiles.resize(3);
  options_.profiles[1].segmentation = Profile::Segmentation::kLabelmap;
  options_.profiles[1].report = Profile::Report::kEnhanced;
  options_.profiles[2].banner = "";  // gets the same two objects as the first
  const char* const sr = "1.2.840.10008.5.1.4.1.1.88.34";
  options_.predecessors = {{"sr", sr, "2.25.1", "2.25.11", {0}},
                           {"sr", sr, "2.25.2", "2.25.12", {1}},
                           {"sr", sr, "2.25.3", "2.25.13", {2}},
                           {"sr", sr, "2.25.4", "2.25.14", {}},
                           {"seg", sr, "2.25.5", "2.25.15", {1}}};
  Write(testing::LungFindings(source, card_), card_);
  const auto named = [&](const std::string& file) {
    DcmFileFormat loaded;
    EXPECT_TRUE(loaded.loadFile(out_.File(file).c_str()).good());
    std::set<std::string> uids;
    DcmSequenceOfItems* studies = nullptr;
    if (loaded.getDataset()->findAndGetSequence(DCM_PredecessorDocumentsSequence, studies).bad())
      return uids;
    DcmStack stack;
    while (studies->search(DCM_ReferencedSOPInstanceUID, stack, ESM_afterStackTop, OFTrue).good()) {
      OFString uid;
      static_cast<DcmElement*>(stack.top())->getOFString(uid, 0);
      uids.insert(uid.c_str());
    }
    return uids;
  };
  EXPECT_EQ(named("sr.dcm"), (std::set<std::string>{"2.25.11", "2.25.13"}));
  EXPECT_EQ(named("sr-2.dcm"), std::set<std::string>{"2.25.12"});
  EXPECT_EQ(Text("seg.dcm", DCM_DerivationDescription), "");
  EXPECT_EQ(Text("seg-2.dcm", DCM_DerivationDescription), "Replaces 2.25.15");
}

int replaced_forms = 0;

void CountReplacedForms(LogLevel, std::string_view line) {
  if (line.find("segmentation_form_replaced") != std::string_view::npos) ++replaced_forms;
}

TEST_F(WriteResultsTest, SaysOnceThatAFormIsReplaced) {
  using Profile = config::ResultProfile;
  const SourceSeries source = testing::WriteSource({}, in_.path());
  const Findings findings =
      testing::MakeRandomFindings(source, card_, {.segments = 2, .overlap = true});
  options_.profiles.resize(4);
  options_.profiles[1].segmentation = Profile::Segmentation::kLabelmap;
  options_.profiles[2].segmentation = Profile::Segmentation::kLabelmap;
  options_.profiles[2].rle = true;
  options_.profiles[3].segmentation = Profile::Segmentation::kNone;
  replaced_forms = 0;
  SetLogSink(CountReplacedForms);
  const auto artifacts = Write(findings, card_);
  SetLogSink(nullptr);
  EXPECT_EQ(replaced_forms, 1);
  ASSERT_EQ(artifacts.at(0).kind, "seg");
  EXPECT_EQ(artifacts.at(0).profiles, (std::vector<int>{0, 1, 2})) << "all get the same BINARY";
}

/// What a card's author may write must not make the checks refuse what was written of it.
TEST_F(WriteResultsTest, TakesNamesOfAnyShape) {
  const SourceSeries source = testing::WriteSource({}, in_.path());
  for (const std::string& name :
       {std::string("  Left  lung "), std::string("upper\\lower"), std::string("tab\tend\n"),
        std::string(200, 'x'), std::string("\xe5\xb7\xa6\xe8\x82\xba "), std::string("a^b=c")}) {
    card_.segments[0].name = name;
    card_.algorithm = {.name = name, .manufacturer = name, .version = name, .notice = name};
    options_.profiles.front().also = {config::ExtraResult::kSecondaryCapture,
                                      config::ExtraResult::kRtStructureSet,
                                      config::ExtraResult::kPdf, config::ExtraResult::kKeyObjects};
    const testing::TempDir out;
    const auto written =
        WriteResults(testing::LungFindings(source, card_), card_, options_, out.path());
    EXPECT_TRUE(written.ok()) << name << ": " << written.error().ToString();
  }
}

TEST_F(WriteResultsTest, TellsTheTimeInTheStudysZone) {
  const SourceSeries source = testing::WriteSource({.timezone = "-0930"}, in_.path());
  Write(testing::EmptyFindings(source), card_);
  EXPECT_EQ(Text("sr.dcm", DCM_ContentDate), "20251231");  // 2026-01-01 00:00 UTC
  EXPECT_EQ(Text("sr.dcm", DCM_ContentTime), "143000");
}

TEST_F(WriteResultsTest, PropagatesLossyCompression) {
  const SourceSeries source = testing::WriteSource({.lossy = true}, in_.path());
  Write(testing::LungFindings(source, card_), card_);
  EXPECT_EQ(Text("seg.dcm", DCM_LossyImageCompression), "01");
  EXPECT_EQ(Text("seg.dcm", DCM_LossyImageCompressionRatio), "10");
  EXPECT_EQ(Text("seg.dcm", DCM_LossyImageCompressionMethod), "ISO_10918_1");
}

TEST_F(WriteResultsTest, NamesTheSameOutcomeTheSameAtAnyTime) {
  const SourceSeries source = testing::WriteSource({}, in_.path());
  const Findings findings = testing::LungFindings(source, card_);
  const auto first = Write(findings, card_);
  options_.now += std::chrono::hours(5);
  const auto second = Write(findings, card_);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(first[i].sop_instance_uid, second[i].sop_instance_uid);
    EXPECT_EQ(first[i].series_instance_uid, second[i].series_instance_uid);
  }
}

TEST_F(WriteResultsTest, NamesAnotherOutcomeDifferentlyInTheSameSeries) {
  const SourceSeries source = testing::WriteSource({}, in_.path());
  Findings findings = testing::LungFindings(source, card_);
  const auto first = Write(findings, card_);
  findings.segments[0].measurements[0].value += 1;
  const auto measured = Write(findings, card_);
  EXPECT_EQ(first[0].sop_instance_uid, measured[0].sop_instance_uid);
  EXPECT_NE(first[1].sop_instance_uid, measured[1].sop_instance_uid);
  // One voxel moves within a slice: every attribute stays, only pixels change.
  std::vector<std::uint8_t>& labels = findings.layers.front().labels;
  for (std::size_t i = 1; i < labels.size(); ++i) {
    if (labels[i] == 1 && labels[i + 1] == 0) {
      std::swap(labels[i], labels[i + 1]);
      break;
    }
  }
  const auto moved = Write(findings, card_);
  EXPECT_NE(first[0].sop_instance_uid, moved[0].sop_instance_uid);
  EXPECT_EQ(first[0].series_instance_uid, moved[0].series_instance_uid);
}

TEST_F(WriteResultsTest, NamesAnotherModelsResultsDifferently) {
  const SourceSeries source = testing::WriteSource({}, in_.path());
  const Findings findings = testing::LungFindings(source, card_);
  const auto first = Write(findings, card_);
  options_.model_digest = "retrained";
  const auto second = Write(findings, card_);
  EXPECT_NE(first[0].series_instance_uid, second[0].series_instance_uid);
  EXPECT_NE(first[1].sop_instance_uid, second[1].sop_instance_uid);
}

TEST_F(WriteResultsTest, RefusesASourceFileThatIsNotTheOneNamed) {
  SourceSeries source = testing::WriteSource({}, in_.path());
  source.frames[2].image_position_patient = "0\\0\\0";
  const auto written =
      WriteResults(testing::LungFindings(source, card_), card_, options_, out_.path());
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code(), ErrorCode::kInvalidInput);
  EXPECT_TRUE(std::filesystem::is_empty(out_.path()));  // the finished SEG is not left behind
}

TEST_F(WriteResultsTest, RefusesABrokenSourceFile) {
  const SourceSeries source = testing::WriteSource({}, in_.path());
  std::ofstream(source.frames[1].file, std::ios::trunc) << "not DICOM any more";
  const auto written =
      WriteResults(testing::LungFindings(source, card_), card_, options_, out_.path());
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code(), ErrorCode::kInvalidInput) << written.error().ToString();
  EXPECT_TRUE(std::filesystem::is_empty(out_.path()));
}

/// PS3.5 9.1 forbids leading zeros in UIDs, and devices write them: results name such images all
/// the same.
class ImagesWithLeadingZeros : public WriteResultsTest,
                               public ::testing::WithParamInterface<const char*> {};

TEST_P(ImagesWithLeadingZeros, GetEveryResult) {
  const SourceSeries source = testing::WriteSource({.series_uid = GetParam()}, in_.path());
  config::ResultProfile& profile = options_.profiles.front();
  profile.also.insert(config::ExtraResult::kKeyObjects);
  EXPECT_EQ(Write(testing::LungFindings(source, card_), card_).size(), 3u);
  EXPECT_EQ(Write(testing::EmptyFindings(source), card_).size(), 1u);
}

TEST_P(ImagesWithLeadingZeros, GetAReportThatTheModelCouldNotRun) {
  const SourceSeries source = testing::WriteSource({.series_uid = GetParam()}, in_.path());
  options_.failure = protocol::RunFailure{.reason = "no memory"};
  const auto written = WriteFailureReport({source.frames[0].file, source.frames[1].file}, card_,
                                          options_, out_.path());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  EXPECT_EQ(written->size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Places, ImagesWithLeadingZeros,
                         ::testing::Values("1.2.003.4", "1.2.3.00"));

TEST_F(WriteResultsTest, NamesAMissingSourceFile) {
  const SourceSeries source = testing::WriteSource({}, in_.path());
  std::filesystem::remove(source.frames[0].file);
  const auto written = WriteResults(testing::EmptyFindings(source), card_, options_, out_.path());
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code(), ErrorCode::kNotFound) << written.error().ToString();
}

TEST_F(WriteResultsTest, RefusesAMeasurementThatIsNotANumber) {
  const SourceSeries source = testing::WriteSource({}, in_.path());
  Findings findings = testing::LungFindings(source, card_);
  findings.segments[1].measurements[1].value = std::numeric_limits<double>::quiet_NaN();
  const auto written = WriteResults(findings, card_, options_, out_.path());
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code(), ErrorCode::kInvalidInput);
}

TEST_F(WriteResultsTest, NamesADirectoryItCannotWriteTo) {
  const SourceSeries source = testing::WriteSource({}, in_.path());
  const auto written =
      WriteResults(testing::LungFindings(source, card_), card_, options_, out_.File("missing"));
  EXPECT_FALSE(written.ok());
}

/// A code string knows no Cyrillic, whatever the character set is: no object repeats it.
TEST_F(WriteResultsTest, APatientsSexBeyondAsciiIsLeftEmptyInEveryObject) {
  const SourceSeries source = testing::WriteSource({}, in_.path());
  for (const SourceFrame& frame : source.frames)
    testing::EditFile(frame.file, "PatientSex", "\xD0\x96");
  for (std::size_t i = 0; i < config::kExtraResultNames.size(); ++i)
    options_.profiles.front().also.insert(static_cast<config::ExtraResult>(i));
  const auto written = Write(testing::LungFindings(source, card_), card_);
  EXPECT_GT(written.size(), 6U);
  for (const protocol::Artifact& artifact : written) {
    EXPECT_EQ(Text(artifact.file, DCM_PatientSex), "") << artifact.file;
    EXPECT_EQ(Text(artifact.file, DCM_PatientName), "Doe^Jane") << artifact.file;
  }
}

}  // namespace
}  // namespace axial
