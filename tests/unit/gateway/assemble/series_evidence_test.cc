#include "gateway/assemble/series_evidence.h"

#include <gtest/gtest.h>

#include "tests/unit/gateway/assemble/evidence_fixture.h"

namespace axial::assemble {
namespace {

TEST(NumberRuns, JoinsNeighboursInWhateverOrderTheyCome) {
  NumberRuns runs;
  for (const int number : {5, 1, 3, 2, 4}) EXPECT_TRUE(runs.Add(number));
  EXPECT_FALSE(runs.Add(3));
  EXPECT_EQ(runs.count(), 5);
  ASSERT_EQ(runs.runs().size(), 1U);
  EXPECT_EQ(runs.runs(), (std::map<std::int64_t, std::int64_t>{{1, 5}}));
}

TEST(NumberRuns, IsBounded) {
  NumberRuns runs;
  for (std::int64_t number = 0; number < 100'000; number += 2) runs.Add(number);
  EXPECT_TRUE(runs.overflowed());
  EXPECT_EQ(runs.runs().size(), NumberRuns::kMaxRuns);
}

TEST(SeriesEvidence, NumbersFromOneWithUniformSlicesAreWhole) {
  const StructureFinding finding = Stack({3, 1, 2, 4}).FindStructure();
  EXPECT_EQ(finding.structure, Structure::kWhole);
  EXPECT_EQ(finding.text, "Instance Numbers 1 to 4, slices 1.25 mm apart");
}

TEST(SeriesEvidence, AMissingNumberIsAHole) {
  const StructureFinding finding = Stack({1, 2, 4, 5, 6}).FindStructure();
  EXPECT_EQ(finding.structure, Structure::kHole);
  EXPECT_EQ(finding.text,
            "Instance Numbers 1 to 6, 3 is missing, a slice is missing between others 1.25 mm "
            "apart");
}

TEST(SeriesEvidence, MissingFirstNumbersAreAHole) {
  EXPECT_EQ(Stack({3, 4, 5}).FindStructure().structure, Structure::kHole);
}

TEST(SeriesEvidence, AMissingSliceIsAHoleThoughTheNumbersHaveNone) {
  SeriesEvidence evidence;
  for (std::int64_t number = 1; number <= 6; ++number) {
    InstanceFacts facts = Slice("1.1.1", number);
    if (number > 3) facts.position->along_normal_um += 1250;
    evidence.Add(facts);
  }
  EXPECT_EQ(evidence.FindStructure().structure, Structure::kHole);
}

TEST(SeriesEvidence, WhatHasNoNumbersOrNumbersTwiceTellsNothing) {
  SeriesEvidence without;
  InstanceFacts facts;
  facts.series_uid = "1.1.1";
  without.Add(facts);
  EXPECT_EQ(without.FindStructure().structure, Structure::kNoSign);
  EXPECT_EQ(Stack({1, 1, 2, 2}).FindStructure().structure, Structure::kNoSign);
}

TEST(SeriesEvidence, CountsImagesInAcquisitionForEachAcquisition) {
  SeriesEvidence evidence;
  const auto add = [&](std::int64_t acquisition, std::int64_t want) {
    InstanceFacts facts;
    facts.acquisition_number = acquisition;
    facts.images_in_acquisition = want;
    evidence.Add(facts);
  };
  add(1, 2);
  EXPECT_TRUE(evidence.Declared()->missing());
  add(1, 2);
  EXPECT_TRUE(evidence.Declared()->reached());
  add(2, 1);
  EXPECT_EQ(evidence.Declared()->have, 3);
  EXPECT_TRUE(evidence.Declared()->reached());
  add(2, 1);  // more than there are to be: it counts something else
  EXPECT_FALSE(evidence.Declared().has_value());
}

TEST(SeriesEvidence, PrefersNumberOfSeriesRelatedInstances) {
  SeriesEvidence evidence;
  InstanceFacts facts;
  facts.series_instances = 2;
  facts.images_in_acquisition = 1;
  evidence.Add(facts);
  EXPECT_EQ(evidence.Declared()->source, CountSource::kSeriesInstances);
  EXPECT_TRUE(evidence.Declared()->missing());
  evidence.Add(facts);
  EXPECT_TRUE(evidence.Declared()->reached());
}

TEST(SeriesEvidence, KnowsTheLastPartOfAConcatenation) {
  SeriesEvidence evidence;
  InstanceFacts facts;
  facts.enhanced = true;
  facts.concatenation = Concatenation{"1.2", 1, 2};
  evidence.Add(facts);
  EXPECT_TRUE(evidence.Declared()->missing());
  facts.concatenation->number = 2;
  evidence.Add(facts);
  EXPECT_TRUE(evidence.Declared()->reached());
  EXPECT_EQ(evidence.Declared()->source, CountSource::kConcatenation);
}

TEST(SeriesEvidence, OneEnhancedInstanceIsAWholeStackAndTwoAreNot) {
  SeriesEvidence evidence;
  InstanceFacts facts;
  facts.enhanced = true;
  evidence.Add(facts);
  ASSERT_TRUE(evidence.Declared().has_value());
  EXPECT_EQ(evidence.Declared()->source, CountSource::kWholeStack);
  evidence.Add(facts);
  EXPECT_FALSE(evidence.Declared().has_value());
  std::array<int, kCountSources> right{};
  std::array<int, kCountSources> wrong{};
  evidence.CheckCounts(right, wrong);
  EXPECT_EQ(wrong[static_cast<std::size_t>(CountSource::kWholeStack)], 1);
}

TEST(SeriesEvidence, OfASeriesWhoseBeginningIsUnknownNothingIsMissed) {
  SeriesEvidence evidence = Stack({50, 52});
  evidence.SetPartial();
  EXPECT_EQ(evidence.FindStructure().structure, Structure::kNoSign);
  EXPECT_FALSE(evidence.Declared().has_value());
}

InstanceHeader Header(AttributeSet attributes) {
  return InstanceHeader{
      Uid::Parse("1.1").value(),     Uid::Parse("1.1.1").value(),
      Uid::Parse("1.1.1.1").value(), Uid::Parse("1.2.840.10008.5.1.4.1.1.2").value(),
      "1.2.840.10008.1.2.1",         1,
      std::move(attributes)};
}

TEST(InstanceFacts, ReadsWhatAnInstanceSaysOfItsPlace) {
  const InstanceFacts facts =
      FactsOf(Header({{"InstanceNumber", {"IS", {" +7 "}}},
                      {"ImagesInAcquisition", {"IS", {"120"}}},
                      {"NumberOfStudyRelatedInstances", {"IS", {"300"}}},
                      {"ImageOrientationPatient", {"DS", {"1", "0", "0", "0", "1", "0"}}},
                      {"ImagePositionPatient", {"DS", {"-250", "-250", "12.5"}}}}));
  EXPECT_EQ(facts.instance_number, 7);
  EXPECT_EQ(facts.images_in_acquisition, 120);
  EXPECT_EQ(facts.study_instances, 300);
  ASSERT_TRUE(facts.position.has_value());
  EXPECT_EQ(facts.position->along_normal_um, 12'500);
}

TEST(InstanceFacts, RadiographsAndMultiFrameImagesStandAlone) {
  EXPECT_TRUE(FactsOf(Header({{"Modality", {"CS", {"DX"}}}})).stands_alone);
  EXPECT_FALSE(FactsOf(Header({{"Modality", {"CS", {"CT"}}}})).stands_alone);
  EXPECT_FALSE(FactsOf(Header({})).stands_alone);
  InstanceHeader clip = Header({{"Modality", {"CS", {"US"}}}});
  clip.frames = 30;
  EXPECT_TRUE(FactsOf(clip).stands_alone);
  clip.attributes["ConcatenationUID"] = {"UI", {"1.2"}};
  clip.attributes["InConcatenationNumber"] = {"US", {"1"}};
  EXPECT_FALSE(FactsOf(clip).stands_alone);
}

TEST(SeriesEvidence, OneSliceAmongRadiographsMakesItAStack) {
  SeriesEvidence evidence;
  EXPECT_FALSE(evidence.stands_alone());
  InstanceFacts radiograph;
  radiograph.stands_alone = true;
  evidence.Add(radiograph);
  EXPECT_TRUE(evidence.stands_alone());
  evidence.Add(Slice("1.1.1", 1));
  EXPECT_FALSE(evidence.stands_alone());
}

TEST(InstanceFacts, TakesNoGarbageForNumbers) {
  const InstanceFacts facts =
      FactsOf(Header({{"InstanceNumber", {"IS", {"99999999999999999999"}}},
                      {"AcquisitionNumber", {"IS", {"1;drop"}}},
                      {"ImagesInAcquisition", {"IS", {"-4"}}},
                      {"NumberOfSeriesRelatedInstances", {"IS", {""}}},
                      {"ConcatenationUID", {"UI", {"1.2"}}},
                      {"InConcatenationNumber", {"US", {"0"}}},
                      {"ImageOrientationPatient", {"DS", {"1", "0", "0", "0", "1", "inf"}}},
                      {"ImagePositionPatient", {"DS", {"1e300", "0"}}}}));
  EXPECT_FALSE(facts.instance_number || facts.acquisition_number || facts.images_in_acquisition ||
               facts.series_instances || facts.concatenation || facts.position);
}

}  // namespace
}  // namespace axial::assemble
