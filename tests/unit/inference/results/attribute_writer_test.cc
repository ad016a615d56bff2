#include "inference/results/attribute_writer.h"

#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

#include <cmath>

namespace axial::results {
namespace {

TEST(FormatDecimal, HoldsWhatSixteenCharactersCan) {
  for (const double value : {0.0, 1.0, -812.3456789, 1.0 / 3, -1.0 / 3, 5123456.789, 1e-20, -1e300,
                             123456789012345678.0, 2.5}) {
    const std::string text = FormatDecimal(value);
    EXPECT_LE(text.size(), 16u) << text;
    EXPECT_NEAR(std::stod(text), value, std::abs(value) * 1e-8) << text;
  }
  EXPECT_EQ(FormatDecimal(2.5), "2.5");
}

TEST(FormatMeasuredValue, IsWhatAPersonWouldWrite) {
  EXPECT_EQ(FormatMeasuredValue(-812.3456789), "-812.346");
  EXPECT_EQ(FormatMeasuredValue(5123456.789), "5123457");
  EXPECT_EQ(FormatMeasuredValue(0.17625), "0.17625");
  EXPECT_EQ(FormatMeasuredValue(100), "100");
  EXPECT_EQ(FormatMeasuredValue(1000000), "1000000");
  EXPECT_EQ(FormatMeasuredValue(0), "0");
  EXPECT_EQ(FormatMeasuredValue(-0.5), "-0.5");
  for (const double value : {1e-9, -1e-300, 1e20, -123456.7, 99999999999999.0, -0.00012345678})
    EXPECT_LE(FormatMeasuredValue(value).size(), 16u) << FormatMeasuredValue(value);
}

TEST(AttributeWriter, KeepsTheFirstFailure) {
  DcmDataset dataset;
  Status status;
  const ResultText text;
  AttributeWriter writer(dataset, text, status);
  writer.Put(DCM_PatientID, "1");
  EXPECT_TRUE(status.ok());
  writer.PutUint16(DCM_PatientID, 7);  // not a text
  writer.PutUint16(DCM_PatientName, 7);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message().find("(0010,0020)"), std::string::npos)
      << status.error().message();
}

TEST(AttributeWriter, PutsLongCodesWhereTheyBelong) {
  DcmDataset dataset;
  Status status;
  const ResultText text;
  AttributeWriter writer(dataset, text, status);
  writer.AddCode(DCM_AnatomicRegionSequence, {"12345678901234567", "SCT", "Long"});
  DcmItem* item = nullptr;
  ASSERT_TRUE(dataset.findAndGetSequenceItem(DCM_AnatomicRegionSequence, item, 0).good());
  EXPECT_TRUE(item->tagExistsWithValue(DCM_LongCodeValue));
  EXPECT_FALSE(item->tagExists(DCM_CodeValue));
}

}  // namespace
}  // namespace axial::results
