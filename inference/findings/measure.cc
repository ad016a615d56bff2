#include "inference/findings/measure.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

#include "inference/findings/segment_shape.h"

namespace axial {
namespace {

constexpr double kMm3PerCm3 = 1000;

/// Sums over the voxels of one label value.
struct Statistics {
  std::int64_t voxels = 0;
  double mean = 0;
  double squares = 0;  ///< sum of squared distances from the mean (Welford)
  double minimum = 0;
  double maximum = 0;

  void Add(double value) {
    ++voxels;
    if (voxels == 1) minimum = maximum = value;
    const double distance = value - mean;
    mean += distance / static_cast<double>(voxels);
    squares += distance * (value - mean);
    minimum = std::min(minimum, value);
    maximum = std::max(maximum, value);
  }
};

using LabelStatistics = std::array<Statistics, 256>;  ///< by label value

LabelStatistics Collect(const LabelMap& label_map, const Volume* volume) {
  LabelStatistics statistics{};
  for (std::size_t i = 0; i < label_map.labels.size(); ++i) {
    const std::uint8_t label = label_map.labels[i];
    if (label == 0) continue;
    if (volume == nullptr) {
      ++statistics[label].voxels;
    } else {
      statistics[label].Add(static_cast<double>(volume->voxels[i]));
    }
  }
  return statistics;
}

struct Place {
  std::size_t layer;
  std::uint8_t value;
};

/// Where the labels are that have voxels.
std::map<int, Place> PlacesOfLabels(const std::vector<LabelMap>& layers,
                                    const std::vector<LabelStatistics>& statistics) {
  std::map<int, Place> places;
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    const std::vector<int>& labels = layers[layer].model_labels;
    const std::size_t values = labels.empty() ? statistics[layer].size() : labels.size();
    for (std::size_t value = 1; value < values; ++value)
      if (statistics[layer][value].voxels > 0)
        places.emplace(labels.empty() ? static_cast<int>(value) : labels[value],
                       Place{layer, static_cast<std::uint8_t>(value)});
  }
  return places;
}

/// What a voxel's value is, by modality; nullopt: a number without a meaning of its own.
struct VoxelQuantity {
  CodedConcept quantity;
  CodedConcept unit;
};

/// Of PET, by Units and SUV Type (PS3.3 C.8.9.1.1.3; PS3.16 CID 84 and 85).
std::optional<VoxelQuantity> PetQuantityOf(const std::string& units, const std::string& suv_type) {
  const auto activity = [](const char* ucum, const char* meaning) {
    return VoxelQuantity{{"110821", "DCM", "Nuclear Medicine Tomographic Activity"},
                         {ucum, "UCUM", meaning}};
  };
  if (units == "BQML") return activity("Bq/ml", "Becquerels/milliliter");
  if (units == "CPS") return activity("{counts}/s", "Counts per second");
  if (units == "CNTS") return activity("{counts}", "Counts");
  const auto uptake = [](const char* code, const char* name, const char* ucum) {
    return VoxelQuantity{{code, "DCM", name}, {ucum, "UCUM", fmt::format("{} unit", name)}};
  };
  if (units == "GML") {
    if (suv_type.empty() || suv_type == "BW") return uptake("126401", "SUVbw", "{SUVbw}g/ml");
    if (suv_type == "LBM") return uptake("126402", "SUVlbm", "{SUVlbm}g/ml");
    if (suv_type == "LBMJANMA") return uptake("126405", "SUVlbm(Janma)", "{SUVlbm}g/ml");
    if (suv_type == "LBMJAMES128") return uptake("126406", "SUVlbm(James128)", "{SUVlbm}g/ml");
    if (suv_type == "IBW") return uptake("126404", "SUVibw", "{SUVibw}g/ml");
  }
  if (units == "CM2ML" && suv_type == "BSA") return uptake("126403", "SUVbsa", "{SUVbsa}cm2/ml");
  return std::nullopt;
}

std::optional<VoxelQuantity> QuantityOf(const SourceSeries& source) {
  const std::string& modality = source.modality;
  if (modality == "PT") return PetQuantityOf(source.units, source.suv_type);
  if (modality == "CT")
    return VoxelQuantity{{"112031", "DCM", "Attenuation Coefficient"},
                         {"[hnsf'U]", "UCUM", "Hounsfield unit"}};
  // Comparable only within the Series: its scale is the scanner's.
  if (modality == "MR")
    return VoxelQuantity{{"110852", "DCM", "MR signal intensity"},
                         {"[arb'U]", "UCUM", "arbitrary unit"}};
  return std::nullopt;
}

/// What the measurements of one segment are made from.
struct Measured {
  const Statistics& statistics;
  const LabelMap& layer;
  std::uint8_t value;
  std::optional<VoxelQuantity> voxel;
};

std::optional<Measurement> OfVoxels(const Measured& of, CodedConcept derivation, double value) {
  if (!of.voxel) return std::nullopt;
  return Measurement{of.voxel->quantity, std::move(derivation), value, of.voxel->unit};
}

std::optional<Measurement> Measure(config::MeasurementKind kind, const Measured& of) {
  const Statistics& s = of.statistics;
  const auto voxels = static_cast<double>(s.voxels);
  switch (kind) {
    case config::MeasurementKind::kVolume:
      return Measurement{{"118565006", "SCT", "Volume"},
                         std::nullopt,
                         voxels * of.layer.geometry.VoxelVolumeMm3() / kMm3PerCm3,
                         {"cm3", "UCUM", "cubic centimeter"}};
    case config::MeasurementKind::kMean:
      return OfVoxels(of, {"373098007", "SCT", "Mean"}, s.mean);
    case config::MeasurementKind::kStandardDeviation:
      return OfVoxels(of, {"386136009", "SCT", "Standard Deviation"},
                      std::sqrt(s.squares / voxels));
    case config::MeasurementKind::kMinimum:
      return OfVoxels(of, {"255605001", "SCT", "Minimum"}, s.minimum);
    case config::MeasurementKind::kMaximum:
      return OfVoxels(of, {"56851009", "SCT", "Maximum"}, s.maximum);
    case config::MeasurementKind::kLongestDiameter:
      return Measurement{{"L0JK", "IBSI", "Maximum 3D Diameter of a Mesh"},
                         std::nullopt,
                         LongestDiameterMm(of.layer, of.value),
                         {"mm", "UCUM", "millimeter"}};
    case config::MeasurementKind::kSurfaceArea:
      return Measurement{{"C0JK", "IBSI", "Surface Area of Mesh"},
                         std::nullopt,
                         SurfaceAreaMm2(of.layer, of.value),
                         {"mm2", "UCUM", "square millimeter"}};
  }
  FailInvariant("measurement kind", __FILE__, __LINE__);
}

}  // namespace

