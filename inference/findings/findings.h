#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/model_card.h"
#include "core/dicom/coded_concept.h"
#include "inference/volume/source_series.h"
#include "inference/volume/volume.h"

/// What a model run found, as plain values: engines make them, results encode them, neither knows
/// the other.
namespace axial {

/// One number about one segment (PS3.16 TID 1419), unit in UCUM.
struct Measurement {
  CodedConcept quantity;                   ///< for example (118565006, SCT, "Volume")
  std::optional<CodedConcept> derivation;  ///< for example (373098007, SCT, "Mean")
  double value = 0;
  CodedConcept unit;
};

/// One segment that has at least one voxel.
struct SegmentFinding {
  config::SegmentSpec spec;
  int segment_number = 0;   ///< in the SEG, from 1 without gaps
  int layer = 0;            ///< into Findings::layers
  std::uint8_t value = 0;   ///< of its voxels in that layer, from 1
  std::string tracking_id;  ///< human-readable, unique in the run
  Uid tracking_uid;         ///< same in SEG and SR (segsr.md 1.6)
  std::int64_t voxels = 0;
  std::vector<Measurement> measurements;
};

/// One coded answer about the whole Series or one of its frames.
struct ClassificationFinding {
  CodedConcept concept_name;
  CodedConcept value;
  double probability = 0;
  int frame_index = -1;  ///< into SourceSeries::frames; -1: the Series
};

/// How probable one segment is at each voxel of the source grid: round(255 p), 0..255.
struct ProbabilityMap {
  /// [slice] of [row][column]; slice i belongs to SourceSeries::frames[i]. An empty slice is 0
  /// everywhere: most are, and they cost nothing.
  std::vector<std::vector<std::uint8_t>> slices;
};

/// Everything one model run says about one Series. Empty segments and classifications: looked, and
/// found nothing.
struct Findings {
  SourceSeries source;
  /// The masks on the source grid; empty iff the model has no segments. One layer holds any number
  /// of segments that share no voxel; segments that do, and those beyond 255, are on several.
  std::vector<LabelMap> layers;
  std::vector<SegmentFinding> segments;
  std::vector<ClassificationFinding> classifications;
  /// In the order of `segments`; empty when the model gives none or nobody asks for them.
  std::vector<ProbabilityMap> probabilities = {};
  /// "2 of 40 frames left out: localizer": what of the Series was not looked at, one sentence per
  /// reason. Nothing that was found, or not found, is about it.
  std::vector<std::string> left_out = {};
};

}  // namespace axial
