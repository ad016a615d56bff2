#include "core/dicom/dictionary.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace axial {
namespace {

TEST(Dictionary, KnowsKeywordsAndTheirValueRepresentation) {
  ASSERT_TRUE(CheckDictionary().ok());
  EXPECT_EQ(VrOfKeyword("SliceThickness"), "DS");
  EXPECT_EQ(VrOfKeyword("PatientName"), "PN");
  EXPECT_EQ(VrOfKeyword("ReferencedSeriesSequence"), "SQ");
  EXPECT_EQ(VrOfKeyword("SmallestImagePixelValue"), "US");  // US or SS
  EXPECT_EQ(VrOfKeyword("OtherPatientIDs"), "LO");          // retired
  EXPECT_EQ(VrOfKeyword("slicethickness"), std::nullopt);
  EXPECT_EQ(VrOfKeyword(""), std::nullopt);
}

TEST(Dictionary, SuggestsTheNearestKeyword) {
  EXPECT_EQ(NearestKeyword("BodyPartExamind"), "BodyPartExamined");
  EXPECT_EQ(NearestKeyword("seriesdescription"), "SeriesDescription");
  EXPECT_EQ(NearestKeyword("zzzzzzzzzzzzzz"), "");
}

TEST(DictionaryDeathTest, SaysWhatToDoWhenItIsNotThere) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";  // a new process, nothing read yet
  EXPECT_EXIT(
      {
        setenv("DCMDICTPATH", "/no/such/dicom.dic", 1);
        const Status status = CheckDictionary();
        std::exit(!status.ok() && status.error().message().find("DCMDICTPATH") != std::string::npos
                      ? 7
                      : 0);
      },
      ::testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace axial
