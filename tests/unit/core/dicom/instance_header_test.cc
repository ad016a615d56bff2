#include "core/dicom/instance_header.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "tests/support/hostile_dicom.h"
#include "tests/support/repository_paths.h"
#include "tests/support/temp_dir.h"

namespace axial {
namespace {

using testing::DicomFile;
using ::testing::ElementsAre;
using testing::ExplicitElement;
using ::testing::HasSubstr;

const std::string kData = axial::testing::SourceDir() + "/../shared/data";

Result<InstanceHeader> ReadBytes(std::string_view bytes) {
  const testing::TempDir folder;
  testing::WriteWholeFile(folder.File("file.dcm"), bytes);
  return ReadInstanceHeader(folder.File("file.dcm"));
}

TEST(InstanceHeader, ReadsIdentityAndAttributes) {
  const auto header = ReadBytes(
      DicomFile(testing::SmallDataSet(5, ExplicitElement(0x0028, 0x0008, "IS", "3") +
                                             ExplicitElement(0x0028, 0x0030, "DS", "0.5 \\ 0.25") +
                                             ExplicitElement(0x0028, 0x1050, "DS", "") +
                                             ExplicitElement(0x0029, 0x1010, "LO", "x") +
                                             ExplicitElement(0x0028, 0x3010, "SQ", ""))));
  ASSERT_TRUE(header.ok()) << header.error().ToString();
  EXPECT_EQ(header->study_instance_uid.str(), "1.2.3.5");
  EXPECT_EQ(header->series_instance_uid.str(), "1.2.3.5.1");
  EXPECT_EQ(header->sop_instance_uid.str(), "1.2.3.5.1.1");
  EXPECT_EQ(header->sop_class_uid.str(), "1.2.840.10008.5.1.4.1.1.7");
  EXPECT_EQ(header->transfer_syntax_uid, "1.2.840.10008.1.2.1");
  EXPECT_EQ(header->frames, 3);
  EXPECT_EQ(FirstValue(header->attributes, "Rows"), "8");
  EXPECT_THAT(FindAttribute(header->attributes, "PixelSpacing")->values,
              ElementsAre("0.5", "0.25"));
  ASSERT_NE(FindAttribute(header->attributes, "WindowCenter"), nullptr);
  EXPECT_TRUE(FindAttribute(header->attributes, "WindowCenter")->values.empty());
  EXPECT_EQ(FindAttribute(header->attributes, "VOILUTSequence"), nullptr);
  EXPECT_EQ(FindAttribute(header->attributes, "PixelData"), nullptr);
}

TEST(InstanceHeader, NamesTheMissingOrBrokenAttribute) {
  const auto without = ReadBytes(DicomFile(ExplicitElement(0x0020, 0x000d, "UI", "1.2")));
  ASSERT_FALSE(without.ok());
  EXPECT_EQ(without.error().code(), ErrorCode::kInvalidInput);
  EXPECT_THAT(without.error().message(), HasSubstr("SeriesInstanceUID is missing"));
  const auto broken = ReadBytes(DicomFile(ExplicitElement(0x0020, 0x000d, "UI", "../../etc")));
  ASSERT_FALSE(broken.ok());
  EXPECT_THAT(broken.error().message(), HasSubstr("StudyInstanceUID"));
}

TEST(InstanceHeader, ReportsMissingFile) {
  const testing::TempDir folder;
  EXPECT_EQ(ReadInstanceHeader(folder.File("none")).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(ReadInstanceHeader(folder.path()).error().code(), ErrorCode::kUnavailable);
}

TEST(InstanceHeader, IsReadFromAFileThatIsBeingWrittenAndLeavesItAsItIs) {
  const testing::TempDir folder;
  const int descriptor = ::open(folder.File("a.dcm").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_GE(descriptor, 0);
  const std::string bytes = DicomFile(testing::SmallDataSet(5, ""));
  ASSERT_EQ(::write(descriptor, bytes.data(), bytes.size()), std::ssize(bytes));
  for (int i = 0; i < 2; ++i) {
    const auto header = ReadInstanceHeaderOfOpenFile(descriptor);
    ASSERT_TRUE(header.ok()) << header.error().ToString();
    EXPECT_EQ(header->sop_instance_uid.str(), "1.2.3.5.1.1");
  }
  EXPECT_EQ(::lseek(descriptor, 0, SEEK_CUR), std::ssize(bytes));
  ::close(descriptor);
  EXPECT_EQ(ReadInstanceHeaderOfOpenFile(descriptor).error().code(), ErrorCode::kUnavailable);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_EQ(ReadInstanceHeaderOfOpenFile(ends[0]).error().code(), ErrorCode::kUnavailable);
  for (const int end : ends) ::close(end);
}

TEST(InstanceHeader, ReadsNamesInEveryCharacterSetOfTheSamples) {
  if (!std::filesystem::exists(kData)) GTEST_SKIP() << "SAMPLE DATA MISSING: " << kData;
  const std::map<std::string, std::string> names = {
      {"charset-a/chrFren.dcm", "Buc^Jérôme"},
      {"charset-a/chrGreek.dcm", "Διονυσιος"},
      {"charset-a/chrH31.dcm", "Yamada^Tarou=山田^太郎=やまだ^たろう"},
      {"charset-a/chrI2.dcm", "Hong^Gildong=洪^吉洞=홍^길동"},
      {"charset-a/chrJapMultiExplicitIR6.dcm", "やまだ^たろう"},
      {"charset-a/chrRuss.dcm", "Люкceмбypг"},
      {"charset-a/chrX1.dcm", "Wang^XiaoDong=王^小東="},
      {"charset-a/chrX2.dcm", "Wang^XiaoDong=王^小东="},
      {"charset-gb18030/GH1301.dcm", "Wang^XiaoDong=王^小东="},
  };
  for (const auto& [file, name] : names) {
    const auto header = ReadInstanceHeader(kData + "/" + file);
    ASSERT_TRUE(header.ok()) << file << ": " << header.error().ToString();
    EXPECT_EQ(FirstValue(header->attributes, "PatientName"), name) << file;
  }
}

std::vector<std::string> Fields(const std::string& line) {
  std::vector<std::string> fields(1);
  for (const char c : line) {
    if (c == '\t')
      fields.emplace_back();
    else
      fields.back() += c;
  }
  return fields;
}

TEST(InstanceHeader, ReadsEverySampleThatIsWhole) {
  std::ifstream index(kData + "/index.tsv");
  if (!index) GTEST_SKIP() << "SAMPLE DATA MISSING: " << kData;
  int compared = 0;
  std::string line;
  std::getline(index, line);
  while (std::getline(index, line)) {
    const std::vector<std::string> fields = Fields(line);
    const std::string path = kData + "/" + fields.at(0);
    if (!std::filesystem::exists(path)) continue;  // packed
    const Status status = CheckStructure(path);
    const bool whole = fields.at(3) == "0";
    EXPECT_EQ(status.ok(), whole) << path << (status.ok() ? "" : status.error().message());
    const auto header = ReadInstanceHeader(path);
    if (!header.ok()) continue;  // some samples lack UIDs, or have what is no UID
    EXPECT_EQ(header->sop_class_uid.str(), fields.at(4)) << path;
    EXPECT_EQ(header->study_instance_uid.str(), fields.at(8)) << path;
    EXPECT_EQ(header->sop_instance_uid.str(), fields.at(10)) << path;
    ++compared;
  }
  EXPECT_GT(compared, 50);
}

}  // namespace
}  // namespace axial
