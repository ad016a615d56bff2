#include <dcmtk/dcmdata/dctk.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "inference/results/write_results.h"
#include "tests/support/dicom_validators.h"
#include "tests/support/repository_paths.h"
#include "tests/support/synthetic_results.h"
#include "tests/support/temp_dir.h"

namespace axial::testing {
namespace {

using ::testing::HasSubstr;

class PdfTest : public ::testing::Test {
 protected:
  Result<protocol::Artifact> Write(const Findings& findings, const config::ModelCard& card,
                                   std::int64_t micros = 1'767'225'600'000'000) {
    ResultOptions options{
        .model_digest = "digest", .gateway_version = "0.1.0", .now = FromMicros(micros)};
    options.profiles.front().also = {config::ExtraResult::kPdf};
    AXIAL_ASSIGN_OR_RETURN(const std::vector<protocol::Artifact> all,
                           WriteResults(findings, card, options, out_.path()));
    return all.back();
  }

  /// What a reader of PDF finds on the page; "" without pdftotext.
  std::string TextOfPage() {
    DcmFileFormat file;
    EXPECT_TRUE(file.loadFile(out_.File("pdf.dcm").c_str()).good());
    const Uint8* bytes = nullptr;
    Uint32 length = 0;
    EXPECT_TRUE(file.getDataset()->findAndGetUint8Array(DCM_EncapsulatedDocument, bytes).good());
    EXPECT_TRUE(file.getDataset()->findAndGetUint32(DCM_EncapsulatedDocumentLength, length).good());
    std::ofstream(out_.File("page.pdf"), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes), length);
    if (!HasProgram("pdftotext")) return "";
    int status = 0;
    std::string text;
    for (const std::string& line :
         RunProgram("pdftotext", {"-layout", out_.File("page.pdf"), "-"}, &status))
      text += line + "\n";
    EXPECT_EQ(status, 0) << text;
    return text;
  }

  TempDir in_;
  TempDir out_;
};

TEST_F(PdfTest, SaysWhatWasFound) {
  const SourceSeries source = WriteSource({}, in_.path());
  const auto written = Write(LungFindings(source, LungCard()), LungCard());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  EXPECT_EQ(written->kind, "pdf");
  const std::string text = TextOfPage();
  if (text.empty()) GTEST_SKIP() << "NOT CHECKED: no pdftotext (package poppler-utils)";
  for (const char* word :
       {"AI result, not for diagnosis", "Doe, Jane", "AX-0001", "1980-02-29", "Axial Lungs 1.2.0",
        "Left lung", "Right lung", "Volume", "-812", "2026-01-01", "ACC123"})
    EXPECT_THAT(text, HasSubstr(word));
  EXPECT_EQ(text.find("not found"), std::string::npos);
}

TEST_F(PdfTest, ShowsEveryMeasurement) {
  const SourceSeries source = WriteSource({.modality = "MR"}, in_.path());
  Findings findings = LungFindings(source, LungCard());
  std::vector<Measurement>& measurements = findings.segments.front().measurements;
  measurements.assign(7, measurements.front());
  for (std::size_t i = 0; i < measurements.size(); ++i) {
    measurements[i].quantity.meaning = "Maximum 3D Diameter of a Mesh";
    measurements[i].value = 7101 + static_cast<double>(i);
  }
  const auto written = Write(findings, LungCard());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  const std::string text = TextOfPage();
  if (text.empty()) GTEST_SKIP() << "NOT CHECKED: no pdftotext (package poppler-utils)";
  for (int value = 7101; value <= 7107; ++value)
    EXPECT_THAT(text, HasSubstr(std::to_string(value)));
}

TEST_F(PdfTest, SaysWhatWasLookedForAndNotFound) {
  const SourceSeries source = WriteSource({}, in_.path());
  const auto written = Write(EmptyFindings(source), LungCard());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  const std::string text = TextOfPage();
  if (text.empty()) GTEST_SKIP() << "NOT CHECKED: no pdftotext (package poppler-utils)";
  EXPECT_THAT(text, HasSubstr("Looked for and not found: Left lung, Right lung."));
}

/// "Not found" is no word about images that nobody looked at.
TEST_F(PdfTest, SaysWhatWasNotAnalysed) {
  const SourceSeries source = WriteSource({}, in_.path());
  Findings findings = EmptyFindings(source);
  findings.left_out = {"2 of 6 frames left out: localizer"};
  const auto written = Write(findings, LungCard());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  const std::string text = TextOfPage();
  if (text.empty()) GTEST_SKIP() << "NOT CHECKED: no pdftotext (package poppler-utils)";
  EXPECT_THAT(text, HasSubstr("Not all of the series was analysed: 2 of 6 frames left out: "
                              "localizer."));
}

TEST_F(PdfTest, ItsDateIsNoPartOfItsUid) {
  const SourceSeries source = WriteSource({}, in_.path());
  const auto first = Write(LungFindings(source, LungCard()), LungCard());
  const auto later = Write(LungFindings(source, LungCard()), LungCard(), 1'769'904'000'000'000);
  const auto other = Write(EmptyFindings(source), LungCard());
  ASSERT_TRUE(first.ok() && later.ok() && other.ok());
  EXPECT_EQ(first->sop_instance_uid, later->sop_instance_uid);
  EXPECT_NE(first->sop_instance_uid, other->sop_instance_uid);
}

struct Name {
  const char* file;
  const char* shown;  ///< a part of the name that stays together on the page
};

TEST_F(PdfTest, ShowsNamesInTheirOwnScript) {
  for (const Name& name :
       {Name{"charset-a/chrGreek.dcm", "Διονυσιος"}, Name{"charset-a/chrRuss.dcm", "Люкceмбypг"},
        Name{"charset-a/chrX1.dcm", "王"}, Name{"charset-a/chrX2.dcm", "王"},
        Name{"charset-a/chrI2.dcm", "길동"}, Name{"charset-a/chrH31.dcm", "山田"},
        Name{"charset-a/chrFren.dcm", "Buc, Jérôme"}, Name{"charset-gb18030/GH1301.dcm", ""}}) {
    const std::filesystem::path file =
        std::filesystem::path(SourceDir() + "/../shared/data") / name.file;
    if (!std::filesystem::exists(file)) GTEST_SKIP() << "NOT CHECKED: no " << file;
    const SourceSeries source = WriteSourceLike(file, {}, in_.path());
    const auto written = Write(LungFindings(source, LungCard()), LungCard());
    ASSERT_TRUE(written.ok()) << written.error().ToString();
    const std::string text = TextOfPage();
    if (text.empty()) GTEST_SKIP() << "NOT CHECKED: no pdftotext (package poppler-utils)";
    EXPECT_THAT(text, HasSubstr(name.shown)) << name.file;
    EXPECT_EQ(text.find("cannot be shown"), std::string::npos) << name.file;
  }
}

// PS3.5 H.3: Arabic runs from right to left, its letters joined.
TEST_F(PdfTest, ShowsArabicNames) {
  const SourceSeries source = WriteSource(
      {.character_set = "ISO_IR 127", .patient_name = "\xE2\xC8\xC7\xE6\xEA^\xE4\xE6\xD2\xC7\xD1"},
      in_.path());
  const auto written = Write(LungFindings(source, LungCard()), LungCard());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  const std::string text = TextOfPage();
  if (text.empty()) GTEST_SKIP() << "NOT CHECKED: no pdftotext (package poppler-utils)";
  EXPECT_THAT(text, HasSubstr("قباني"));
  EXPECT_EQ(text.find("cannot be shown"), std::string::npos);
}

}  // namespace
}  // namespace axial::testing
