#include "routing/rule_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "tests/unit/routing/rule_fixture.h"

namespace axial::routing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Case {
  std::string when;
  std::string keyword;
  std::string value;
  bool matches;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.when << " on " << one.value; }

class EveryComparison : public ::testing::TestWithParam<Case> {};

TEST_P(EveryComparison, HoldsOrNot) {
  const Case& one = GetParam();
  const SeriesVerdict verdict = Judge(one.when, StudyWith({{one.keyword, one.value}}));
  EXPECT_EQ(verdict.matched, one.matches)
      << one.when << " on " << one.value << ": " << verdict.reason;
}

INSTANTIATE_TEST_SUITE_P(
    Numbers, EveryComparison,
    ::testing::Values(Case{"SliceThickness: 3", "SliceThickness", "3.000", true},
                      Case{"SliceThickness: 3", "SliceThickness", " +3.0E0 ", true},
                      Case{"SliceThickness: 3", "SliceThickness", "3.1", false},
                      Case{"SliceThickness: '<= 3'", "SliceThickness", "3", true},
                      Case{"SliceThickness: '<= 3'", "SliceThickness", "3.01", false},
                      Case{"SliceThickness: '<3'", "SliceThickness", "3", false},
                      Case{"SliceThickness: '> -1'", "SliceThickness", "-0.5", true},
                      Case{"SliceThickness: '>= 3'", "SliceThickness", "2", false},
                      Case{"SliceThickness: 1..3", "SliceThickness", "1", true},
                      Case{"SliceThickness: 1..3", "SliceThickness", "3", true},
                      Case{"SliceThickness: 1 .. 3", "SliceThickness", "3.5", false},
                      Case{"SliceThickness: '!= 3'", "SliceThickness", "5", true},
                      Case{"SliceThickness: '!= 3'", "SliceThickness", "3.0", false},
                      Case{"SliceThickness: '!= 3'", "SliceThickness", "thin", false},
                      Case{"SliceThickness: [1, '>= 5']", "SliceThickness", "1", true},
                      Case{"SliceThickness: [1, '>= 5']", "SliceThickness", "7", true},
                      Case{"SliceThickness: [1, '>= 5']", "SliceThickness", "3", false},
                      Case{"PixelSpacing: '< 0.5'", "PixelSpacing", "0.9\\0.4", true},
                      Case{"Rows: 512", "Rows", "512", true},                              // US
                      Case{"EchoTrainLength: 0..4", "EchoTrainLength", "3", true},         // IS
                      Case{"DiffusionBValue: '>= 800'", "DiffusionBValue", "1000", true},  // FD
                      Case{"SliceThickness: {contains: 3}", "SliceThickness", "3.0", true},
                      Case{"PixelSpacing: {contains: [1, 2]}", "PixelSpacing", "5\\2", true}));

INSTANTIATE_TEST_SUITE_P(
    Texts, EveryComparison,
    ::testing::Values(
        Case{"Modality: CT", "Modality", "CT", true}, Case{"Modality: ct", "Modality", "CT ", true},
        Case{"Modality: CT", "Modality", "CTX", false},
        Case{"Modality: [CT, MR]", "Modality", "MR", true},
        Case{"Modality: '!= SEG'", "Modality", "SEG", false},
        Case{"Modality: '!= SEG'", "Modality", "CT", true},
        Case{"ImageType: AXIAL", "ImageType", "ORIGINAL\\PRIMARY\\AXIAL", true},
        Case{"ImageType: '!= LOCALIZER'", "ImageType", "ORIGINAL\\PRIMARY\\LOCALIZER", false},
        Case{"ImageType: {contains: local}", "ImageType", "ORIGINAL\\PRIMARY\\LOCALIZER", true},
        Case{"ImageType: {contains: [DERIVED, SECONDARY]}", "ImageType", "ORIGINAL\\PRIMARY",
             false},
        Case{"SeriesDescription: {matches: '(?i)lung|chest'}", "SeriesDescription", "CHEST 1mm",
             true},
        Case{"SeriesDescription: {matches: 'lung'}", "SeriesDescription", "LUNG", false},
        Case{"SeriesDescription: {matches: ['^a', 'z$']}", "SeriesDescription", "xyz", true},
        Case{"SeriesDescription: été", "SeriesDescription", "ÉTÉ", true},
        Case{"SeriesDescription: 'a.c'", "SeriesDescription", "abc", false},
        Case{"SeriesDescription: 'absent'", "SeriesDescription", "Absent", true},
        Case{"StationName: 3", "StationName", "3", true},
        Case{"PatientName: doe^jane", "PatientName", "Doe^Jane", true}));

