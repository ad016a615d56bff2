#include "core/dicom/patient_identity.h"

#include <gtest/gtest.h>

namespace axial {
namespace {

PatientIdentity Identity(const std::string& id, const std::string& issuer, const std::string& name,
                         const std::string& birth_date) {
  AttributeSet attributes;
  attributes["PatientID"] = {"LO", {id}};
  attributes["IssuerOfPatientID"] = {"LO", {issuer}};
  attributes["PatientName"] = {"PN", {name}};
  attributes["PatientBirthDate"] = {"DA", {birth_date}};
  return PatientIdentityOf(attributes);
}

std::string_view Compare(const PatientIdentity& one, const PatientIdentity& other) {
  EXPECT_EQ(ContradictionOf(one, other), ContradictionOf(other, one));
  return ContradictionOf(one, other);
}

TEST(PatientIdentity, IsFreeOfPaddingAndOfHowANameIsWritten) {
  EXPECT_EQ(Identity(" 12 ", "A ", "Doe ^ Jane^^^", "19700101"),
            Identity("12", "A", "DOE^JANE=\xE5\xB1\xB1", "19700101 "));
  EXPECT_EQ(PatientIdentityOf({}), PatientIdentity());
  AttributeSet two_values;
  two_values["PatientID"] = {"LO", {"1", "2"}};
  EXPECT_EQ(PatientIdentityOf(two_values).id, "1\\2");
}

TEST(PatientIdentity, ThePatientIdDecides) {
  const PatientIdentity jane = Identity("1", "", "Doe^Jane", "19700101");
  EXPECT_EQ(Compare(jane, jane), "");
  EXPECT_EQ(Compare(jane, Identity("2", "", "Doe^Jane", "19700101")), "Patient ID");
  EXPECT_EQ(Compare(jane, Identity("01", "", "Doe^Jane", "19700101")), "Patient ID");
  // A spelling, a marriage, a mended birth date.
  EXPECT_EQ(Compare(jane, Identity("1", "", "Do^Jane", "19700101")), "");
  EXPECT_EQ(Compare(jane, Identity("1", "", "Doe^Jane", "19700110")), "");
  EXPECT_EQ(Compare(jane, Identity("1", "", "Roe^Rick", "19501231")),
            "Patient's Name and Patient's Birth Date");
}

TEST(PatientIdentity, TheIssuerCountsWhereBothNameOne) {
  const PatientIdentity here = Identity("1", "HERE", "", "");
  EXPECT_EQ(Compare(here, Identity("1", "", "", "")), "");
  EXPECT_EQ(Compare(here, Identity("1", "THERE", "", "")), "Issuer of Patient ID");
}

TEST(PatientIdentity, WithoutPatientIdTheNameAndTheBirthDateDecide) {
  const PatientIdentity nameless = Identity("", "", "", "");
  const PatientIdentity jane = Identity("", "", "Doe^Jane", "19700101");
  EXPECT_EQ(Compare(nameless, jane), "");
  EXPECT_EQ(Compare(jane, Identity("1", "", "DOE^JANE", "")), "");
  EXPECT_EQ(Compare(jane, Identity("1", "", "Roe^Jane", "")), "Patient's Name");
  EXPECT_EQ(Compare(jane, Identity("", "", "", "19700102")), "Patient's Birth Date");
}

TEST(PatientIdentity, WhatOneDoesNotSayTheNextCompletes) {
  PatientIdentity known = Identity("", "", "Doe^Jane", "");
  Complete(known, Identity("1", "A", "DOE^JANE", "19700101"));
  EXPECT_EQ(known, Identity("1", "A", "Doe^Jane", "19700101"));
  Complete(known, Identity("1", "", "Doe^J", ""));
  EXPECT_EQ(known, Identity("1", "A", "Doe^Jane", "19700101"));
}

TEST(OnePatient, NamesTheTwoInstancesAndNothingOfThePatients) {
  OnePatient patient;
  EXPECT_TRUE(patient.Add(Identity("", "", "", ""), "1.1").ok());
  EXPECT_TRUE(patient.Add(Identity("4711", "", "Doe^Jane", "19700101"), "1.2").ok());
  EXPECT_TRUE(patient.Add(Identity("", "", "Doe^Jane", ""), "1.3").ok());
  const Status other = patient.Add(Identity("4712", "", "Doe^Jane", "19700101"), "1.4");
  EXPECT_EQ(other.error().message(),
            "images of two patients: Patient ID of SOP Instance 1.4 is not that of SOP Instance "
            "1.2");
  EXPECT_EQ(other.error().code(), ErrorCode::kInvalidInput);
}

TEST(PatientIdentity, ComesBackFromItsRow) {
  const PatientIdentity identity = Identity("1\"", "A", "D\xC3\xB6^J", "19700101");
  EXPECT_EQ(PatientIdentityFromJson(ToJson(identity)).value(), identity);
  EXPECT_TRUE(PatientIdentityFromJson(ToJson(Identity("\xFF", "", "", ""))).ok());
  for (const char* broken : {"", "{}", "[1,2,3,4]", "[\"\",\"\",\"\"]", "[\"\",\"\",\"\",\"\""})
    EXPECT_EQ(PatientIdentityFromJson(broken).error().code(), ErrorCode::kCorrupt) << broken;
}

}  // namespace
}  // namespace axial