std::vector<SegmentFinding> MeasureSegments(const config::ModelCard& card,
                                            const SourceSeries& source, const Volume* volume,
                                            const std::vector<LabelMap>& layers,
                                            const std::string& model_digest) {
  std::vector<LabelStatistics> statistics;
  for (const LabelMap& layer : layers) statistics.push_back(Collect(layer, volume));
  const std::map<int, Place> places = PlacesOfLabels(layers, statistics);
  std::vector<SegmentFinding> findings;
  for (const config::SegmentSpec& spec : card.segments) {
    const auto place = places.find(spec.label);
    if (place == places.end()) continue;
    const Statistics& s = statistics[place->second.layer][place->second.value];
    SegmentFinding finding{
        .spec = spec,
        .segment_number = static_cast<int>(findings.size()) + 1,
        .layer = static_cast<int>(place->second.layer),
        .value = place->second.value,
        .tracking_id = fmt::format("{} {}", card.name, spec.name),
        .tracking_uid = MakeDeterministicUid(fmt::format(
            "tracking|{}|{}|{}", source.series_instance_uid.str(), spec.label, model_digest)),
        .voxels = s.voxels,
        .measurements = {}};
    const Measured of{s, layers[static_cast<std::size_t>(finding.layer)], finding.value,
                      QuantityOf(source)};
    for (const config::MeasurementKind kind : card.measurements) {
      if (volume == nullptr) break;
      if (std::optional<Measurement> measurement = Measure(kind, of))
        finding.measurements.push_back(*std::move(measurement));
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

Result<std::vector<ClassificationFinding>> Classify(const config::ModelCard& card,
                                                    const std::vector<double>& probabilities,
                                                    int frame_index) {
  std::vector<ClassificationFinding> findings;
  for (const config::ClassificationSpec& spec : card.classifications) {
    const config::ClassificationSpec::Class* best = nullptr;
    for (const config::ClassificationSpec::Class& candidate : spec.classes) {
      const auto index = static_cast<std::size_t>(candidate.index);
      if (candidate.index < 0 || index >= probabilities.size())
        return MakeError(ErrorCode::kInvalidInput,
                         "class index {} is beyond the model's {} output values", candidate.index,
                         probabilities.size());
      if (best == nullptr ||
          probabilities[index] > probabilities[static_cast<std::size_t>(best->index)])
        best = &candidate;
    }
    if (best == nullptr) continue;
    const double probability = probabilities[static_cast<std::size_t>(best->index)];
    if (!(probability >= spec.threshold)) continue;
    findings.push_back({spec.concept_name, best->value, probability, frame_index});
  }
  return findings;
}

}  // namespace axial
