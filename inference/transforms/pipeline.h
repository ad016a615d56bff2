#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "config/model_card.h"
#include "config/problem.h"
#include "core/base/result.h"
#include "inference/transforms/image_step.h"
#include "inference/transforms/inferer.h"
#include "inference/transforms/postprocessing.h"

namespace axial {

/// A model card's steps, checked and ready: made once per model, used for every job. Immutable.
struct Pipeline {
  std::vector<std::unique_ptr<ImageStep>> preprocessing;
  std::unique_ptr<Inferer> inferer;
  Postprocessing postprocessing;

  /// Applies the preprocessing in order. Errors: those of the steps.
  [[nodiscard]] Status Preprocess(ModelImage& image, const StepContext& context) const;
};

struct CompiledPipeline {
  std::optional<Pipeline> pipeline;
  std::vector<config::Problem> problems;  ///< file, line, what, remedy; empty iff pipeline is there
};

/// Turns the card's steps into transforms by their MONAI names. Every unknown name or argument and
/// every wrong value is a problem with its line in model.yaml. Thread-safe; touches no weights, so
/// it can also be used to check a card.
[[nodiscard]] CompiledPipeline CompilePipeline(const config::ModelCard& card);

}  // namespace axial
