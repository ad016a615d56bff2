#include "gateway/commands/input_series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/synthetic_series.h"
#include "tests/support/temp_dir.h"

namespace axial::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class InputSeriesTest : public ::testing::Test {
 protected:
  /// Files of one Series in a folder of their own. `number`: "" for none.
  std::vector<std::string> Write(const std::string& name, const std::string& uid,
                                 const std::string& number, int slices = 2) const {
    std::filesystem::create_directories(folder_.File(name));
    testing::SyntheticSeries series;
    series.geometry = testing::AxialGeometry({slices, 4, 4}, 1, 1, 2);
    series.series_uid = uid;
    std::vector<std::string> files = testing::WriteSeries(series, folder_.File(name));
    for (const std::string& file : files) testing::EditFile(file, "SeriesNumber", number);
    return files;
  }

  /// What people are told of the folder.
  std::string Told() const {
    const Result<InputFolder> input = ReadInputFolder(folder_.path().string());
    EXPECT_TRUE(input.ok());
    std::ostringstream err;
    TellLeftOut(*input, err);
    return err.str();
  }

  testing::TempDir folder_;
};

TEST_F(InputSeriesTest, SeriesAreInTheOrderOfTheirNumbers) {
  Write("a", "1.2.1", "");
  Write("b", "1.2.2", "10");
  Write("c", "1.2.3", "9");
  Write("d/deeper", "1.2.0", "10");
  const Result<InputFolder> input = ReadInputFolder(folder_.path().string());
  ASSERT_TRUE(input.ok());
  std::vector<std::string> uids;
  for (const InputSeries& series : input->series) {
    uids.push_back(series.uid);
    EXPECT_EQ(series.files.size(), 2U);
    EXPECT_EQ(series.modality, "CT");
    EXPECT_TRUE(series.patient.ok());
  }
  EXPECT_THAT(uids, ::testing::ElementsAre("1.2.3", "1.2.2", "1.2.0", "1.2.1"));
  EXPECT_EQ(Told(), "");
}

TEST_F(InputSeriesTest, NamesDicomThatCannotBeUsedWithReasonAndRemedy) {
  const std::vector<std::string> files = Write("ct", "1.2.1", "1", 9);
  for (std::size_t i = 0; i < 7; ++i)
    testing::EditFile(files[i], "StudyInstanceUID", "896911bf-1143-4c8d-8f04-f3cd1a7f6204");
  std::filesystem::copy_file(files[8], folder_.File("ct/again.dcm"));
  std::ofstream(folder_.File("notes.txt")) << "not DICOM";
  std::ofstream(folder_.File("a\n.dcm"), std::ios::binary) << std::string(128, '\0') << "DICM\x02";
  std::ofstream(folder_.File("DICOMDIR"), std::ios::binary) << std::string(128, '\0') << "DICM";
  const std::string told = Told();
  EXPECT_THAT(told, HasSubstr("2 of 13 files are no DICOM images\n"));
  EXPECT_THAT(told, HasSubstr("1 of 13 files repeat an Instance"));
  EXPECT_THAT(told, HasSubstr("8 of 13 files are DICOM, but cannot be used:\n"));
  EXPECT_THAT(told, HasSubstr("/slice-005.dcm: StudyInstanceUID: UID has a character that is "
                              "neither digit nor dot\n"));
  EXPECT_THAT(told, HasSubstr("/a .dcm: "));  // the name must not break the line
  EXPECT_THAT(told, HasSubstr("\n  and 3 more\n"));
  EXPECT_THAT(told, HasSubstr("Correct what is named where the files come from"));
  EXPECT_THAT(told, Not(HasSubstr("896911bf")));
}

TEST_F(InputSeriesTest, TwoPatientsAreAnErrorOfAllSeriesOfTheStudy) {
  Write("a", "1.2.1", "1");
  for (const std::string& file : Write("b", "1.2.2", "2"))
    testing::EditFile(file, "PatientID", "OTHER");
  const Result<InputFolder> input = ReadInputFolder(folder_.path().string());
  ASSERT_TRUE(input.ok());
  ASSERT_EQ(input->series.size(), 2U);
  for (const InputSeries& series : input->series) EXPECT_FALSE(series.patient.ok());
}

}  // namespace
}  // namespace axial::gateway
