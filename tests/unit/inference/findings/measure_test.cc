#include "inference/findings/measure.h"

#include <gtest/gtest.h>

#include <cmath>

namespace axial {
namespace {

SourceSeries Source(const std::string& modality) {
  return {.study_instance_uid = Uid::Parse("1.2").value(),
          .series_instance_uid = Uid::Parse("1.2.3").value(),
          .modality = modality,
          .frame_of_reference_uid = {},
          .frames = {}};
}

config::ModelCard Card() {
  config::ModelCard card;
  card.name = "lungs";
  for (const int label : {1, 2, 3}) {
    config::SegmentSpec spec;
    spec.label = label;
    spec.name = fmt::format("S{}", label);
    card.segments.push_back(spec);
  }
  card.measurements = {config::MeasurementKind::kVolume, config::MeasurementKind::kMean,
                       config::MeasurementKind::kStandardDeviation,
                       config::MeasurementKind::kMinimum, config::MeasurementKind::kMaximum};
  return card;
}

/// Eight voxels of 500 mm3; label 2 does not occur.
const Geometry kGeometry = {{2, 2, 2}, {}, {10, 0, 0}, {0, 10, 0}, {0, 0, 5}};
const Volume kVolume = {kGeometry, {-900, -700, 5, 5, 5, 5, 40, 60}};
const LabelMap kLabels = {kGeometry, {1, 1, 0, 0, 0, 0, 3, 3}};

TEST(MeasureSegments, NumbersFoundSegmentsWithoutGapsAndMeasuresThem) {
  const auto found = MeasureSegments(Card(), Source("CT"), &kVolume, {kLabels}, "digest");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1].spec.label, 3);
  EXPECT_EQ(found[1].segment_number, 2);
  EXPECT_EQ(found[0].voxels, 2);
  ASSERT_EQ(found[0].measurements.size(), 5u);
  const double expected[] = {1.0, -800, 100, -900, -700};
  for (std::size_t i = 0; i < 5; ++i)
    EXPECT_NEAR(found[0].measurements[i].value, expected[i], 1e-9) << i;
  EXPECT_EQ(found[0].measurements[0].unit.value, "cm3");
  EXPECT_EQ(found[0].measurements[1].unit.value, "[hnsf'U]");
  EXPECT_EQ(found[0].measurements[1].derivation->value, "373098007");
}

TEST(MeasureSegments, MeasuresSegmentsThatShareVoxelsEachOnItsLayer) {
  const std::vector<LabelMap> layers = {{kGeometry, {1, 1, 0, 0, 0, 0, 0, 0}},
                                        {kGeometry, {0, 0, 0, 0, 0, 0, 0, 0}},
                                        {kGeometry, {0, 3, 3, 3, 0, 0, 0, 0}}};
  const auto found = MeasureSegments(Card(), Source("CT"), &kVolume, layers, "digest");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].layer, 0);
  EXPECT_EQ(found[1].layer, 2);
  EXPECT_EQ(found[1].value, 3);
  EXPECT_EQ(found[1].segment_number, 2);
  EXPECT_EQ(found[0].voxels, 2);
  EXPECT_EQ(found[1].voxels, 3);
  EXPECT_NEAR(found[0].measurements[1].value, -800, 1e-9);
  EXPECT_NEAR(found[1].measurements[1].value, -230, 1e-9) << "the shared voxel counts for both";
}

TEST(MeasureSegments, NamesWhatTheVoxelsOfAModalityAre) {
  const auto mr = MeasureSegments(Card(), Source("MR"), &kVolume, {kLabels}, "digest");
  ASSERT_EQ(mr.size(), 2u);
  ASSERT_EQ(mr[0].measurements.size(), 5u);
  EXPECT_EQ(mr[0].measurements[1].quantity.value, "110852");
  EXPECT_EQ(mr[0].measurements[1].unit.value, "[arb'U]");
  EXPECT_NEAR(mr[0].measurements[1].value, -800, 1e-9);
  const auto ultrasound = MeasureSegments(Card(), Source("US"), &kVolume, {kLabels}, "digest");
  ASSERT_EQ(ultrasound[0].measurements.size(), 1u);
  EXPECT_EQ(ultrasound[0].measurements[0].quantity.value, "118565006");
}

