#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/model_card.h"
#include "core/base/result.h"
#include "inference/volume/tensor.h"

namespace axial {

struct EngineOptions {
  int threads = 0;              ///< 0: all cores
  std::string device = "auto";  ///< cpu | cuda | auto (cuda when there is one)
};

/// A loaded model. Not thread-safe: one Run at a time.
class Engine {
 public:
  virtual ~Engine() = default;

  /// Runs one batch [N][C][spatial...]; every tensor the model gives, in order, on the CPU.
  /// Errors: InvalidInput (the model does not take that input), Exhausted (memory), Internal.
  [[nodiscard]] virtual Result<std::vector<Tensor>> Run(const Tensor& batch) = 0;

  /// "cpu", "cuda:0".
  [[nodiscard]] virtual std::string device() const = 0;
};

/// One kind of engine, as model.yaml names it.
struct EngineKind {
  const char* name;
  Result<std::unique_ptr<Engine>> (*load)(const config::ModelCard& card,
                                          const EngineOptions& options);
};

/// The explicit list. Adding a kind is one file plus one line there plus the contract test.
[[nodiscard]] const std::vector<EngineKind>& EngineKinds();

/// Loads the card's weights with the card's engine. When the card gives a SHA-256, the file must
/// have it. Errors: InvalidInput (unknown engine, the nearest known is named; broken weights),
/// NotFound (weights), Corrupt (SHA-256 differs), Exhausted (memory), Unsupported (device).
[[nodiscard]] Result<std::unique_ptr<Engine>> LoadEngine(const config::ModelCard& card,
                                                         const EngineOptions& options);

}  // namespace axial
