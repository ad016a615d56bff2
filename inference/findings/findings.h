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

/// Everything one model run says about one Series. Empty segments and classifications: looked, and
/// found nothing.
struct Findings {
  SourceSeries source;
  std::optional<LabelMap> label_map;  ///< present iff the model has segments
  std::vector<SegmentFinding> segments;
  std::vector<ClassificationFinding> classifications;
};

}  // namespace axial
