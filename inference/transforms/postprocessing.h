#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/model_card.h"
#include "core/base/result.h"
#include "inference/transforms/label_layers.h"
#include "inference/transforms/model_image.h"
#include "inference/transforms/probability_slices.h"

namespace axial {

/// What becomes of the network's scores, read from the card's postprocessing steps.
///
/// Scores are resampled linearly onto the source grid and only then turned into labels: the
/// boundary is where the interpolated scores cross, which is smoother and nearer to the truth than
/// labels resampled by nearest neighbour (see the test TransformsPipeline.ScoresGoBackLinearly).
class Postprocessing {
 public:
  /// Reads the steps in order; what is wrong goes to `problems` ("line: what"). `labels`: of the
  /// card's segments, 1 to 65535.
  [[nodiscard]] static Postprocessing Read(const std::vector<config::StepSpec>& steps,
                                           std::vector<config::Problem>& problems,
                                           std::vector<int> labels = {});
  /// The names Read knows.
  [[nodiscard]] static const std::vector<std::string>& StepNames();

  /// `scores`: [K][spatial...] on the grid of `input` (or a coarser or finer grid of the same
  /// extent). Returns label values [slice][row][column] on the source grid; outside of what the
  /// network saw: 0. AsDiscreted with a threshold (a voxel belongs to a channel that reaches it)
  /// gives one layer per channel, as its masks may overlap: layer k holds label k + 1 (see
  /// MergeDisjointLayers). All else gives one layer, or, for a card with labels above 255, as many
  /// as its labels need at 255 a layer. A label that no segment of the card has is no result.
  /// Errors: InvalidInput (wrong rank, more channels than labels, a label above 65535), Exhausted
  /// (layers of more than 4 GiB).
  /// `probabilities`: also gets those of the labels it wants (GivesProbabilities must hold), as
  /// they are on the source grid before labels are made of them; 0 where a component was too small
  /// to be kept. May be null.
  /// `unnamed`: is added to; may be null.
  [[nodiscard]] Result<std::vector<LabelLayer>> Labels(Tensor scores, const ModelImage& input,
                                                       const GridSize& source, int threads,
                                                       ProbabilitySlices* probabilities = nullptr,
                                                       UnnamedLabels* unnamed = nullptr) const;

  /// True when the scores are probabilities before they become labels: the card says softmax or
  /// sigmoid, then argmax or a threshold.
  [[nodiscard]] bool GivesProbabilities() const;

  /// Class scores [K] as probabilities: softmax or sigmoid when the card says so.
  [[nodiscard]] std::vector<double> Probabilities(const Tensor& scores) const;

 private:
  enum class Activation { kNone, kSoftmax, kSigmoid };
  enum class Discretisation { kNone, kArgmax, kThreshold };
  struct Largest {
    std::optional<std::vector<int>> labels;  ///< as MONAI counts them; absent: all but 0
    std::optional<bool> one_hot;
    bool independent = true;
    int connectivity = 3;
    int keep = 1;
  };

  void ReadStep(const config::StepSpec& step, class ArgumentReader& arguments);
  void Activate(Tensor& scores) const;
  /// What a voxel's label becomes, for label maps and argmax.
  [[nodiscard]] LabelPlaces Places() const;
  [[nodiscard]] Status CheckShape(const Tensor& scores, const ModelImage& input,
                                  const GridSize& source) const;
  void KeepLargest(std::vector<LabelLayer>& layers, const GridSize& size) const;
  void CountUnnamed(const std::vector<LabelLayer>& layers, UnnamedLabels& unnamed) const;
  /// The labels that a step chooses: [label].
  [[nodiscard]] std::vector<bool> Chosen(const Largest& largest, std::size_t channels) const;

  Activation activation_ = Activation::kNone;
  Discretisation discretisation_ = Discretisation::kNone;
  double threshold_ = 0.5;
  std::vector<int> labels_;  ///< of the card, ascending
  std::vector<Largest> largest_;
};

}  // namespace axial
