#pragma once

#include <string>
#include <vector>

#include "config/model_card.h"
#include "inference/findings/findings.h"
#include "inference/volume/volume.h"

namespace axial {

/// Makes one finding for each of the card's segments that has voxels, in the card's order, segment
/// numbers from 1 without gaps, with the card's measurements. `layers` may share voxels, but each
/// label is on one layer only.
///
/// Volume in cm3 (UCUM), longest diameter in mm and surface area in mm2 (segment_shape.h). Mean,
/// standard deviation (population), minimum and maximum of the voxels: of CT in Hounsfield units,
/// of MR as signal intensity in arbitrary units, of PET as its Units (0054,1001) say: activity or
/// standardized uptake value. Of nothing else, and of no other Units: they have no quantity to
/// name. `volume` may be null (single images): then nothing is measured. `model_digest`: SHA-256 of
/// card and weights; part of the tracking UIDs (segsr.md 1.6), which are the same for every run of
/// the same model on the same Series, whatever else was found.
[[nodiscard]] std::vector<SegmentFinding> MeasureSegments(const config::ModelCard& card,
                                                          const SourceSeries& source,
                                                          const Volume* volume,
                                                          const std::vector<LabelMap>& layers,
                                                          const std::string& model_digest);

/// The card's classifications of one output: the most probable class of each question, if it
/// reaches the question's threshold. `probabilities`: by position in the model's output.
/// Error: InvalidInput (a class index beyond the output).
[[nodiscard]] Result<std::vector<ClassificationFinding>> Classify(
    const config::ModelCard& card, const std::vector<double>& probabilities, int frame_index);

}  // namespace axial
