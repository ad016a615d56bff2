#include "inference/results/retired_codes.h"

#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

#include "inference/results/result_run.h"

namespace axial::results {
namespace {

void PutCode(DcmItem& item, const DcmTagKey& attribute, const char* value, const char* scheme,
             const char* meaning) {
  DcmItem* code = nullptr;
  ASSERT_TRUE(item.findOrCreateSequenceItem(attribute, code, 0).good());
  code->putAndInsertString(DCM_CodeValue, value);
  code->putAndInsertString(DCM_CodingSchemeDesignator, scheme);
  code->putAndInsertString(DCM_CodingSchemeVersion, "3.4");
  code->putAndInsertString(DCM_CodeMeaning, meaning);
}

std::string CodeOf(DcmItem& item, const DcmTagKey& attribute) {
  DcmItem* code = nullptr;
  if (item.findAndGetSequenceItem(attribute, code, 0).bad()) return "none";
  return TextOf(*code, DCM_CodeValue) + " " + TextOf(*code, DCM_CodingSchemeDesignator) +
         TextOf(*code, DCM_CodingSchemeVersion) + " " + TextOf(*code, DCM_CodeMeaning);
}

std::string RenewedAgent(const char* value, const char* scheme, const char* meaning) {
  DcmDataset header;
  DcmItem* tracer = nullptr;
  header.findOrCreateSequenceItem(DCM_RadiopharmaceuticalInformationSequence, tracer, 0);
  PutCode(*tracer, DCM_RadiopharmaceuticalCodeSequence, value, scheme, meaning);
  RenewCodes(header);
  return CodeOf(*tracer, DCM_RadiopharmaceuticalCodeSequence);
}

TEST(RetiredCodes, OfTracersBecomeThoseOfSnomedCt) {
  const std::string fdg = "35321007 SCT Fluorodeoxyglucose F^18^";
  EXPECT_EQ(RenewedAgent("Y-X1743", "99SDM", "FDG -- fluorodeoxyglucose"), fdg);
  EXPECT_EQ(RenewedAgent("C-B1031", "SRT", "Fluorodeoxyglucose F^18^"), fdg);
  EXPECT_EQ(RenewedAgent("C-B1031", "SNM3", "FDG"), fdg);
}

TEST(RetiredCodes, WhatIsNotOfTheContextGroupIsLeftOut) {
  EXPECT_EQ(RenewedAgent("C-99999", "SRT", "Something"), "none");
  EXPECT_EQ(RenewedAgent("T-04000", "SRT", "Breast"), "none");  // a region is no tracer
  EXPECT_EQ(RenewedAgent("1", "99LOCAL", "Our tracer"), "none");
  EXPECT_EQ(RenewedAgent("35321007", "SCT", "FDG"), "35321007 SCT3.4 FDG");
  EXPECT_EQ(RenewedAgent("", "", ""), "none");
}

TEST(RetiredCodes, OfRegionsAndViewsBecomeThoseOfSnomedCt) {
  DcmDataset header;
  PutCode(header, DCM_AnatomicRegionSequence, "T-04000", "SNM3", "Breast");
  PutCode(header, DCM_ViewCodeSequence, "R-10242", "SNM3", "cranio-caudal");
  RenewCodes(header);
  EXPECT_EQ(CodeOf(header, DCM_AnatomicRegionSequence), "76752008 SCT Breast");
  EXPECT_EQ(CodeOf(header, DCM_ViewCodeSequence), "399162004 SCT cranio-caudal");
}

TEST(RetiredCodes, RegionsOfOtherSchemesStay) {
  DcmDataset header;
  PutCode(header, DCM_AnatomicRegionSequence, "7197", "FMA", "Liver");
  RenewCodes(header);
  EXPECT_EQ(CodeOf(header, DCM_AnatomicRegionSequence), "7197 FMA3.4 Liver");
  PutCode(header, DCM_AnatomicRegionSequence, "T-99999", "SRT", "Nowhere");
  RenewCodes(header);
  EXPECT_EQ(CodeOf(header, DCM_AnatomicRegionSequence), "none");
}

}  // namespace
}  // namespace axial::results