INSTANTIATE_TEST_SUITE_P(
    DatesTimesAgesUids, EveryComparison,
    ::testing::Values(
        Case{"StudyDate: 2026-11-23", "StudyDate", "20261123", true},
        Case{"StudyDate: 20261123", "StudyDate", "2026.11.23", true},
        Case{"StudyDate: '>= 2026-11'", "StudyDate", "20261101", true},
        Case{"StudyDate: '> 2026-11'", "StudyDate", "20261130", false},
        Case{"StudyDate: '<= 2026-11'", "StudyDate", "20261130", true},
        Case{"StudyDate: '!= 2026'", "StudyDate", "20251231", true},
        Case{"StudyDate: 2025..2026-03", "StudyDate", "20260331", true},
        Case{"StudyDate: 2025..2026-03", "StudyDate", "20260401", false},
        Case{"StudyDate: 2026", "StudyDate", "20261350", false},
        Case{"StudyTime: '14:30'", "StudyTime", "143059.5", true},
        Case{"StudyTime: '< 14:30'", "StudyTime", "142959.999999", true},
        Case{"StudyTime: 08:00..17:59", "StudyTime", "1800", false},
        Case{"StudyTime: 08:00..17:59", "StudyTime", "08", true},
        Case{"AcquisitionDateTime: '>= 2026-11-23 14:30'", "AcquisitionDateTime",
             "20261123143000.000000+0100", true},
        Case{"AcquisitionDateTime: 2026-11-23", "AcquisitionDateTime", "20261123235959", true},
        Case{"AcquisitionDateTime: 2026-11-23", "AcquisitionDateTime", "20261124", false},
        Case{"PatientAge: '>= 18Y'", "PatientAge", "018Y", true},
        Case{"PatientAge: '>= 18Y'", "PatientAge", "200M", false},
        Case{"PatientAge: 0D..11M", "PatientAge", "020W", true},
        Case{"SOPClassUID: 1.2.840.10008.5.1.4.1.1.2", "SOPClassUID", "1.2.840.10008.5.1.4.1.1.2",
             true},
        Case{"SOPClassUID: {matches: '^1[.]2[.]840'}", "SOPClassUID", "1.2.840.10008", true},
        Case{"SOPClassUID: 1.2.840.10008.5.1.4.1.1.2", "SOPClassUID", "1.2.840.10008.5.1.4.1.1.2.1",
             false}));

INSTANTIATE_TEST_SUITE_P(PresenceAndAdded, EveryComparison,
                         ::testing::Values(Case{"Laterality: absent", "Modality", "CT", true},
                                           Case{"Laterality: absent", "Laterality", "", true},
                                           Case{"Laterality: absent", "Laterality", " ", true},
                                           Case{"Laterality: absent", "Laterality", "L", false},
                                           Case{"Laterality: present", "Laterality", "L", true},
                                           Case{"Laterality: present", "Modality", "CT", false},
                                           Case{"Laterality: '!= R'", "Modality", "CT", false},
                                           Case{"instances: '>= 30'", "Modality", "CT", true},
                                           Case{"frames: '> 60'", "Modality", "CT", false},
                                           Case{"CallingAETitle: ct01", "Modality", "CT", true},
                                           Case{"CalledAETitle: [OTHER]", "Modality", "CT", false},
                                           Case{"OtherPatientIDs: X1", "OtherPatientIDs", "X1",
                                                true}));

TEST(RuleSet, SaysWhichConditionFailedFirstAndWhatItSaw) {
  const StudySummary study = StudyWith({{"Modality", "CT"}, {"SliceThickness", "5"}});
  EXPECT_EQ(Judge("Modality: CT\nSliceThickness: '<= 3'\nBodyPartExamined: CHEST", study).reason,
            "SliceThickness is 5, wanted <= 3");
  EXPECT_EQ(Judge("BodyPartExamined: [CHEST, LUNG, THORAX]", study).reason,
            "BodyPartExamined is absent, wanted CHEST, LUNG or THORAX");
  EXPECT_EQ(Judge("Modality: present", study).reason, "all conditions hold");
  EXPECT_EQ(Judge("Modality: {contains: X}", study).reason, "Modality is CT, wanted to contain X");
  EXPECT_EQ(Judge("instances: '> 100'", study).reason, "instances is 30, wanted > 100");
}

TEST(RuleSet, AnyUnlessConditionVetoesAndIsNamed) {
  const StudySummary study =
      StudyWith({{"Modality", "CT"}, {"ImageType", "ORIGINAL\\PRIMARY\\LOCALIZER"}});
  const SeriesVerdict verdict =
      Judge("Modality: CT", study, "BodyPartExamined: HEAD\nImageType: {contains: LOCALIZER}");
  EXPECT_FALSE(verdict.matched);
  EXPECT_EQ(verdict.reason,
            "unless: ImageType is ORIGINAL\\PRIMARY\\LOCALIZER, unwanted to contain LOCALIZER");
  EXPECT_TRUE(Judge("Modality: CT", study, "BodyPartExamined: HEAD\nModality: MR").matched);
}

TEST(RuleSet, NeverShowsWhatIdentifiesThePatient) {
  const std::vector<std::string> keywords = {"PatientName",
                                             "PatientID",
                                             "PatientBirthDate",
                                             "OtherPatientIDs",
                                             "ReferringPhysicianName",
                                             "AccessionNumber"};
  for (const std::string& keyword : keywords) {
    const StudySummary study = StudyWith({{keyword, "19700101"}});
    const std::string reason = Judge(keyword + ": '20000101'", study).reason;
    EXPECT_THAT(reason, HasSubstr(keyword + " is (hidden)"));
    EXPECT_THAT(reason, Not(HasSubstr("1970")));
  }
}

