#include "routing/study_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace axial::routing {
namespace {

InstanceHeader Header(const std::string& series, const std::string& sop_class,
                      const std::string& description, std::int64_t frames = 1) {
  InstanceHeader header{Uid::Parse("1.1").value(),
                        Uid::Parse(series).value(),
                        Uid::Parse("1.9").value(),
                        Uid::Parse(sop_class).value(),
                        "",
                        frames,
                        {}};
  header.attributes["SeriesDescription"] = {"LO", {description}};
  header.attributes["StudyDescription"] = {"LO", {"of " + description}};
  return header;
}

TEST(StudySummaryBuilder, TakesTheFirstInstanceOfTheMostFrequentSopClass) {
  StudySummaryBuilder builder;
  ASSERT_TRUE(builder.Add(Header("2.1", "1.2.1", "scout"), "CT01", "AXIAL").ok());
  ASSERT_TRUE(builder.Add(Header("2.1", "1.2.2", "first slice", 2), "CT02", "X").ok());
  ASSERT_TRUE(builder.Add(Header("2.2", "1.2.3", "other series"), "CT03", "Y").ok());
  ASSERT_TRUE(builder.Add(Header("2.1", "1.2.2", "second slice", 3), "CT02", "X").ok());
  const Result<StudySummary> summary = builder.Build();
  ASSERT_TRUE(summary.ok());
  ASSERT_EQ(summary->series.size(), 2u);
  const SeriesSummary& series = summary->series[0];
  EXPECT_EQ(series.sop_class_uid, "1.2.2");
  EXPECT_EQ(FirstValue(series.attributes, "SeriesDescription"), "first slice");
  EXPECT_EQ(series.instances, 3);
  EXPECT_EQ(series.frames, 6);
  EXPECT_EQ(series.calling_ae_title, "CT01");
  EXPECT_EQ(series.called_ae_title, "AXIAL");
  EXPECT_EQ(FirstValue(summary->attributes, "StudyDescription"), "of first slice");
  EXPECT_EQ(FindAttribute(summary->attributes, "SeriesDescription"), nullptr);
}

TEST(StudySummaryBuilder, PrefersTheFirstReceivedOfEquallyFrequentSopClasses) {
  StudySummaryBuilder builder;
  ASSERT_TRUE(builder.Add(Header("2.1", "1.2.9", "first"), "", "").ok());
  ASSERT_TRUE(builder.Add(Header("2.1", "1.2.1", "second"), "", "").ok());
  EXPECT_EQ(builder.Build()->series[0].sop_class_uid, "1.2.9");
}

TEST(StudySummaryBuilder, RefusesAnotherStudyAndNothing) {
  StudySummaryBuilder builder;
  EXPECT_EQ(builder.Build().error().code(), ErrorCode::kNotFound);
  ASSERT_TRUE(builder.Add(Header("2.1", "1.2.9", "first"), "", "").ok());
  InstanceHeader other = Header("2.1", "1.2.9", "first");
  other.study_instance_uid = Uid::Parse("1.7").value();
  EXPECT_EQ(builder.Add(other, "", "").error().code(), ErrorCode::kInvalidInput);
}

TEST(StudySummary, SurvivesJson) {
  StudySummaryBuilder builder;
  ASSERT_TRUE(builder.Add(Header("2.1", "1.2.9", "Größe \"1\"", 7), "CT01", "AXIAL").ok());
  const std::string json = ToJson(builder.Build().value());
  const Result<StudySummary> back = StudySummaryFromJson(json);
  ASSERT_TRUE(back.ok()) << back.error().ToString();
  EXPECT_EQ(ToJson(*back), json);
  EXPECT_EQ(back->series[0].frames, 7);
}

TEST(StudySummary, RefusesBrokenJsonWithoutCrashing) {
  StudySummaryBuilder builder;
  ASSERT_TRUE(builder.Add(Header("2.1", "1.2.9", "x"), "CT01", "AXIAL").ok());
  const std::string json = ToJson(builder.Build().value());
  for (std::size_t length = 0; length < json.size(); ++length)
    EXPECT_EQ(StudySummaryFromJson(json.substr(0, length)).error().code(), ErrorCode::kCorrupt);
  for (std::size_t i = 0; i < json.size(); ++i) {
    std::string changed = json;
    changed[i] = '7';
    (void)StudySummaryFromJson(changed).ok();
  }
}

TEST(IsStudyAttribute, KnowsPatientAndStudyModules) {
  for (const char* keyword : {"PatientID", "PatientAge", "StudyDate", "StudyDescription"})
    EXPECT_TRUE(IsStudyAttribute(keyword)) << keyword;
  for (const char* keyword : {"Modality", "SeriesDescription", "BodyPartExamined", ""})
    EXPECT_FALSE(IsStudyAttribute(keyword)) << keyword;
}

}  // namespace
}  // namespace axial::routing