TEST(MeasureSegments, NamesWhatPetVoxelsAreByTheirUnits) {
  struct Case {
    const char* units;
    const char* suv_type;
    const char* quantity;  ///< nullptr: nothing may be said of the voxels
    const char* ucum;
  };
  for (const Case& one :
       std::initializer_list<Case>{{"BQML", "", "110821", "Bq/ml"},
                                   {"CNTS", "", "110821", "{counts}"},
                                   {"CPS", "", "110821", "{counts}/s"},
                                   {"GML", "", "126401", "{SUVbw}g/ml"},
                                   {"GML", "BW", "126401", "{SUVbw}g/ml"},
                                   {"GML", "LBM", "126402", "{SUVlbm}g/ml"},
                                   {"GML", "LBMJAMES128", "126406", "{SUVlbm}g/ml"},
                                   {"GML", "LBMJANMA", "126405", "{SUVlbm}g/ml"},
                                   {"GML", "IBW", "126404", "{SUVibw}g/ml"},
                                   {"CM2ML", "BSA", "126403", "{SUVbsa}cm2/ml"},
                                   {"GML", "BSA", nullptr, nullptr},
                                   {"GML", "nonsense", nullptr, nullptr},
                                   {"CM2ML", "", nullptr, nullptr},
                                   {"PROPCPS", "", nullptr, nullptr},
                                   {"", "", nullptr, nullptr},
                                   {"BQML\\GML", "", nullptr, nullptr}}) {
    SCOPED_TRACE(fmt::format("{} {}", one.units, one.suv_type));
    SourceSeries source = Source("PT");
    source.units = one.units;
    source.suv_type = one.suv_type;
    const auto found = MeasureSegments(Card(), source, &kVolume, {kLabels}, "digest");
    ASSERT_EQ(found[0].measurements.size(), one.quantity == nullptr ? 1u : 5u);
    if (one.quantity == nullptr) continue;
    EXPECT_EQ(found[0].measurements[1].quantity.value, one.quantity);
    EXPECT_EQ(found[0].measurements[1].unit.value, one.ucum);
    EXPECT_NEAR(found[0].measurements[1].value, -800, 1e-9);
  }
}

TEST(MeasureSegments, MeasuresTheShapeOfEachSegment) {
  config::ModelCard card = Card();
  card.measurements = {config::MeasurementKind::kLongestDiameter,
                       config::MeasurementKind::kSurfaceArea};
  const auto found = MeasureSegments(card, Source("US"), &kVolume, {kLabels}, "digest");
  ASSERT_EQ(found[0].measurements.size(), 2u);
  EXPECT_EQ(found[0].measurements[0].unit.value, "mm");
  EXPECT_NEAR(found[0].measurements[0].value, 20, 1e-9);  // two voxels of 10 mm in a row
  EXPECT_EQ(found[0].measurements[1].unit.value, "mm2");
  EXPECT_GT(found[0].measurements[1].value, 0);
}

TEST(MeasureSegments, TrackingUidsAreStableAndDistinct) {
  const auto first = MeasureSegments(Card(), Source("CT"), &kVolume, {kLabels}, "digest");
  const auto again = MeasureSegments(Card(), Source("CT"), &kVolume, {kLabels}, "digest");
  const auto other = MeasureSegments(Card(), Source("CT"), &kVolume, {kLabels}, "retrained");
  LabelMap without_first = kLabels;
  without_first.labels[0] = without_first.labels[1] = 0;
  const auto fewer = MeasureSegments(Card(), Source("CT"), &kVolume, {without_first}, "digest");
  ASSERT_EQ(fewer.size(), 1u);
  EXPECT_EQ(fewer[0].tracking_uid, first[1].tracking_uid);
  EXPECT_EQ(first[0].tracking_uid, again[0].tracking_uid);
  EXPECT_NE(first[0].tracking_uid, first[1].tracking_uid);
  EXPECT_NE(first[0].tracking_uid, other[0].tracking_uid);
}

TEST(MeasureSegments, TheVolumeOfAShearedVoxelIsItsDeterminant) {
  LabelMap labels = kLabels;
  Volume volume = kVolume;
  volume.geometry.slice_step = labels.geometry.slice_step = {3, 4, 5};
  const auto found = MeasureSegments(Card(), Source("CT"), &volume, {labels}, "digest");
  EXPECT_NEAR(found[0].measurements[0].value, 1.0, 1e-9);
}

config::ModelCard Question(double threshold) {
  config::ModelCard card;
  config::ClassificationSpec question;
  question.concept_name = {"111031", "DCM", "Image View"};
  question.threshold = threshold;
  question.classes = {{0, {"a", "SCT", "frontal"}}, {1, {"b", "SCT", "lateral"}}};
  card.classifications = {question};
  return card;
}

TEST(Classify, TakesTheMostProbableClassAboveTheThreshold) {
  const auto found = Classify(Question(0.5), {0.2, 0.8}, 4);
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().value.value, "b");
  EXPECT_EQ(found->front().frame_index, 4);
  EXPECT_DOUBLE_EQ(found->front().probability, 0.8);
}

TEST(Classify, SaysNothingBelowTheThresholdOrOnNoNumber) {
  EXPECT_TRUE(Classify(Question(0.9), {0.2, 0.8}, -1)->empty());
  EXPECT_TRUE(Classify(Question(0.5), {std::nan(""), std::nan("")}, -1)->empty());
}

TEST(Classify, AClassBeyondTheOutputIsAnError) {
  EXPECT_EQ(Classify(Question(0.5), {1.0}, -1).error().code(), ErrorCode::kInvalidInput);
}

}  // namespace
}  // namespace axial