TEST(RuleSet, ShowsLongAndOddValuesShortAndOnOneLine) {
  const StudySummary study = StudyWith({{"SeriesDescription", "a\nb" + std::string(4000, 'x')}});
  const std::string reason = Judge("SeriesDescription: y", study).reason;
  EXPECT_LT(reason.size(), 200u);
  EXPECT_THAT(reason, HasSubstr("a b"));
}

TEST(RuleSet, JudgesEverySeriesByEveryRuleInOrder) {
  StudySummary study = StudyWith({{"Modality", "CT"}, {"StudyDescription", "THORAX"}});
  SeriesSummary second = study.series[0];
  second.series_instance_uid = Uid::Parse("1.2.3.5").value();
  second.attributes["Modality"] = {"CS", {"SR"}};
  second.attributes["StudyDescription"] = {"LO", {"not looked at"}};
  study.series.push_back(second);
  const CompiledRuleSet compiled = CompileWhen("Modality: CT\nStudyDescription: thorax");
  ASSERT_TRUE(compiled.rule_set);
  const RouteDecision decision = compiled.rule_set->Evaluate(study);
  ASSERT_EQ(decision.rules.size(), 1u);
  ASSERT_EQ(decision.rules[0].series.size(), 2u);
  EXPECT_TRUE(decision.rules[0].series[0].matched);
  EXPECT_EQ(decision.rules[0].series[1].reason, "Modality is SR, wanted CT");
  EXPECT_TRUE(decision.IsRouted());
  EXPECT_FALSE(RuleSet().Evaluate(study).IsRouted());
  EXPECT_EQ(ToJson(decision),
            R"({"routed":true,"rules":[{"priority":"normal","rule":"test rule","run":"model",)"
            R"("send_to":["pacs"],"series":[{"matched":true,"reason":"all conditions hold",)"
            R"("series_instance_uid":"1.2.3.4"},{"matched":false,"reason":"Modality is SR, wanted )"
            R"(CT","series_instance_uid":"1.2.3.5"}]}],"study_instance_uid":"1.2.3"})");
}

struct Refused {
  std::string when;
  std::string problem;
};
void PrintTo(const Refused& one, std::ostream* out) { *out << one.when; }

class RefusedCondition : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedCondition, IsAProblemWithLineAndRemedy) {
  const CompiledRuleSet compiled = CompileWhen("Modality: CT\n" + GetParam().when);
  EXPECT_FALSE(compiled.rule_set);
  ASSERT_EQ(compiled.problems.size(), 1u) << GetParam().when;
  EXPECT_THAT(compiled.problems[0].ToString(), HasSubstr("rules.yaml:9: "));
  EXPECT_THAT(compiled.problems[0].ToString(), HasSubstr(GetParam().problem));
  EXPECT_FALSE(compiled.problems[0].remedy.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusedCondition,
    ::testing::Values(
        Refused{"SliceThicknes: 3",
                "no DICOM attribute 'SliceThicknes'; did you mean "
                "'SliceThickness'?"},
        Refused{"Instances: 3", "did you mean 'instances'?"},
        Refused{"callingaetitle: X", "did you mean 'CallingAETitle'?"},
        Refused{"Qqqqqqqqqqqq: 3", "write a keyword of the DICOM dictionary"},
        Refused{"SliceThickness: thin", "'thin' is not a number; write 3"},
        Refused{"SliceThickness: 3..1", "the range '3..1' is empty"},
        Refused{"SliceThickness: {matches: 3}", "matches works on text"},
        Refused{"SeriesDescription: '<= 3'", "'<' and '>' compare numbers"},
        Refused{"SeriesDescription: 1..3", "is a range of numbers"},
        Refused{"SeriesDescription: ''", "the value is empty"},
        Refused{"SeriesDescription: {matches: '(lung'}", "is no regular expression"},
        Refused{"SeriesDescription: {matches: '(?=lung)'}", "is no regular expression"},
        Refused{"SeriesDescription: {matches: '((a{500}){500}){500}'}", "is no regular expression"},
        Refused{"SeriesDescription: ['!= A', '!= B']", "'!=' within a list"},
        Refused{"StudyDate: 23.11.2026", "is not a date"},
        Refused{"StudyDate: 2026-13", "is not a date"},
        Refused{"StudyTime: 25:00", "is not a time"}, Refused{"PatientAge: 18", "is not an age"},
        Refused{"ReferencedSeriesSequence: X", "value representation SQ"},
        Refused{"PixelData: present", "cannot be tested"},
        Refused{"Laterality: {contains: [L], matches: R}", "either contains or matches"},
        Refused{"Laterality: {contain: L}", "did you mean 'contains'?"}));

}  // namespace
}  // namespace axial::routing
