#include "inference/results/composite_context.h"

#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

namespace axial::results {
namespace {

std::string Text(DcmItem& item, const DcmTagKey& tag) {
  OFString text;
  item.findAndGetOFStringArray(tag, text);
  return {text.c_str(), text.size()};
}

DcmDataset Source() {
  DcmDataset source;
  source.putAndInsertString(DCM_StudyInstanceUID, "1.2.3");
  source.putAndInsertString(DCM_PatientName, "M\xFCller^J");
  source.putAndInsertString(DCM_PatientID, "  7 ");
  source.putAndInsertString(DCM_InstitutionName, "Site");
  return source;
}

TEST(CompositeContext, CopiesBytesAndWritesTypeTwoEmpty) {
  DcmDataset source = Source();
  DcmDataset target;
  target.putAndInsertString(DCM_AccessionNumber, "stale");
  ASSERT_TRUE(CopyCompositeContext(source, target).ok());
  EXPECT_EQ(Text(target, DCM_PatientName), "M\xFCller^J");
  EXPECT_TRUE(target.tagExists(DCM_PatientBirthDate));
  EXPECT_TRUE(target.tagExists(DCM_AccessionNumber));
  EXPECT_FALSE(target.tagExistsWithValue(DCM_AccessionNumber));
  EXPECT_FALSE(target.tagExists(DCM_InstitutionName));
  EXPECT_FALSE(target.tagExists(DCM_PatientAge));
  EXPECT_TRUE(CompareCompositeContext(source, target).ok());
}

TEST(CompositeContext, NamesTheAttributeThatDiffers) {
  DcmDataset source = Source();
  DcmDataset target;
  ASSERT_TRUE(CopyCompositeContext(source, target).ok());
  target.putAndInsertString(DCM_PatientAge, "040Y");
  const Status extra = CompareCompositeContext(source, target);
  ASSERT_FALSE(extra.ok());
  EXPECT_EQ(extra.error().code(), ErrorCode::kCorrupt);
  EXPECT_NE(extra.error().message().find("PatientAge"), std::string::npos);
  // The patient's own values are not told.
  target.putAndInsertString(DCM_PatientName, "Other");
  EXPECT_EQ(CompareCompositeContext(source, target).error().message().find("ller"),
            std::string::npos);
}

TEST(CompositeContext, LeavesOutSequencesThatSayNothing) {
  DcmDataset source = Source();
  DcmItem* item = nullptr;
  source.findOrCreateSequenceItem(DCM_ReferencedStudySequence, item, -2);
  source.insertEmptyElement(DCM_ProcedureCodeSequence);
  DcmDataset target;
  ASSERT_TRUE(CopyCompositeContext(source, target).ok());
  EXPECT_FALSE(target.tagExists(DCM_ReferencedStudySequence));
  EXPECT_FALSE(target.tagExists(DCM_ProcedureCodeSequence));
  EXPECT_TRUE(CompareCompositeContext(source, target).ok());
}

TEST(CompositeContext, DropsWhatMayHoldAsciiOnlyAndDoesNot) {
  DcmDataset source = Source();
  source.putAndInsertString(DCM_PatientSex, "\xBC");
  source.putAndInsertString(DCM_PatientBirthDate, "\xEF\xBC\x91");
  source.putAndInsertString(DCM_PatientName, "M\xFCller^\xC4nne");
  EXPECT_EQ(DropForeignBytes(source), (std::vector<std::string>{"PatientBirthDate", "PatientSex"}));
  DcmDataset target;
  ASSERT_TRUE(CopyCompositeContext(source, target).ok());
  EXPECT_TRUE(target.tagExists(DCM_PatientSex));  // of Type 2: empty
  EXPECT_FALSE(target.tagExistsWithValue(DCM_PatientSex));
  EXPECT_TRUE(target.tagExistsWithValue(DCM_PatientName));
  EXPECT_TRUE(CompareCompositeContext(source, target).ok());
  EXPECT_TRUE(DropForeignBytes(source).empty());
}

TEST(CompositeContext, NeedsAStudy) {
  DcmDataset source;
  DcmDataset target;
  EXPECT_EQ(CopyCompositeContext(source, target).error().code(), ErrorCode::kInvalidInput);
}

}  // namespace
}  // namespace axial::results
