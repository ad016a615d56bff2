#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/model_card.h"
#include "core/base/result.h"
#include "inference/transforms/model_image.h"
#include "inference/transforms/probability_slices.h"

namespace axial {

/// Label values [slice][row][column] of one layer of masks; 0: background.
using LabelGrid = std::vector<std::uint8_t>;

/// Makes one layer of several that hold different labels, if no voxel is on two of them; layers
/// that share voxels stay as they are.
void MergeDisjointLayers(std::vector<LabelGrid>& layers);

/// What becomes of the network's scores, read from the card's postprocessing steps.
///
/// Scores are resampled linearly onto the source grid and only then turned into labels: the
/// boundary is where the interpolated scores cross, which is smoother and nearer to the truth than
/// labels resampled by nearest neighbour (see the test TransformsPipeline.ScoresGoBackLinearly).
class Postprocessing {
 public:
  /// Reads the steps in order; what is wrong goes to `problems` ("line: what").
  [[nodiscard]] static Postprocessing Read(const std::vector<config::StepSpec>& steps,
                                           std::vector<config::Problem>& problems);
  /// The names Read knows.
  [[nodiscard]] static const std::vector<std::string>& StepNames();

  /// `scores`: [K][spatial...] on the grid of `input` (or a coarser or finer grid of the same
  /// extent). Returns label values [slice][row][column] on the source grid; outside of what the
  /// network saw: 0. AsDiscreted with a threshold gives one layer per channel, as its masks may
  /// overlap: layer k holds label k + 1 (see MergeDisjointLayers). All else gives one layer.
  /// Errors: InvalidInput (more than 255 labels or a label above 255, wrong rank).
  /// `probabilities`: also gets those of the labels it wants (GivesProbabilities must hold), as
  /// they are on the source grid before labels are made of them; 0 where a component was too small
  /// to be kept. May be null.
  [[nodiscard]] Result<std::vector<LabelGrid>> Labels(
      Tensor scores, const ModelImage& input, const GridSize& source, int threads,
      ProbabilitySlices* probabilities = nullptr) const;

  /// True when the scores are probabilities before they become labels: the card says softmax or
  /// sigmoid, then argmax or a threshold.
  [[nodiscard]] bool GivesProbabilities() const;

  /// Class scores [K] as probabilities: softmax or sigmoid when the card says so.
  [[nodiscard]] std::vector<double> Probabilities(const Tensor& scores) const;

 private:
  enum class Activation { kNone, kSoftmax, kSigmoid };
  enum class Discretisation { kNone, kArgmax, kThreshold };
  struct Largest {
    std::vector<int> labels;  ///< empty: all
    bool independent = true;
    int connectivity = 3;
    int keep = 1;
  };

  void ReadStep(const config::StepSpec& step, class ArgumentReader& arguments);
  void Activate(Tensor& scores) const;
  void KeepLargest(std::vector<LabelGrid>& layers, const GridSize& size) const;

  Activation activation_ = Activation::kNone;
  Discretisation discretisation_ = Discretisation::kNone;
  double threshold_ = 0.5;
  std::vector<Largest> largest_;
};

}  // namespace axial
