#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/model_card.h"
#include "core/base/result.h"
#include "inference/engines/engine.h"
#include "inference/findings/findings.h"
#include "inference/transforms/pipeline.h"

namespace axial {

/// A model that is loaded and ready: card, steps, engine.
struct LoadedModel {
  config::ModelCard card;
  Pipeline pipeline;
  std::unique_ptr<Engine> engine;
  std::string digest;  ///< SHA-256 over the model card's file and the weights' SHA-256
  int threads = 1;
  double load_seconds = 0;
};

/// Reads `<folder>/model.yaml`, checks its steps, loads the weights, and runs the engine once on
/// zeros when the card fixes the input's shape.
/// Errors: InvalidInput (every problem of the card, one per line), and LoadEngine's.
[[nodiscard]] Result<LoadedModel> LoadModel(const std::string& folder,
                                            const EngineOptions& options);

/// stage: load | infer; fraction of the whole run, 0..1.
using ProgressCall = std::function<void(const std::string& stage, double fraction)>;

/// What a job wants of a run beyond masks.
struct RunOptions {
  /// Also the segments' probabilities (Findings::probabilities), when the card's steps make some:
  /// softmax or sigmoid.
  bool probabilities = false;
  /// More than this are dropped, and the log says so.
  std::size_t max_probability_bytes = std::size_t{1} << 30;
};

/// Runs the model on the files of one Series: load, preprocess, infer, back to the source grid,
/// measure. Errors: InvalidInput (the Series is not what the card asks for, or cannot be loaded,
/// with the reason), Unsupported, Exhausted, Corrupt. Not thread-safe (one engine).
[[nodiscard]] Result<Findings> RunModel(LoadedModel& model, const std::vector<std::string>& files,
                                        const ProgressCall& progress,
                                        const RunOptions& options = {});

}  // namespace axial
